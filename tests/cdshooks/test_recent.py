"""The same record, knowledge, day and setting have one evaluation; it is kept briefly, and nothing else is taken for it."""

from __future__ import annotations

from typing import Any

from kneecds.cdshooks.recent import Recent


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Maker:
    def __init__(self) -> None:
        self.made: list[Any] = []

    def __call__(self) -> Any:
        self.made.append(object())
        return self.made[-1]


def test_the_same_is_made_once() -> None:
    recent, make = Recent(4, 60, Clock()), Maker()
    assert recent.evaluation(b"a", (1,), make) is recent.evaluation(b"a", (1,), make)
    assert len(make.made) == 1


def test_another_record_day_or_setting_is_another() -> None:
    recent, make = Recent(4, 60, Clock()), Maker()
    assert (
        len({id(recent.evaluation(body, key, make)) for body, key in ((b"a", (1,)), (b"b", (1,)), (b"a", (2,)))}) == 3
    )


def test_it_is_forgotten_in_time_however_often_it_is_used() -> None:
    clock, make = Clock(), Maker()
    recent = Recent(4, 60, clock)
    for second in (0, 30, 59):
        clock.seconds = second
        recent.evaluation(b"a", (), make)
    assert len(make.made) == 1
    clock.seconds = 60
    recent.forget()
    assert not recent._kept
    recent.evaluation(b"a", (), make)
    assert len(make.made) == 2


def test_only_the_newest_are_kept() -> None:
    recent, make = Recent(2, 60, Clock()), Maker()
    for body in (b"a", b"b", b"c"):
        recent.evaluation(body, (), make)
    assert len(recent._kept) == 2
    recent.evaluation(b"c", (), make)
    assert len(make.made) == 3
    recent.evaluation(b"a", (), make)
    assert len(make.made) == 4


def test_none_is_kept_if_none_is_wanted() -> None:
    recent, make = Recent(0, 60, Clock()), Maker()
    assert recent.evaluation(b"a", (), make) is not recent.evaluation(b"a", (), make)
