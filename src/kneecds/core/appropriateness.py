"""Whether an order suits this knee: appropriate, not appropriate, spoken of by no criteria, or not to be said yet.

An undecided statement is not a "no": as long as an answer could still make an order appropriate, it is not called
anything else, and where nothing is decided there is no rating.
Contradicted findings are read towards "appropriate", as red flags read them.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from kneecds.core.asking import answer, nearest, opposite
from kneecds.core.assess import readings_of
from kneecds.core.knowledge import TIER_RANK, Instrument
from kneecds.core.masks import NO, UNKNOWN, YES, Node, evaluate
from kneecds.core.model import Model
from kneecds.core.rating import Rating, StatementResult, combined, together
from kneecds.core.statements import PERSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kneecds.core.assessment import Answer, Assessment, Knee, RuleResult
    from kneecds.core.facts import Fact, Side
    from kneecds.core.knowledge import Appropriateness, KnowledgeFiles, OrderKind
    from kneecds.core.model import Compiled
    from kneecds.core.rating import OrderSide, Verdict
    from kneecds.core.vocabulary import State

URGENT = TIER_RANK["urgent_same_day"]
EMERGENCY = TIER_RANK["emergency"]


class _Ready(NamedTuple):
    """A statement, compiled."""

    statement: Appropriateness
    own: Compiled | None
    instrument: Compiled | None


class _Flags(NamedTuple):
    """The red flags of one knee and of the person, as the assessment found them."""

    met: Mapping[str, RuleResult]
    undecided: Mapping[str, RuleResult]
    most_urgent: RuleResult | None  # met, and of the same day at least

    @property
    def rank(self) -> int:
        """How urgent the most urgent rule is; -1 if none is of the same day."""
        return -1 if self.most_urgent is None else TIER_RANK[self.most_urgent.tier]


class Rater:
    """The statements of one version of the knowledge, compiled with the decision rules they name."""

    def __init__(self, files: KnowledgeFiles, statements: Iterable[Appropriateness]) -> None:
        """Compile; comparisons that only statements make stay out of the model that assesses."""
        known = tuple(statements)
        named = {one.instrument for one in known}
        rules = tuple(one for one in files.instruments if one.id in named)
        self.model = Model(
            msgspec.structs.replace(
                files, conditions=(), red_flags=(), factors=(), actions=(), sources=(), appropriateness=(), intake={},
                instruments=(*rules, *(_as_instrument(one) for one in known if one.when)),
            )
        )  # fmt: skip
        compiled = {one.instrument.id: one for one in self.model.instruments}
        self._of: dict[OrderKind, list[_Ready]] = {}
        for one in known:
            ready = _Ready(one, compiled.get(_name(one)), compiled.get(one.instrument))
            for kind in one.orders:
                self._of.setdefault(kind, []).append(ready)

    def rated(
        self, assessment: Assessment, facts: Sequence[Fact], orders: Iterable[tuple[OrderKind, OrderSide]]
    ) -> tuple[Rating, ...]:
        """Rate orders from an assessment and the facts it was made from, each for its own knee."""
        case = _Case(self, assessment, facts)
        return tuple(case.rated(kind, side) for kind, side in orders)

    def statements_of(self, kind: OrderKind) -> Sequence[_Ready]:
        """Return what speaks of one kind of order."""
        return self._of.get(kind, ())


class _Case:
    """One patient, before whom orders are held."""

    def __init__(self, rater: Rater, assessment: Assessment, facts: Sequence[Fact]) -> None:
        self._rater = rater
        self._model = rater.model
        self._assessment = assessment
        self._knees: dict[Side, Knee] = {knee.side: knee for knee in assessment.knees}
        self._in_play = [knee.side for knee in assessment.knees if knee.tier is not None]
        as_of = date.fromisoformat(assessment.as_of)
        self._readings = readings_of(facts, rater.model, as_of)
        vocabulary = rater.model.vocabulary
        self._of_person = {name for name, finding in vocabulary.findings.items() if finding.scope == PERSON}
        of_person = [fact for fact in facts if vocabulary.aliases.get(fact.finding, fact.finding) in self._of_person]
        self._nobodys_knee = readings_of(of_person, rater.model, as_of)["unspecified"]

    def rated(self, kind: OrderKind, side: OrderSide) -> Rating:
        if side == "both":
            return together(self._one(kind, "left"), self._one(kind, "right"))
        if side != "unspecified":
            return self._one(kind, side)
        if len(self._in_play) == 1:
            return self._one(kind, self._in_play[0], named=False)
        if self._in_play:
            return Rating(kind, side, None, "The order does not say which knee, and more than one is in play")
        return Rating(kind, side, None, "The order does not say which knee, and no complaint of a knee is recorded")

    def _one(self, kind: OrderKind, side: Side, *, named: bool = True) -> Rating:
        flags = self._flags(side)
        readings = self._readings.get(side) or self._nobodys_knee
        results = tuple(self._judged(ready, readings, flags, side) for ready in self._rater.statements_of(kind))
        rating = combined(kind, side, results)
        against = self._withheld(side, flags, rating.rating)
        if rating.rating != "appropriate" and against:
            return msgspec.structs.replace(rating, rating=None, reason=against, decided_by=(), sources=())
        if not named and rating.rating is not None and side != "unspecified":
            said = f"The order does not say which knee; rated for the {side} knee, the only one in play"
            return msgspec.structs.replace(rating, reason="; ".join(part for part in (said, rating.reason) if part))
        return rating

    def _withheld(self, side: Side, flags: _Flags, rating: Verdict | None) -> str:
        """Return why nothing but "appropriate" may be said; empty if there is no reason."""
        if any(issue.is_error for issue in self._assessment.issues):
            return "A part of the record could not be read"
        if flags.most_urgent is not None and rating != "not_appropriate":  # that rests on what does not wait
            return f"A rule that is urgent is met and comes first: {flags.most_urgent.title}"
        if side not in self._in_play:
            return _ELSEWHERE[tuple(self._in_play)]
        if side != "unspecified" and "unspecified" in self._in_play:
            return "Some findings are of a knee without a side, which may be this one"
        return ""

    def _flags(self, side: Side) -> _Flags:
        knee, whole = self._knees.get(side), self._assessment
        met = [*(knee.rules if knee else self._of_every_knee()), *whole.person_rules]
        open_ = [*(knee.undecided if knee else ()), *whole.person_undecided]
        urgent = [rule for rule in met if TIER_RANK[rule.tier] >= URGENT]
        most = max(urgent, key=lambda rule: TIER_RANK[rule.tier], default=None)
        return _Flags({rule.rule: rule for rule in met}, {rule.rule: rule for rule in open_}, most)

    def _of_every_knee(self) -> Iterator[RuleResult]:
        """Yield the rules that are met by what is known of the person, whichever knee they were found met for."""
        for knee in self._assessment.knees:
            yield from (rule for rule in knee.rules if self._of_person.issuperset(rule.findings))

    def _judged(self, ready: _Ready, readings: tuple[State, ...], flags: _Flags, side: Side) -> StatementResult:
        statement = ready.statement
        pairs = tuple(_pairs(readings))
        flag = _flag_truth(statement, flags, known=side in self._knees)
        truths = [_truth(ready, yes, no, flag) for yes, no in pairs]
        wholes = [min(truth) for truth in truths]
        agreed = wholes[0] if len(set(wholes)) == 1 else UNKNOWN
        whole = max(wholes) if statement.verdict == "appropriate" else agreed
        applies = max(truth[0] for truth in truths)
        status = _STATUS[whole] if whole != NO or applies != NO else "not_applicable"
        lines = _lines(ready, *pairs[-1], flags)
        met, not_met, unknown = (
            tuple(text for text, truth in lines if truth == wanted) for wanted in (YES, NO, UNKNOWN)
        )
        return StatementResult(
            statement.id, statement.title, statement.verdict, status, side, statement.means, met, not_met, unknown,
            self._decided_by(ready, pairs[-1], flags) if status == "undecided" else (),
            status == "met" and _waits(statement, flags.rank), statement.alternative, statement.strength, _sources(statement, flags),
        )  # fmt: skip

    def _decided_by(self, ready: _Ready, pair: tuple[int, int], flags: _Flags) -> tuple[Answer, ...]:
        """Return the fewest unanswered findings that would decide each open part of a statement, either way."""
        found: dict[str, Answer] = {}
        for name, node in _open_nodes(ready, *pair):
            for way, goal in ((name, node), (f"not {name}", opposite(node))):
                for wanted in nearest(self._model, goal, self._model.ways_to(way, goal), *pair) or ():
                    words = answer(self._model, wanted)
                    found.setdefault(words.finding, words)
        for rule in ready.statement.red_flags:
            for words in flags.undecided[rule].decided_by if rule in flags.undecided else ():
                found.setdefault(words.finding, words)
        return tuple(found.values())


_ELSEWHERE: dict[tuple[Side, ...], str] = {
    (): "No complaint of this knee is recorded",
    ("left",): "What is recorded is of the left knee",
    ("right",): "What is recorded is of the right knee",
    ("unspecified",): "What is recorded does not say which knee it is of",
    ("left", "unspecified"): "What is recorded is of the left knee, or does not say which",
    ("right", "unspecified"): "What is recorded is of the right knee, or does not say which",
}
"""What to say of a knee that is not in play, by those that are."""

_STATUS: dict[int, Literal["met", "not_met", "undecided"]] = {YES: "met", NO: "not_met", UNKNOWN: "undecided"}


def _name(statement: Appropriateness) -> str:
    return f"statement {statement.id}"


def _as_instrument(statement: Appropriateness) -> Instrument:
    return Instrument(
        _name(statement), statement.title, "", statement.when, "", "", statement.source,
        applies=statement.applies, criteria=statement.criteria,
    )  # fmt: skip


def _pairs(readings: tuple[State, ...]) -> Iterator[tuple[int, int]]:
    """Yield what is taken as known: each reading, then what nothing contradicts, which is also what is shown."""
    for state in readings:
        yield state.yes, state.no
    plain = readings[-1]
    yield plain.yes & ~plain.conflicts, plain.no & ~plain.conflicts


def _truth(ready: _Ready, yes: int, no: int, flag: int) -> tuple[int, int]:
    """Return whether a statement speaks of this knee, and whether all else that it rests on holds."""
    applies, holds = YES, flag
    if ready.own is not None:
        holds = min(holds, evaluate(ready.own.node, yes, no))
        if ready.own.applies is not None:
            applies = evaluate(ready.own.applies, yes, no)
    if ready.instrument is not None:
        wanted = ready.instrument.node if ready.statement.result == "met" else ready.instrument.against
        holds = min(holds, evaluate(wanted, yes, no))
        if ready.instrument.applies is not None:
            applies = min(applies, evaluate(ready.instrument.applies, yes, no))
    return applies, holds


def _flag_truth(statement: Appropriateness, flags: _Flags, *, known: bool) -> int:
    if not statement.red_flags or any(rule in flags.met for rule in statement.red_flags):
        return YES
    if not known or any(rule in flags.undecided for rule in statement.red_flags):
        return UNKNOWN
    return NO


def _waits(statement: Appropriateness, rank: int) -> bool:
    """Say whether a statement must wait until something urgent is settled, as options do (docs/adr/0005)."""
    if rank < URGENT or statement.red_flags or (statement.instrument and statement.verdict == "appropriate"):
        return False
    return rank >= EMERGENCY or not statement.acute


def _lines(ready: _Ready, yes: int, no: int, flags: _Flags) -> list[tuple[str, int]]:
    """Return what a statement rests on, line by line, each with its truth; red flags that are not met are not listed."""
    lines = []
    for rule in ready.statement.red_flags:
        if rule in flags.met:
            lines.append((flags.met[rule].title, YES))
        elif rule in flags.undecided:
            lines.append((flags.undecided[rule].title, UNKNOWN))
    if ready.instrument is not None:
        title = ready.instrument.instrument.title
        if ready.statement.result == "met":
            lines += [(f"{title}: {text}", _line(node, yes, no)) for text, node in ready.instrument.criteria]
        else:
            lines += [(f"{title}, not: {text}", 2 - _line(node, yes, no)) for text, node in ready.instrument.criteria]
    if ready.own is not None:
        lines += [(text, _line(node, yes, no)) for text, node in ready.own.criteria]
    return lines


def _sources(statement: Appropriateness, flags: _Flags) -> tuple[str, ...]:
    """Return where a statement comes from: of the red flags that are met, and its own."""
    met = [flags.met[rule].sources for rule in statement.red_flags if rule in flags.met]
    return tuple(dict.fromkeys(source for sources in (*met, statement.source) for source in sources))


def _line(node: Node | None, yes: int, no: int) -> int:
    return UNKNOWN if node is None else evaluate(node, yes, no)


def _open_nodes(ready: _Ready, yes: int, no: int) -> Iterator[tuple[str, Node]]:
    for one in (ready.own, ready.instrument):
        for name, node in (("applies", one.applies), ("when", one.node)) if one is not None else ():
            if node is not None and evaluate(node, yes, no) == UNKNOWN:
                yield f"{one.instrument.id} {name}" if one is not None else name, node
