"""The same record, knowledge, day and setting have one evaluation; it is kept briefly, and nothing else is taken for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from cdshooks.calls import AS_OF, PLAIN, body_of, resources_of, service_of

from kneecds.cdshooks import prefetch, wire
from kneecds.cdshooks.advise import advise
from kneecds.cdshooks.recent import Recent
from kneecds.cdshooks.record import record
from kneecds.knowledge import shipped


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


def test_what_is_remembered_is_of_the_same_day_and_setting() -> None:
    """An answer for another day or setting is that of a service that remembers nothing."""
    service, resources = service_of("assessment"), resources_of("runner_pfps")
    request = wire.read_request(msgspec.json.encode(body_of(service, resources)), service.id)
    known = record(prefetch.supplies(service, request), request)
    recent = Recent(64, 60, Clock())

    def answer(as_of: date, setting: Any, memory: Recent | None) -> Any:
        given = advise(
            service,
            request,
            known,
            knowledge=shipped(),
            as_of=as_of,
            setting=setting,
            presentation=PLAIN,
            recent=memory,
        )
        assert given.evaluation is not None
        return given.evaluation.assessment

    asked_for = [(AS_OF, "primary_care"), (AS_OF, "emergency"), (date(2026, 9, 1), "primary_care")]
    alone = [answer(*one, None) for one in asked_for]
    assert [answer(*one, recent) for one in asked_for * 2] == alone * 2
    assert len({(one.as_of, one.setting) for one in alone}) == 3
