"""From what was stated, by many and at different times, to what is taken as known of each side.

The newest statement wins; what is older than its finding's window is not current any more, and unknown.
Statements of the same time that contradict each other both stand: the dangerous reading counts for red flags,
neither counts for ruling out.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from kneecds.core.assessment import FindingState, KnownFinding
from kneecds.errors import Issue, information, warning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.facts import Fact, Origin, Scope
    from kneecds.core.knowledge import Finding
    from kneecds.core.vocabulary import Vocabulary

PERSON: Literal["person"] = "person"


class Direct(NamedTuple):
    """What was stated of one scope: facts affirmed and facts denied. A fact in both is contradicted."""

    yes: int
    no: int


class Record:
    """What is known of one patient, by scope, and how it came about."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.direct: dict[Scope, Direct] = {}
        self.known: list[KnownFinding] = []
        self.amounts: dict[tuple[Scope, str], float] = {}
        self.choices: dict[tuple[Scope, str], str] = {}
        self.issues: list[Issue] = []


def taken(facts: Iterable[Fact], vocabulary: Vocabulary, as_of: date) -> Record:
    """Return what the facts say at a date; facts about unknown findings are reported, never dropped in silence."""
    record = Record()
    grouped: dict[tuple[Scope, str], list[Fact]] = {}
    findings = vocabulary.findings
    for fact in facts:
        name = fact.finding
        if name not in findings:
            name = vocabulary.aliases.get(name, "")
            if not name:
                record.issues.append(
                    warning(
                        "not-found", "finding-unknown", fact.origin.expression,
                        f"'{fact.finding}' is not a finding of this knowledge version; it was not used",
                    ),
                )  # fmt: skip
                continue
        key = (fact.scope, name)
        held = grouped.get(key)
        if held is None:
            grouped[key] = [fact]
        else:
            held.append(fact)
    masks: dict[Scope, list[int]] = {}
    ages = _Ages(as_of)
    for (scope, name), stated in grouped.items():
        finding = findings[name]
        if (finding.scope == PERSON) is not (scope == PERSON):
            scope = PERSON if finding.scope == PERSON else "unspecified"  # noqa: PLW2901 - the finding knows better
        yes, no = _plainly(scope, finding, stated, vocabulary, ages, record) or _settle(
            scope, finding, stated, vocabulary, as_of, record
        )
        held_masks = masks.get(scope)
        if held_masks is None:
            masks[scope] = [yes, no]
        else:
            held_masks[0] |= yes
            held_masks[1] |= no
    record.direct = {scope: Direct(yes, no) for scope, (yes, no) in masks.items()}
    return record


class _Ages(dict[str, int]):
    """How many days ago a stated time was, worked out once for each time."""

    def __init__(self, as_of: date) -> None:
        super().__init__()
        self._as_of = as_of

    def __missing__(self, time: str) -> int:
        days = self[time] = (self._as_of - moment(time, self._as_of)[0]).days
        return days


def _plainly(
    scope: Scope,
    finding: Finding,
    stated: list[Fact],
    vocabulary: Vocabulary,
    ages: _Ages,
    record: Record,
) -> tuple[int, int] | None:
    """Take the one yes or no of the day that most findings have; None if there is more to think about."""
    fact = stated[0]
    value, origin = fact.value, fact.origin
    if len(stated) > 1 or (value is not True and value is not False) or finding.value_type != "boolean":
        return None
    if finding.stale_after_days and origin.time and ages[origin.time] > finding.stale_after_days:
        return None
    state: FindingState = "present" if value else "absent"
    record.known.append(KnownFinding(finding.id, finding.label, scope, state, "", "", (origin,)))
    mask = 1 << vocabulary.bit_of[finding.id]
    return (mask, 0) if value else (0, mask)


def _settle(
    scope: Scope,
    finding: Finding,
    stated: list[Fact],
    vocabulary: Vocabulary,
    as_of: date,
    record: Record,
) -> tuple[int, int]:
    """Take the newest statements of one finding; return which facts they affirm and deny."""
    newest = stated
    if len(stated) > 1 or (finding.stale_after_days and stated[0].origin.time):
        newest = _newest(finding, stated, as_of, record)
    if len(newest) == 1:
        origins: tuple[Origin, ...] = (newest[0].origin,)
        value = newest[0].value
        values = [] if value is None else [value]
    else:
        origins = tuple(fact.origin for fact in newest)
        values = [fact.value for fact in newest if fact.value is not None]
    if not values:
        state: FindingState = "unknown" if newest else "stale"
        record.known.append(
            KnownFinding(finding.id, finding.label, scope, state, origins=origins or (stated[-1].origin,)),
        )
        return 0, 0
    yes, no = _masks(scope, finding, values[0], vocabulary, record)
    contradicted = False
    for value in values[1:]:
        affirmed, denied = _masks(scope, finding, value, vocabulary, record)
        yes |= affirmed
        no |= denied
        contradicted = contradicted or value != values[0]
    if contradicted:
        _contradicted(scope, finding, origins, record)
    boolean = finding.value_type == "boolean"
    state = "contradicted" if contradicted else "value" if not boolean else "present" if values[0] is True else "absent"
    shown = "" if boolean else " / ".join(dict.fromkeys(map(str, values)))
    record.known.append(KnownFinding(finding.id, finding.label, scope, state, shown, finding.unit, origins))
    return yes, no


def _contradicted(scope: Scope, finding: Finding, origins: tuple[Origin, ...], record: Record) -> None:
    expression = "; ".join(origin.expression for origin in origins if origin.expression)
    record.issues.append(
        warning(
            "conflict", "statements-contradict", expression,
            f"{finding.label} ({scope}): statements of the same time contradict each other; the more urgent "
            "reading is used for red flags, neither for ruling out",
        ),
    )  # fmt: skip
    record.amounts.pop((scope, finding.id), None)
    record.choices.pop((scope, finding.id), None)


def _masks(
    scope: Scope,
    finding: Finding,
    value: bool | Decimal | str,
    vocabulary: Vocabulary,
    record: Record,
) -> tuple[int, int]:
    if finding.value_type == "boolean":
        if value is True:
            return 1 << vocabulary.bit_of[finding.id], 0
        if value is False:
            return 0, 1 << vocabulary.bit_of[finding.id]
    elif finding.value_type == "quantity":
        if isinstance(value, Decimal) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            number = float(value)
            record.amounts[scope, finding.id] = number
            return vocabulary.amount_masks(finding.id, number)
    elif isinstance(value, str) and value in finding.choices:
        record.choices[scope, finding.id] = value
        return vocabulary.choice_masks(finding.id, value)
    record.issues.append(
        warning("value", "value-kind", "", f"{finding.label}: a {finding.value_type} cannot be {value!r}; not used"),
    )
    return 0, 0


def _newest(finding: Finding, stated: list[Fact], as_of: date, record: Record) -> list[Fact]:
    """Return the newest current statements; undated ones belong to every time."""
    if len(stated) == 1:
        day = moment(stated[0].origin.time, as_of)[0]
        if (as_of - day).days <= finding.stale_after_days:
            return stated
    placed: list[tuple[Fact, date | None, datetime | None]] = [
        (fact, *moment(fact.origin.time, as_of)) if fact.origin.time else (fact, None, None) for fact in stated
    ]
    if finding.stale_after_days:
        current = [one for one in placed if one[1] is None or (as_of - one[1]).days <= finding.stale_after_days]
        if not current:
            record.issues.append(
                information(
                    "informational", "statement-stale", stated[-1].origin.expression,
                    f"{finding.label}: stated more than {finding.stale_after_days} days before {as_of.isoformat()}; "
                    "taken as unknown now",
                ),
            )  # fmt: skip
        placed = current
    last_day = max((day for _, day, _ in placed if day is not None), default=None)
    last = max((instant for _, day, instant in placed if day == last_day and instant is not None), default=None)
    return [
        fact
        for fact, day, instant in placed
        if day is None or (day == last_day and (instant is None or instant == last))
    ]  # fmt: skip


@lru_cache(maxsize=1024)
def moment(time: str, as_of: date) -> tuple[date, datetime | None]:
    """Return the day of a FHIR dateTime, and the instant if it has one; a part of a date means its last day."""
    day = time[:10]
    if len(day) == 10:  # noqa: PLR2004 - YYYY-MM-DD
        parsed = date.fromisoformat(day)
        if len(time) > 10:  # noqa: PLR2004
            instant = datetime.fromisoformat(
                time.replace(":60", ":59", 1) if ":60" in time[16:19] else time
            )  # leap second
            return parsed, instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return parsed, None
    year = int(day[:4])
    month = int(day[5:7]) if len(day) == 7 else 12  # noqa: PLR2004
    date(year, month, 1)  # ValueError for a month that is none
    return min(date(year, month, monthrange(year, month)[1]), as_of), None
