"""How an order is rated: what became of each statement, and what they say together."""

from __future__ import annotations

from typing import Literal, TypeAlias

from kneecds.core.assessment import Answer, Part
from kneecds.core.facts import Side
from kneecds.core.knowledge import OrderKind

OrderSide: TypeAlias = Literal["left", "right", "both", "unspecified"]
Verdict = Literal["appropriate", "not_appropriate", "no_criteria_apply"]


class StatementResult(Part, frozen=True):
    """What became of one statement for one knee."""

    statement: str
    title: str
    verdict: Literal["appropriate", "not_appropriate"]
    status: Literal["met", "not_met", "undecided", "not_applicable"]
    side: Side
    means: str = ""
    met: tuple[str, ...] = ()  # criteria, and red flags by title
    not_met: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    decided_by: tuple[Answer, ...] = ()  # undecided: the unanswered findings that would decide
    waits: bool = False  # an urgent rule is met, and this does not count until that is settled
    alternative: OrderKind | None = None
    strength: str = ""
    sources: tuple[str, ...] = ()


class Rating(Part, frozen=True):
    """What can be said of one order."""

    order: OrderKind
    side: OrderSide  # the knee it was rated for; `unspecified` if none could be named
    rating: Verdict | None  # None: not to be said yet
    reason: str = ""  # why nothing can be said, or what else must be said with the rating
    statements: tuple[StatementResult, ...] = ()
    decided_by: tuple[Answer, ...] = ()
    sources: tuple[str, ...] = ()  # of the statements that the rating rests on

    def resting_on(self) -> tuple[StatementResult, ...]:
        """Return the statements that the rating rests on."""
        return tuple(
            one for one in self.statements if one.status == "met" and one.verdict == self.rating and not one.waits
        )


def combined(kind: OrderKind, side: Side, results: tuple[StatementResult, ...]) -> Rating:
    """Weigh the statements: what makes an order appropriate outweighs the rest, and what could do so forbids the rest."""
    met = [one for one in results if one.status == "met" and not one.waits]
    waiting = [one for one in results if one.waits and one.verdict == "appropriate"]
    undecided = sorted(
        (one for one in results if one.status == "undecided"), key=lambda one: one.verdict != "appropriate"
    )
    favours = [one for one in met if one.verdict == "appropriate"]
    opposes = [one for one in met if one.verdict == "not_appropriate"]
    verdict: Verdict | None
    reason = ""
    if favours:
        verdict, on = "appropriate", favours
        if opposes:
            reason = f"It outweighs what speaks against it: {'; '.join(one.title for one in opposes)}"
    elif undecided or waiting:
        verdict, on = None, []
        reason = "Not everything that decides it is known" if undecided else "Something urgent must be settled first"
    elif opposes:
        verdict, on = "not_appropriate", opposes
    else:
        verdict, on = "no_criteria_apply", []
    answers: dict[str, Answer] = {}
    for result in undecided:
        for one_answer in result.decided_by:
            answers.setdefault(one_answer.finding, one_answer)
    return Rating(
        kind, side, verdict, reason, results, tuple(answers.values()),
        tuple(dict.fromkeys(source for one in on for source in one.sources)),
    )  # fmt: skip


def together(left: Rating, right: Rating) -> Rating:
    """Return one rating for an order on both knees: what holds for each, or nothing."""
    agreed = left.rating if left.rating == right.rating else None
    reason = "; ".join(f"{one.side} knee: {one.reason}" for one in (left, right) if one.reason)
    if agreed is None and left.rating != right.rating:
        words = "; ".join(
            f"{one.side} knee: {(one.rating or 'undetermined').replace('_', ' ')}" for one in (left, right)
        )
        reason = f"The two knees differ ({words}){f'; {reason}' if reason else ''}"
    decided = {one.finding: one for one in (*left.decided_by, *right.decided_by)}
    return Rating(
        left.order, "both", agreed, reason, (*left.statements, *right.statements), tuple(decided.values()),
        tuple(dict.fromkeys((*left.sources, *right.sources))) if agreed else (),
    )  # fmt: skip
