"""Published decision rules and classifications, applied as published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.core.asking import answer, nearest
from kneecds.core.assessment import Answer, InstrumentResult
from kneecds.core.masks import NO, UNKNOWN, YES, evaluate, sum_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.facts import Scope
    from kneecds.core.model import Compiled, Model
    from kneecds.core.vocabulary import State

WORDS = {NO: "not met", UNKNOWN: "unknown", YES: "met"}


def applied(model: Model, instruments: Iterable[Compiled], state: State, scope: Scope) -> tuple[InstrumentResult, ...]:
    """Apply every instrument whose question arises, or could arise, here."""
    yes, no = state.yes & ~state.conflicts, state.no & ~state.conflicts
    known = (yes | no) & ~model.general_mask
    return tuple(_kept(model, one, yes, no, scope) for one in instruments if one.support & known)


def _kept(model: Model, one: Compiled, yes: int, no: int, scope: Scope) -> InstrumentResult:
    """Return the result, which depends on what the instrument watches alone, from before or made now."""
    key = (yes & one.watched, no & one.watched, scope)
    result = one.seen.get(key)
    if result is None:
        result = one.seen[key] = _applied(model, one, yes, no, scope)
    return result


def _applied(model: Model, one: Compiled, yes: int, no: int, scope: Scope) -> InstrumentResult:
    instrument = one.instrument
    applies = evaluate(one.applies, yes, no) if one.applies is not None else YES
    if applies == NO:
        return InstrumentResult(
            instrument.id, instrument.title, scope, "not_applicable", sources=instrument.source,
        )  # fmt: skip
    truth = evaluate(one.node, yes, no)
    decided_by: tuple[Answer, ...] = ()
    if truth == UNKNOWN:
        name = instrument.id
        wanted = dict.fromkeys(nearest(model, one.node, model.ways_to(name, one.node), yes, no) or ())
        against = model.ways_to(f"not {name}", one.against)
        wanted |= dict.fromkeys(nearest(model, one.against, against, yes, no) or ())
        asked = {answer(model, want).finding: want for want in wanted}
        decided_by = tuple(answer(model, want) for want in asked.values())
    low = high = None
    if one.score is not None:
        low, high = sum_range(one.score, yes, no)
    return InstrumentResult(
        instrument.id,
        instrument.title,
        scope,
        "met" if truth == YES else "not_met" if truth == NO else "undecided",
        instrument.met if truth == YES else instrument.not_met if truth == NO else "",
        low,
        high,
        "; ".join(f"{label}: {text}" for label, text, node in one.bands if evaluate(node, yes, no) == YES),
        tuple((text, "unknown" if node is None else WORDS[evaluate(node, yes, no)]) for text, node in one.criteria),
        decided_by,
        instrument.source,
    )
