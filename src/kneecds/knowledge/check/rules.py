"""Red flags, instruments, factors and advice: criteria, ids, and the seed articles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kneecds.core.criteria import Points, parse
from kneecds.knowledge.check import criteria, graphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.knowledge import Appropriateness, Instrument, RedFlag
    from kneecds.knowledge.check.places import Place, Placed

SEED_ARTICLES = ("000", "001", "002", "003", "004")


def problems(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with rules and advice."""
    conditions, findings = placed.condition_ids, placed.finding_by_id
    parents = {condition.id: {condition.parent} for _, condition in placed.conditions}
    for place, flag in placed.red_flags:
        yield from _named_by_file(place, flag.id, "red_flags")
        yield from (place.at("when", problem) for problem in criteria.problems(flag.when, findings))
        yield from _unknown(place, "raises", flag.raises, conditions)
        yield from _shares(place, flag, parents)
    for place, instrument in placed.instruments:
        yield from _named_by_file(place, instrument.id, "instruments")
        yield from _unknown(place, "concerns", instrument.concerns, conditions)
        for where, text in _texts(instrument):
            yield from (place.at(where, problem) for problem in criteria.problems(text, findings))
        yield from _score(place, instrument, placed)
    yield from _statements(placed)
    for place, factor in placed.factors:
        yield from _unknown(place, "linked_conditions", factor.linked_conditions, conditions)
        if factor.present_when:
            yield from (
                place.at("present_when", problem) for problem in criteria.problems(factor.present_when, findings)
            )
    either = conditions | placed.boolean_ids
    for place, action in placed.actions:
        for field in ("indicated_for", "contraindicated_for"):
            yield from _unknown(place, field, getattr(action, field), either, "condition or yes-or-no finding")
        for both in sorted({*action.indicated_for} & {*action.contraindicated_for}):
            yield place.at("contraindicated_for", f"{both} is also in indicated_for")
    yield from _screens(placed)
    yield from _repeated(placed)
    yield from _seeds(placed)


def _named_by_file(place: Place, identity: str, folder: str) -> Iterator[str]:
    if place.file != f"{folder}/{identity}.yaml":
        yield place.at("id", f"{identity} does not name the file")


def _unknown(place: Place, field: str, ids: Iterable[str], known: set[str], kind: str = "condition") -> Iterator[str]:
    for one in ids:
        if one not in known:
            yield place.at(field, f"unknown {kind} {one!r}")


def _shares(place: Place, flag: RedFlag, parents: dict[str, set[str]]) -> Iterator[str]:
    seen: set[str] = set()
    for number, share in enumerate(flag.shares):
        if not {share.condition, *graphs.reach(share.condition, parents)} & {*flag.raises}:
            yield place.at(f"shares[{number}]", f"the rule raises neither {share.condition} nor a class of it")
        if share.condition in seen:
            yield place.at(f"shares[{number}]", f"{share.condition} has a share already")
        seen.add(share.condition)


def _statements(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with what is said of orders."""
    instruments = {instrument.id for _, instrument in placed.instruments}
    flags = {flag.id for _, flag in placed.red_flags}
    for place, statement in placed.appropriateness:
        yield from _named_by_file(place, statement.id, "appropriateness")
        yield from _unknown(place, "red_flags", statement.red_flags, flags, "rule")
        if statement.instrument:
            yield from _unknown(place, "instrument", (statement.instrument,), instruments, "instrument")
        for where, text in _texts(statement):
            yield from (place.at(where, problem) for problem in criteria.problems(text, placed.finding_by_id))
        if statement.alternative in statement.orders:
            yield place.at("alternative", f"{statement.alternative} is what it speaks of")


def _texts(instrument: Instrument | Appropriateness) -> Iterator[tuple[str, str]]:
    if instrument.when:
        yield "when", instrument.when
    if instrument.applies:
        yield "applies", instrument.applies
    for number, line in enumerate(instrument.criteria):
        if line.when:
            yield f"criteria[{number}].when", line.when
    for number, band in enumerate(getattr(instrument, "bands", ())):
        yield f"bands[{number}].when", band.when


def _score(place: Place, instrument: Instrument, placed: Placed) -> Iterator[str]:
    lines = [(line.points, line.when) for line in instrument.criteria if line.points is not None and line.when]
    if not instrument.score:
        if lines:
            yield place.at("score", "is missing, but lines have points")
        return
    found = list(criteria.problems(instrument.score, placed.finding_by_id, "quantity"))
    yield from (place.at("score", problem) for problem in found)
    if found or any(criteria.parsed(when) is None for _, when in lines):
        return
    tree = parse(instrument.score)
    if not isinstance(tree, Points) or sorted(map(repr, tree.parts)) != sorted(
        repr((float(points), parse(when))) for points, when in lines
    ):
        yield place.at("score", "is not the sum of the lines that have points")


def _screens(placed: Placed) -> Iterator[str]:
    listing = {action.id for _, action in placed.actions if action.contraindicated_for}
    for place, action in placed.actions:
        for field in ("screened_by", "reviewed_by"):
            other = getattr(action, field)
            if other and (other not in listing or other == action.id):
                yield place.at(field, f"no other piece of advice {other!r} lists contraindications")


def _repeated(placed: Placed) -> Iterator[str]:
    for records in (placed.factors, placed.actions, placed.sources):
        times = Counter(record.id for _, record in records)
        for place, record in records:
            if times[record.id] > 1:
                yield place.at("id", f"{record.id} is used {times[record.id]} times")


def _seeds(placed: Placed) -> Iterator[str]:
    cited = {seed for _, record in placed.all() for seed in getattr(record, "seeds", ())}
    for seed in SEED_ARTICLES:
        if seed not in cited:
            yield f"knowledge: seeds: nothing is taken from seed article {seed}"
