"""What is not known yet, and what knowing it would change."""

from __future__ import annotations

import math
from itertools import combinations
from operator import mul
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from kneecds.core.assessment import Answer, Question
from kneecds.core.knowledge import TIERS
from kneecds.core.masks import ALL, ANY, COUNT, NO, SUM, UNKNOWN, YES, Node, bits, evaluate
from kneecds.core.odds import expit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.core.differential import Candidate, Entry
    from kneecds.core.facts import Scope
    from kneecds.core.knowledge import Finding, Tier
    from kneecds.core.model import Model, Rule
    from kneecds.core.vocabulary import State

SCREENED = 12
"""How many of a condition's findings are looked at for the next question: its strongest."""

ANSWER_CHANCE = 0.25
"""How likely a screening answer is taken to be the one that matters: a design choice, used only to order questions."""

FINDING_CHANCE = 0.3
"""How often a finding is present where a condition does not change it: a design choice, used only to order questions."""

LIST_DEPTH = 5


class Wanted(NamedTuple):
    """One fact and the truth it would need."""

    position: int
    present: bool


def shortest(model: Model, node: Node, yes: int, no: int) -> tuple[Wanted, ...] | None:
    """Return the fewest unanswered facts that would make a step true; None if what is known forbids it."""
    truth = evaluate(node, yes, no)
    if truth == YES:
        return ()
    if truth == NO:
        return None
    known = yes | no
    ways = [
        *(_answerable(model, Wanted(position, present=True), yes, no) for position in bits(node.present & ~known)),
        *(_answerable(model, Wanted(position, present=False), yes, no) for position in bits(node.absent & ~known)),
        *(shortest(model, part, yes, no) for part in node.nodes),
    ]
    if node.kind == ALL:
        return None if any(way is None for way in ways) else _merged(way for way in ways if way is not None)
    open_ways = sorted((way for way in ways if way), key=len)
    if node.kind == ANY:
        return open_ways[0] if open_ways else None
    if node.kind == COUNT:
        sure = (yes & node.present).bit_count() + (no & node.absent).bit_count()
        sure += sum(way == () for way in ways)
        needed = node.needed - sure
        return _merged(open_ways[:needed]) if len(open_ways) >= needed else None
    return _points(model, node, yes, no)


def _points(model: Model, node: Node, yes: int, no: int) -> tuple[Wanted, ...] | None:
    """Name the unanswered parts of a sum, heaviest first, until the comparison is settled."""
    rising = node.relation is not None and node.relation(1.0, 0.0)  # ">" and ">=" are met by more points
    if node.turned:
        rising = not rising
    parts = sorted(
        ((weight, part) for weight, part in node.weights if evaluate(part, yes, no) == UNKNOWN),
        key=lambda one: -abs(one[0]),
    )
    gathered: list[tuple[Wanted, ...]] = []
    for weight, part in parts:
        wanted_true = (weight > 0) is rising
        target = part if wanted_true else opposite(part)
        way = shortest(model, target, yes, no)
        if way is None:
            continue
        gathered.append(way)
        yes |= sum(1 << one.position for one in way if one.present)
        no |= sum(1 << one.position for one in way if not one.present)
        if evaluate(node, yes, no) == YES:
            return _merged(gathered)
    return None


def opposite(node: Node) -> Node:
    """Return the step that is true when this one is false."""
    if node.kind == COUNT:
        size = node.present.bit_count() + node.absent.bit_count() + len(node.nodes)
        parts = tuple(opposite(part) for part in node.nodes)
        return Node(COUNT, node.absent, node.present, parts, size - node.needed + 1)
    if node.kind in (ALL, ANY):
        kind = ANY if node.kind == ALL else ALL
        return Node(kind, node.absent, node.present, tuple(opposite(part) for part in node.nodes))
    return node._replace(turned=not node.turned)


MOST_WAYS = 16
"""How many ways to a rule are kept, the shortest; when all of them are closed the search is done afresh."""


Ways: TypeAlias = "list[tuple[int, int]] | None"
"""The ways to make a step true, shortest first: facts needed, and facts that must be absent. None if it counts points."""


def nearest(model: Model, node: Node, ways: Ways, yes: int, no: int) -> tuple[Wanted, ...] | None:
    """Return the fewest unanswered facts that would make a step true, from the ways prepared for it."""
    if ways is None:
        return shortest(model, node, yes, no)
    best = None
    least = 1 << 30
    for present, absent in ways:
        if no & present or yes & absent:
            continue
        missing = (present & ~yes).bit_count() + (absent & ~no).bit_count()
        if missing < least:
            best, least = (present & ~yes, absent & ~no), missing
    if best is None:
        return shortest(model, node, yes, no)
    wanted = [Wanted(position, present=True) for position in bits(best[0])]
    if best[1]:
        wanted += [Wanted(position, present=False) for position in bits(best[1])]
    return tuple(wanted)


def all_ways(model: Model, node: Node) -> Ways:
    """Return the ways to make a step true, each as facts needed and facts that must not be; None if it is a sum."""
    if node.kind == SUM:
        return None
    vocabulary = model.vocabulary
    parts: list[list[tuple[int, int]]] = []
    for mask, wanted in ((node.present, True), (node.absent, False)):
        for position in bits(mask):
            name = vocabulary.compiler.fact_names[position]
            if len(name) == 1 and vocabulary.findings[name[0]].asked_of == "computed":
                derived = vocabulary.derivation_of[position]
                inside = all_ways(model, derived if wanted else opposite(derived))
                if inside is None:
                    return None
                parts.append(inside)
            else:
                parts.append([(1 << position, 0) if wanted else (0, 1 << position)])
    for part in node.nodes:
        inside = all_ways(model, part)
        if inside is None:
            return None
        parts.append(inside)
    if node.kind == ANY:
        return _fewest([way for part in parts for way in part])
    if node.kind == ALL:
        return _products(parts)
    ways: list[tuple[int, int]] = []
    for chosen in combinations(parts, node.needed):
        ways += _products(list(chosen))
    return _fewest(ways)


def _products(parts: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    ways = [(0, 0)]
    for part in parts:
        ways = _fewest([(one[0] | other[0], one[1] | other[1]) for one in ways for other in part])
    return ways


def _fewest(ways: list[tuple[int, int]]) -> list[tuple[int, int]]:
    possible = dict.fromkeys(way for way in ways if not way[0] & way[1])
    return sorted(possible, key=lambda way: (way[0] | way[1]).bit_count())[:MOST_WAYS]


def _answerable(model: Model, wanted: Wanted, yes: int, no: int) -> tuple[Wanted, ...] | None:
    """Replace a fact that nobody can be asked by those it is derived from."""
    vocabulary = model.vocabulary
    name = vocabulary.compiler.fact_names[wanted.position]
    if len(name) > 1 or vocabulary.findings[name[0]].asked_of != "computed":
        return (wanted,)
    node = vocabulary.derivation_of[wanted.position]
    return shortest(model, node if wanted.present else opposite(node), yes, no)


def _merged(ways: Iterable[tuple[Wanted, ...]]) -> tuple[Wanted, ...]:
    return tuple(dict.fromkeys(one for way in ways for one in way))


def answer(model: Model, wanted: Wanted) -> Answer:
    """Put a wanted fact into words."""
    words = model.answers.get(wanted)
    if words is None:
        words = model.answers[wanted] = _in_words(model, wanted)
    return words


def _in_words(model: Model, wanted: Wanted) -> Answer:
    name = model.vocabulary.compiler.fact_names[wanted.position]
    finding = model.vocabulary.findings[name[0]]
    if len(name) == 1:
        words = "present" if wanted.present else "absent"
    else:
        words = f"{name[1]} {name[2]}" if wanted.present else f"not {name[1]} {name[2]}"
    return Answer(finding.id, finding.label, words, finding.asked_of)


class Escalating(NamedTuple):
    """An undecided rule above the present tier, and the shortest way to it."""

    rule: Rule
    way: tuple[Wanted, ...]
    scope: Scope
    chance: float  # of what it raises being there, as far as is known


EASE = {"patient": 1.0, "clinician": 0.6, "device_or_lab": 0.1}
"""What is quickly asked comes before what must be measured: a design choice, used only to order questions."""

LEAST_GAIN = 0.001
"""Below this a question is left to the list of undecided rules: a design choice, used only to order questions."""

UNSCORED_CHANCE = 0.002
"""For a rule that raises nothing with a probability: a design choice, used only to order questions."""


def chance_of(model: Model, rule: Rule, found: Mapping[int, Candidate]) -> float:
    """Return how probable the likeliest condition is that a rule would raise."""
    likeliest = -math.inf
    for index in model.raised_by(rule):
        candidate = found.get(index)
        if candidate is not None and candidate.log_odds > likeliest:
            likeliest = candidate.log_odds
    return UNSCORED_CHANCE if likeliest == -math.inf else expit(likeliest)


def escalation_questions(model: Model, waiting: Sequence[Escalating], rank: int, most: int) -> list[Question]:
    """Return the questions whose answers could raise the escalation, by what they would raise it on average."""
    best: dict[tuple[int, Scope], tuple[float, Escalating]] = {}
    asking = model.asking
    for one in waiting:
        rule, way, scope, chance = one
        gain = (rule.rank - rank) * chance * ANSWER_CHANCE ** (len(way) - 1)
        for position, _ in way:
            ease, of_person = asking[position]
            key: tuple[int, Scope] = (position, "person" if of_person else scope)
            eased = gain * ease
            held = best.get(key)
            if held is None or eased > held[0]:
                best[key] = (eased, one)
    worth_asking = [item for item in best.items() if item[1][0] >= LEAST_GAIN]
    ordered = sorted(worth_asking, key=lambda item: (-item[1][0], item[0]))[:most]
    questions = []
    for (position, scope), (gain, one) in ordered:
        wanted = next(want for want in one.way if want.position == position)
        words = answer(model, wanted)
        rest = len(one.way) - 1
        also = f", with {rest} more" if rest else ""
        questions.append(
            Question(
                words.finding, words.label, scope, words.asked_of, "escalation",
                f"if {words.answer}{also}: {one.rule.flag.title}", float(f"{gain:.3g}"), one.rule.flag.tier,
            ),
        )  # fmt: skip
    return questions


def hypothesis_questions(
    model: Model,
    entries: Sequence[Entry],
    state: State,
    scope: Scope,
    most: int,
) -> list[Question]:
    """Return the questions that would tell the listed conditions apart, by the information they give on average."""
    if not entries:
        return []
    rows = entries[:LIST_DEPTH]
    total = sum(entry.share for entry in rows)
    shares = [entry.share / total for entry in rows]
    known = state.yes | state.no
    chances: dict[int, list[float]] = {}
    for row, entry in enumerate(rows):
        for mask, position, chance in model.telling_of(entry.best.condition):
            if not known & mask:
                given = chances.get(position)
                if given is None:
                    given = chances[position] = [FINDING_CHANCE] * len(rows)
                given[row] = chance
    rough = sorted((-_spread(shares, given), position) for position, given in chances.items())[: 2 * most]
    scored = sorted((-_information(shares, chances[position]), position) for _, position in rough)[:most]
    return [_telling_question(model, rows, chances[position], position, scope, -gain) for gain, position in scored]


def _telling_question(
    model: Model,
    rows: Sequence[Entry],
    given: Sequence[float],
    position: int,
    scope: Scope,
    gain: float,
) -> Question:
    finding = model.vocabulary.findings[model.vocabulary.compiler.fact_names[position][0]]
    most, least = (choose(range(len(given)), key=given.__getitem__) for choose in (max, min))
    likelier = given[most] > FINDING_CHANCE
    rarer = given[least] < FINDING_CHANCE
    parts = []
    if likelier:
        parts.append(f"for {model.label(rows[most].condition)}")
    if rarer:
        parts.append(f"against {model.label(rows[least].condition)}")
    why = f"if present it speaks {' and '.join(parts)}"
    return Question(
        finding.id, finding.label, _whose(finding, scope), finding.asked_of, "hypotheses", why, round(gain, 4),
    )  # fmt: skip


def _whose(finding: Finding, scope: Scope) -> Scope:
    return "person" if finding.scope == "person" else scope


def _spread(shares: Sequence[float], given: Sequence[float]) -> float:
    """Return how far the chances of an answer lie apart: quick, and in nearly the order of the information."""
    mean: float = sum(map(mul, shares, given))
    apart = sum([share * (chance - mean) ** 2 for share, chance in zip(shares, given)])  # noqa: B905 - hot
    return apart / (mean * (1 - mean))


def _information(shares: Sequence[float], given: Sequence[float]) -> float:
    """Return the bits that a yes-or-no answer gives about which condition it is."""
    yes: float = sum(map(mul, shares, given))
    result = 0.0
    for share, chance in zip(shares, given, strict=True):
        for part, whole in ((chance, yes), (1 - chance, 1 - yes)):
            if part > 0 and whole > 0:
                result += share * part * math.log2(part / whole)
    return max(0.0, result)


def tier_of(rank: int) -> Tier:
    """Return the tier of a rank (0 is self_care)."""
    return TIERS[len(TIERS) - 1 - rank]


GIVEN = frozenset({"age_years", "sex"})
"""What no answer changes."""


def breaking(model: Model, node: Node, yes: int, no: int, stated: int) -> tuple[Wanted, ...] | None:
    """Return the fewest answers that would have to be otherwise for a step that is true to be not true.

    `stated` are the facts that somebody affirmed; what follows from them cannot be otherwise by itself.
    """
    ways = [
        *(_not_present(model, position, yes, no, stated) for position in bits(node.present & yes)),
        *(_not_absent(model, position, yes, no, stated) for position in bits(node.absent & no)),
        *(breaking(model, part, yes, no, stated) for part in node.nodes if evaluate(part, yes, no) == YES),
    ]
    possible = sorted((way for way in ways if way is not None), key=len)
    if node.kind == ALL:
        return possible[0] if possible else None
    if node.kind == ANY:
        return _merged(possible) if len(possible) == len(ways) else None
    if node.kind == COUNT:
        needed = len(ways) - node.needed + 1
        return _merged(possible[:needed]) if len(possible) >= needed else None
    return None


def _not_present(model: Model, position: int, yes: int, no: int, stated: int) -> tuple[Wanted, ...] | None:
    """Return what makes a present fact not present: it and all that it follows from must be otherwise."""
    vocabulary = model.vocabulary
    if vocabulary.compiler.fact_names[position][0] in GIVEN:
        return None
    changes: list[tuple[Wanted, ...]] = []
    sources = vocabulary.down[position] if position < len(vocabulary.down) else 1 << position
    for source in bits(sources & yes):
        if stated >> source & 1:
            changes.append((Wanted(source, present=False),))
        derivation = vocabulary.derivation_of.get(source)
        if derivation is not None and evaluate(derivation, yes, no) == YES:
            way = breaking(model, derivation, yes, no, stated)
            if way is None:
                return None
            changes.append(way)
    return _merged(changes) if changes else None


def _not_absent(model: Model, position: int, yes: int, no: int, stated: int) -> tuple[Wanted, ...] | None:
    """Return what makes an absent fact present."""
    vocabulary = model.vocabulary
    name = vocabulary.compiler.fact_names[position]
    if name[0] in GIVEN:
        return None
    if len(name) == 1 and vocabulary.findings[name[0]].asked_of == "computed":
        derivation = vocabulary.derivation_of[position]
        return breaking(model, opposite(derivation), yes, no, stated)
    return (Wanted(position, present=True),)
