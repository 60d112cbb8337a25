"""One patient's findings in, one answer out: same findings, knowledge and date, same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kneecds.core.asking import answer, escalation_questions, hypothesis_questions, tier_of
from kneecds.core.assessment import (
    SCHEMA_VERSION,
    Assessment,
    Counterfactual,
    Knee,
    Question,
    RuleResult,
    Software,
)
from kneecds.core.differential import Entry, candidates, probable_rank, ranked_list
from kneecds.core.escalation import met_result, outcome, ways
from kneecds.core.explaining import hypothesis, impossible, named_hypothesis, not_excluded
from kneecds.core.facts import SIDES, Subject
from kneecds.core.instruments import applied
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.lowering import lowering
from kneecds.core.masks import bits
from kneecds.core.model import age_band
from kneecds.core.options import Advice, factors_present, gather
from kneecds.core.statements import PERSON, Direct, taken
from kneecds.errors import warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from kneecds.core.asking import Escalating
    from kneecds.core.assessment import Hypothesis, Status
    from kneecds.core.differential import Candidate
    from kneecds.core.escalation import Outcome
    from kneecds.core.facts import Fact, Scope, Side
    from kneecds.core.knowledge import Setting
    from kneecds.core.model import Model, Rule, Start
    from kneecds.core.statements import Record
    from kneecds.core.vocabulary import State
    from kneecds.errors import Issue

ROUTINE = TIER_RANK["routine"]
SELF_CARE = TIER_RANK["self_care"]
NOTHING = Direct(0, 0)
MOST_QUESTIONS = 5

A = TypeVar("A", bound=Assessment)


class Worked(NamedTuple):
    """Everything worked out for one side."""

    side: Side
    direct: Direct  # what was stated of this side and of the person
    starts: Sequence[Start | None]
    state: State
    feared: int  # what is present in any reading of what was stated
    outcome: Outcome
    found: dict[int, Candidate]
    entries: list[Entry]
    rank: int | None
    raised_by_probability: str


def assess(
    facts: Iterable[Fact],
    *,
    model: Model,
    software: Software,
    as_of: date,
    setting: Setting = "primary_care",
    subject: Subject = Subject(),  # noqa: B008 - frozen
    issues: tuple[Issue, ...] = (),
    unusable: bool = False,
    make: type[A] = Assessment,  # type: ignore[assignment] # a host's own kind of assessment
) -> A:
    """Work out the answer. `unusable`: some of the input could not be read, so silence is not "no"."""
    record = taken(facts, model.vocabulary, as_of)
    sides, states = _sides(model, record)
    starts = _starts(model, record, setting)
    person_outcome = _person(model, states[sides[0]])
    person_met = [rule for rule, _ in person_outcome.met]
    record.issues += _conflicts(model, states)
    worked = [_side(model, side, _stated(record, side), states[side], starts, person_met) for side in sides]
    ranks = [one.rank for one in worked if one.rank is not None] + [rule.rank for rule in person_met]
    rank = max(ranks) if ranks else None
    return _answer(
        model, software, as_of, setting, subject, record, worked, person_outcome, rank, issues, make, unusable=unusable,
    )  # fmt: skip


def _states(model: Model, record: Record, sides: Sequence[Side]) -> dict[Side, tuple[State, ...]]:
    """Return for each side the readings of what was stated: one, or two if statements contradict each other.

    Person findings that follow from a knee finding (an operation on the knee is an operation) hold for every side.
    """
    vocabulary = model.vocabulary
    person = record.direct.get(PERSON, NOTHING)
    shared = 0
    if len(sides) > 1:
        for side in sides:
            own = record.direct.get(side, NOTHING)
            shared |= vocabulary.close(own.yes & ~own.no, 0).yes & vocabulary.person_mask
    states: dict[Side, tuple[State, ...]] = {}
    for side in sides:
        own = record.direct.get(side, NOTHING)
        yes, no = own.yes | person.yes, own.no | person.no
        contradicted = yes & no
        yes |= shared
        if not contradicted:
            states[side] = (vocabulary.close(yes, no),)
            continue
        plain = vocabulary.close(yes & ~contradicted, no & ~contradicted)
        states[side] = (
            vocabulary.close(yes, no & ~contradicted),
            vocabulary.close(yes & ~contradicted, no),
            plain._replace(conflicts=plain.conflicts | contradicted),
        )
    return states


def _side(
    model: Model,
    side: Side,
    direct: Direct,
    readings: tuple[State, ...],
    starts: Sequence[Start | None],
    person_met: list[Rule],
) -> Worked:
    plain = readings[-1]
    decided = outcome(model.knee_rules, readings, plain)
    met = [rule for rule, _ in decided.met]
    raising = met + person_met
    found: dict[int, Candidate] = {}
    entries: list[Entry] = []
    complaint = bool(plain.yes & model.complaint_mask) or any(rule.flag.raises for rule in raising)
    if complaint and (plain.yes & model.telling_mask or raising):
        found = candidates(model, plain, starts, raising)
        entries = ranked_list(model, found)
    rank, because = _rank(model, met, person_met, entries, complaint=complaint)
    feared = 0
    for state in readings:
        feared |= state.yes
    return Worked(side, direct, starts, plain, feared, decided, found, entries, rank, because)


def _rank(
    model: Model,
    met: Sequence[Rule],
    person_met: Sequence[Rule],
    entries: Sequence[Entry],
    *,
    complaint: bool,
) -> tuple[int | None, str]:
    """Return the escalation of one side: the highest met rule; a probability may raise it; None if nothing is known."""
    ranks = [rule.rank for rule in (*met, *person_met)]
    if ranks:
        rank = max(ranks)
    elif complaint:
        rank = ROUTINE
    else:
        return None, ""
    because = ""
    for entry in entries:
        own = probable_rank(model, entry)
        if own > rank:
            rank, because = own, entry.best.condition
    return rank, because


def _answer(
    model: Model,
    software: Software,
    as_of: date,
    setting: Setting,
    subject: Subject,
    record: Record,
    worked: Sequence[Worked],
    person_outcome: Outcome,
    rank: int | None,
    issues: tuple[Issue, ...],
    make: type[A],
    *,
    unusable: bool,
) -> A:
    person_met = [rule for rule, _ in person_outcome.met]
    first = worked[0].state
    floor = rank if rank is not None else -1
    waiting = ways(
        model, (rule for rule in person_outcome.undecided if rule.rank > floor), first, PERSON, worked[0].found,
    )  # fmt: skip
    person_rules = tuple(
        met_result(model, rule, first, PERSON, unless=unless) for rule, unless in _by_rank(person_outcome.met)
    )
    person_undecided = _undecided(model, person_outcome.undecided, waiting, first, PERSON)
    knees: list[Knee] = []
    advice = Advice()
    questions: list[Question] = []
    for one in worked:
        own_waiting = ways(
            model, (rule for rule in one.outcome.undecided if rule.rank > floor), one.state, one.side, one.found,
        )  # fmt: skip
        waiting += own_waiting
        knees.append(_knee(model, one, person_met, own_waiting))
        met = [*(rule for rule, _ in one.outcome.met), *person_met]
        state = one.state._replace(yes=one.feared)
        gather(model, advice, state, one.side, one.entries, met, one.rank if one.rank is not None else ROUTINE)
        questions += hypothesis_questions(model, one.entries, one.state, one.side, MOST_QUESTIONS)
    asked = escalation_questions(model, waiting, max(floor, SELF_CARE), MOST_QUESTIONS)
    seen = {(question.finding, question.scope) for question in asked}
    for question in questions:
        if (question.finding, question.scope) not in seen:
            seen.add((question.finding, question.scope))
            asked.append(question)
    unsettled = any(rule.rank > floor for one in worked for rule in one.outcome.undecided) or any(
        rule.rank > floor for rule in person_outcome.undecided
    )
    return make(
        SCHEMA_VERSION,
        software,
        as_of.isoformat(),
        setting,
        _status(rank, unusable=unusable, unsettled=unsettled or _open(model, worked, floor)),
        subject,
        None if rank is None else tier_of(rank),
        tuple(knees),
        person_rules,
        person_undecided,
        (),
        tuple(asked),
        _counterfactuals(model, worked, person_outcome, waiting, rank),
        tuple(advice.options),
        tuple(advice.against),
        tuple(advice.blocked),
        tuple(record.known),
        (*issues, *record.issues),
    )


def _status(rank: int | None, *, unusable: bool, unsettled: bool) -> Status:
    if rank is None or unusable:
        return "data-required"
    return "data-requested" if unsettled else "success"


def _open(model: Model, worked: Sequence[Worked], floor: int) -> bool:
    """Say whether an unanswered finding could still make a milder condition's escalation higher by its probability."""
    for one in worked:
        known = one.state.yes | one.state.no
        for index in one.found:
            condition = model.conditions[index]
            if condition.managed_by_probability != "yes" or TIER_RANK[condition.default_tier] <= floor:
                continue
            if any(term.log_odds > 0 and not known >> term.position & 1 for term in model.terms_of[index]):
                return True
    return False


def _by_rank(met: Iterable[tuple[Rule, bool]]) -> list[tuple[Rule, bool]]:
    return sorted(met, key=lambda one: -one[0].rank)


def _knee(model: Model, one: Worked, person_met: list[Rule], waiting: Sequence[Escalating]) -> Knee:
    met = [rule for rule, _ in one.outcome.met]
    raising = met + person_met
    hypotheses = tuple(
        hypothesis(model, entry, number, one.state, raising) for number, entry in enumerate(one.entries, start=1)
    )
    shown = {name for entry in one.entries for name in (entry.condition, entry.best.condition, *entry.includes)}
    raised = dict.fromkeys(
        name for rule in raising for name in rule.flag.raises if not impossible(model, name, one.state)
    )
    named = tuple(
        named_hypothesis(model, name, one.found.get(model.position[name]), raising)
        for name in raised
        if name not in shown
    )
    return Knee(
        one.side,
        None if one.rank is None else tier_of(one.rank),
        bool(one.entries),
        hypotheses,
        named,
        not_excluded(model, one.state, one.outcome.undecided, shown | set(raised), one.found),
        tuple(
            met_result(model, rule, one.state._replace(yes=one.feared), one.side, unless=unless)
            for rule, unless in _by_rank(one.outcome.met)
        ),
        _undecided(model, one.outcome.undecided, waiting, one.state, one.side),
        applied(model, model.instruments, one.state, one.side),
        tuple(factors_present(model, one.state, one.side)),
        one.raised_by_probability,
    )


def _undecided(
    model: Model,
    rules: Iterable[Rule],
    waiting: Iterable[Escalating],
    state: State,
    scope: Scope,
) -> tuple[RuleResult, ...]:
    """Return every undecided rule, most urgent first, each with the fewest answers that would make it met."""
    known = state.yes | state.no
    way_of = {one.rule.flag.id: one.way for one in waiting}
    results = []
    for rule in sorted(rules, key=lambda one: -one.rank):
        if not rule.support & known:
            results.append(model.blank_result(rule, scope))
            continue
        way = way_of.get(rule.flag.id)
        if way is None:
            way = model.nearest_way(rule, state.yes, state.no) or ()
        results.append(model.undecided_result(rule, scope, way))
    return tuple(results)


def _counterfactuals(
    model: Model,
    worked: Sequence[Worked],
    person_outcome: Outcome,
    waiting: Sequence[Escalating],
    rank: int | None,
) -> tuple[Counterfactual, ...]:
    """Return the smallest changes that would raise the escalation to each higher tier, or lower it."""
    changes: list[Counterfactual] = []
    best: dict[tuple[int, Scope], Escalating] = {}
    for way in waiting:
        held = best.get((way.rule.rank, way.scope))
        if held is None or (len(way.way), -way.chance) < (len(held.way), -held.chance):
            best[way.rule.rank, way.scope] = way
    changes += [
        Counterfactual(
            "raise", tier_of(target), way.scope, tuple(answer(model, want) for want in way.way), way.rule.flag.id,
        )
        for (target, _), way in sorted(best.items())
    ]  # fmt: skip
    if rank is None or rank <= ROUTINE:
        return tuple(changes)
    changes += lowering(
        model, PERSON, worked[0].state, person_outcome.met, rank, worked[0].direct, worked[0].starts, worked[0].found
    )
    for one in worked:
        if one.rank == rank:
            changes += lowering(model, one.side, one.state, one.outcome.met, rank, one.direct, one.starts, one.found)
    return tuple(changes)


def explained(
    facts: Iterable[Fact],
    condition: str,
    *,
    model: Model,
    as_of: date,
    setting: Setting,
) -> tuple[tuple[Side, Hypothesis], ...]:
    """Return for each side what makes one condition more or less probable, whether or not it is in the list."""
    record = taken(facts, model.vocabulary, as_of)
    sides, states = _sides(model, record)
    starts = _starts(model, record, setting)
    person_met = _person(model, states[sides[0]]).met
    results = []
    for side in sides:
        one = _side(model, side, _stated(record, side), states[side], starts, [rule for rule, _ in person_met])
        raising = [rule for rule, _ in (*one.outcome.met, *person_met)]
        found = one.found or candidates(model, one.state, starts, raising)
        ranks = {entry.condition: number for number, entry in enumerate(one.entries, start=1)}
        index = model.position[condition]
        candidate = found.get(index) or max(
            (found[model.position[other]] for other in model.descendants[condition] if model.position[other] in found),
            key=lambda member: member.score,
            default=None,
        )
        if candidate is not None:
            share = next((entry.share for entry in one.entries if entry.condition == condition), 0.0)
            entry = Entry(condition, candidate, (), share)
            results.append((side, hypothesis(model, entry, ranks.get(condition, 0), one.state, raising)))
    return tuple(results)


def _sides(model: Model, record: Record) -> tuple[list[Side], dict[Side, tuple[State, ...]]]:
    sides: list[Side] = [side for side in SIDES if side in record.direct] or ["unspecified"]
    return sides, _states(model, record, sides)


def _conflicts(model: Model, states: Mapping[Side, tuple[State, ...]]) -> list[Issue]:
    """Say which denials cannot be right because something else that was stated makes them present."""
    found: dict[str, Issue] = {}
    for side, readings in states.items():
        if len(readings) > 1:
            continue  # statements of one finding contradict each other; that was said where they were read
        for position in bits(readings[0].conflicts):
            finding, present, _ = model.fact_texts[position]
            where = "" if model.vocabulary.findings[finding].scope == PERSON else f" ({side})"
            found[present + where] = warning(
                "conflict", "denied-but-follows", "",
                f"{present}{where} was denied, but follows from something else that was stated; it counts as present "
                "for red flags, and not at all for ruling out",
            )  # fmt: skip
    return list(found.values())


def _stated(record: Record, side: Side) -> Direct:
    person, own = record.direct.get(PERSON, NOTHING), record.direct.get(side, NOTHING)
    return Direct(person.yes | own.yes, person.no | own.no)


def _starts(model: Model, record: Record, setting: Setting) -> Sequence[Start | None]:
    sex = record.choices.get((PERSON, "sex"), "any")
    return model.starts(setting, sex, age_band(record.amounts.get((PERSON, "age_years"))))


def _person(model: Model, readings: tuple[State, ...]) -> Outcome:
    return outcome(model.person_rules, readings, readings[-1])


def readings_of(facts: Iterable[Fact], model: Model, as_of: date) -> dict[Side, tuple[State, ...]]:
    """Return for each side the readings of what the facts say, as an assessment takes them."""
    return _sides(model, taken(facts, model.vocabulary, as_of))[1]
