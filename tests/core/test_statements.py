"""Which of several statements counts: the newest that is not stale; of equals both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kneecds.core.facts import Fact, Origin
from kneecds.core.knowledge import Finding
from kneecds.core.statements import Record, moment, taken
from kneecds.core.vocabulary import Vocabulary

AS_OF = date(2026, 1, 31)


def finding(id_: str, kind: str = "boolean", *, scope: str = "knee", stale_after_days: int = 0) -> Finding:
    return Finding(
        id=id_, label=id_, definition=id_, category="symptom", value_type=kind, scope=scope, asked_of="patient",  # type: ignore[arg-type]
        choices=("gradual", "sudden") if kind == "choice" else (), stale_after_days=stale_after_days, aliases=(f"old_{id_}",),
    )  # fmt: skip


WORDS = Vocabulary(
    [
        finding("swelling", stale_after_days=30),
        finding("surgery"),
        finding("fever", scope="person"),
        finding("days", "quantity"),
        finding("onset", "choice"),
    ]
)
WORDS.node("days >= 14")
WORDS.node("onset == sudden")
WORDS.finish()


def said(value: object, time: str = "", *, of: str = "swelling", scope: str = "left") -> Fact:
    return Fact(of, scope, value, Origin(time=time))  # type: ignore[arg-type]


def read(*facts: Fact) -> Record:
    return taken(facts, WORDS, AS_OF)


def truths(record: Record, scope: str = "left") -> tuple[list[str], list[str]]:
    yes, no = record.direct.get(scope, (0, 0))
    return WORDS.names(yes), WORDS.names(no)


YES, NO, UNKNOWN, BOTH = (["swelling"], []), ([], ["swelling"]), ([], []), (["swelling"], ["swelling"])

ROWS = [
    pytest.param([said(True)], YES, "present", id="yes"),
    pytest.param([said(False)], NO, "absent", id="no"),
    pytest.param([said(None)], UNKNOWN, "unknown", id="asked, and not known"),
    pytest.param([said(None), said(True)], YES, "present", id="not known to one, known to another"),
    pytest.param([said(True), said(False)], BOTH, "contradicted", id="yes and no, undated"),
    pytest.param([said(True, "2026-01-30"), said(False, "2026-01-31")], NO, "absent", id="the newer day counts"),
    pytest.param([said(False, "2026-01-30"), said(True, "2026-01-31")], YES, "present", id="either way"),
    pytest.param([said(True, "2026-01-31"), said(False, "2026-01-31")], BOTH, "contradicted", id="one day, both"),
    pytest.param([said(True, "2026-01-31T08:00:00Z"), said(False, "2026-01-31T09:00:00Z")], NO, "absent", id="the newer hour counts"),
    pytest.param([said(True, "2026-01-31T08:00:00Z"), said(False, "2026-01-31T09:00:00+01:00")], BOTH, "contradicted", id="one instant in two zones"),
    pytest.param([said(True, "2026-01-31"), said(False, "2026-01-31T09:00:00Z")], BOTH, "contradicted", id="a day may be any hour of it"),
    pytest.param([said(True), said(False, "2026-01-31")], BOTH, "contradicted", id="what is undated may be of today"),
    pytest.param([said(True, "2026-01"), said(False, "2026-01-30")], YES, "present", id="a month may be its last day"),
    pytest.param([said(True, "2025"), said(False, "2026-01-30")], NO, "absent", id="last year is before"),
    pytest.param([said(True, "2026-01-01")], YES, "present", id="30 days old is current"),
    pytest.param([said(True, "2025-12-31")], UNKNOWN, "stale", id="31 days old is not"),
    pytest.param([said(False, "2025-12-31")], UNKNOWN, "stale", id="an old no is not a no"),
    pytest.param([said(True, "2025-06-01"), said(False, "2026-01-30")], NO, "absent", id="the stale one does not count"),
]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1], ids=["as said", "turned round"])
@pytest.mark.parametrize(("facts", "expected", "state"), ROWS)
def test_taken(facts: list[Fact], expected: tuple[list[str], list[str]], state: str, order: int) -> None:
    record = read(*facts[::order])
    assert truths(record) == expected
    assert [known.state for known in record.known] == [state]
    assert ("statements-contradict" in [issue.rule for issue in record.issues]) is (state == "contradicted")
    assert ("statement-stale" in [issue.rule for issue in record.issues]) is (state == "stale")


def test_what_has_no_window_is_never_stale() -> None:
    assert truths(read(said(True, "1950", of="surgery"))) == (["surgery"], [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Decimal(14), (["days >= 14"], [])), (Decimal("13.9"), ([], ["days >= 14"])), (20, (["days >= 14"], []))],
)
def test_amounts(value: object, expected: tuple[list[str], list[str]]) -> None:
    record = read(said(value, of="days"))
    assert truths(record) == expected
    assert record.amounts["left", "days"] == float(value)  # type: ignore[arg-type]


def test_two_amounts_leave_none() -> None:
    """What both agree on is known; the amount is not."""
    record = read(said(Decimal(10), of="days"), said(Decimal(20), of="days"))
    assert truths(record) == (["days >= 14"], ["days >= 14"])
    assert not record.amounts
    assert record.known[0].state == "contradicted"


def test_choices() -> None:
    assert truths(read(said("sudden", of="onset"))) == (["onset == sudden"], [])
    assert truths(read(said("gradual", of="onset"))) == ([], ["onset == sudden"])
    assert not read(said("gradual", of="onset"), said("sudden", of="onset")).choices


def test_sides_are_kept_apart() -> None:
    record = read(said(True, scope="left"), said(False, scope="right"))
    assert (truths(record, "left"), truths(record, "right")) == (YES, NO)
    assert not record.issues


def test_a_finding_of_the_person_is_of_no_side() -> None:
    assert truths(read(said(True, of="fever", scope="left")), "person") == (["fever"], [])


def test_a_finding_of_a_knee_is_of_an_unspecified_one() -> None:
    assert truths(read(said(True, scope="person")), "unspecified") == YES


def test_an_alias_is_the_finding() -> None:
    record = read(said(True, of="old_swelling"), said(False))
    assert truths(record) == BOTH


def test_what_is_no_finding_is_said() -> None:
    record = read(said(True, of="swellling"))
    assert [issue.rule for issue in record.issues] == ["finding-unknown"]
    assert not record.direct


@pytest.mark.parametrize("value", ["yes", Decimal(1), 1])
def test_a_value_of_a_wrong_kind_is_said(value: object) -> None:
    record = read(said(value))
    assert truths(record) == UNKNOWN
    assert [issue.rule for issue in record.issues] == ["value-kind"]


@pytest.mark.parametrize(
    ("time", "day", "instant"),
    [
        ("2026-01-15", date(2026, 1, 15), None),
        ("2024-02", date(2024, 2, 29), None),
        ("2026-01", date(2026, 1, 31), None),
        ("2026", AS_OF, None),
        ("2025", date(2025, 12, 31), None),
        ("2026-01-15T10:30:00Z", date(2026, 1, 15), datetime(2026, 1, 15, 10, 30, tzinfo=UTC)),
        ("2026-01-15T10:30:00.250+02:00", date(2026, 1, 15), datetime(2026, 1, 15, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-01-15T23:59:60Z", date(2026, 1, 15), datetime(2026, 1, 15, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_moment(time: str, day: date, instant: datetime | None) -> None:
    assert moment(time, AS_OF) == (day, instant)
