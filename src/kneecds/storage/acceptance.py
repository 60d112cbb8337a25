"""What became of the cards that were shown in a period, by what they rest on and by knowledge version.

A card counts once, however often it was shown. It is accepted if anyone accepted it, overridden if somebody overrode it
and nobody accepted it; else nobody said anything, which is neither. Feedback that came after the period counts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import and_, case, func, select

from kneecds.storage.tables import CARD_RULES, CARDS, EVALUATIONS, FEEDBACK, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select, Subquery

Rows: TypeAlias = "Select[*tuple[Any, ...]]"


class Counted(NamedTuple):
    """Cards of one kind and what became of them."""

    rule: str  # a rule, statement or condition; empty for cards that rest on none
    role: str
    knowledge_version: str
    knowledge_hash: str
    shown: int  # different cards
    times: int  # how often they were shown
    accepted: int
    overridden: int


class Overridden(NamedTuple):
    """How often a reason was given; without a code, none was."""

    rule: str
    role: str
    knowledge_version: str
    knowledge_hash: str
    system: str
    code: str
    display: str
    entries: int


class Acceptance(NamedTuple):
    """Everything that a report is made from."""

    total: Counted  # all cards, each once; without rule, role and version
    rules: tuple[Counted, ...]  # a card that rests on several rules counts for each
    reasons: tuple[Overridden, ...]  # the same, by entry of feedback
    all_reasons: tuple[Overridden, ...]  # each entry once
    unknown: int  # entries of feedback received in the period about cards that are not on record


def acceptance(connection: Connection, since: datetime | None, until: datetime | None) -> Acceptance:
    """Count the cards that were shown from `since` to before `until`."""
    shown = _shown(since, until)
    rule = func.coalesce(CARD_RULES.c.rule, "").label("rule")
    group = (rule, CARDS.c.role, CARDS.c.knowledge_version, CARDS.c.knowledge_hash)
    total = connection.execute(_counts(shown)).one()
    rules = connection.execute(_counts(shown, *group)).all()
    reasons = connection.execute(_reasons(shown, *group)).all()
    overall = connection.execute(_reasons(shown)).all()
    lost = (
        select(func.count())
        .select_from(FEEDBACK)
        .where(*_between(FEEDBACK.c.received, since, until), FEEDBACK.c.card.not_in(select(CARDS.c.id)))
    )
    return Acceptance(
        total=Counted("", "", "", "", *total),
        rules=tuple(sorted(Counted(*row) for row in rules)),
        reasons=_most_first(Overridden(*row) for row in reasons),
        all_reasons=_most_first(Overridden("", "", "", "", *row) for row in overall),
        unknown=connection.execute(lost).scalar_one(),
    )


def _between(moment: ColumnElement[datetime], since: datetime | None, until: datetime | None) -> list[Any]:
    return [*([moment >= since] if since else []), *([moment < until] if until else [])]


def _shown(since: datetime | None, until: datetime | None) -> Subquery:
    """Return the different cards of a period."""
    return (
        select(SHOWN.c.card, func.count().label("times"))
        .join(EVALUATIONS, EVALUATIONS.c.id == SHOWN.c.evaluation)
        .where(*_between(EVALUATIONS.c.at, since, until))
        .group_by(SHOWN.c.card)
        .subquery("shown")
    )


def _counts(shown: Subquery, *group: ColumnElement[str]) -> Rows:
    taken = func.max(case((FEEDBACK.c.outcome == "accepted", 1), else_=0)).label("taken")
    answered = select(FEEDBACK.c.card, taken).group_by(FEEDBACK.c.card).subquery("answered")
    cards = shown.join(CARDS, CARDS.c.id == shown.c.card).outerjoin(answered, answered.c.card == shown.c.card)
    if group:
        cards = cards.outerjoin(CARD_RULES, CARD_RULES.c.card == shown.c.card)
    return (
        select(
            *group,
            func.count(),
            func.coalesce(func.sum(shown.c.times), 0),
            func.coalesce(func.sum(case((answered.c.taken == 1, 1), else_=0)), 0),
            func.coalesce(func.sum(case((answered.c.taken == 0, 1), else_=0)), 0),
        )
        .select_from(cards)
        .group_by(*group)
    )


def _reasons(shown: Subquery, *group: ColumnElement[str]) -> Rows:
    said = and_(FEEDBACK.c.card == shown.c.card, FEEDBACK.c.outcome == "overridden")
    cards = shown.join(CARDS, CARDS.c.id == shown.c.card).join(FEEDBACK, said)
    if group:
        cards = cards.outerjoin(CARD_RULES, CARD_RULES.c.card == shown.c.card)
    reason = (FEEDBACK.c.reason_system, FEEDBACK.c.reason_code)
    return (
        select(*group, *reason, func.max(FEEDBACK.c.reason_display), func.count())
        .select_from(cards)
        .group_by(*group, *reason)
    )


def _most_first(rows: Iterable[Overridden]) -> tuple[Overridden, ...]:
    return tuple(sorted(rows, key=lambda row: (row[:4], -row.entries, row)))
