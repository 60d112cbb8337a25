"""Knowledge made ready for thinking: every criterion compiled, every ratio chosen, nothing left to look up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.asking import EASE, FINDING_CHANCE, SCREENED, all_ways, nearest, opposite
from kneecds.core.assessment import Answer, Contribution, Hypothesis, InstrumentResult, RuleResult
from kneecds.core.criteria import Criteria, Points, finding_ids, parse
from kneecds.core.escalation import undecided_result
from kneecds.core.evidence import Chooser, Term, groups_of, missing_contribution
from kneecds.core.knowledge import AGE_BANDS, TIER_RANK
from kneecds.core.masks import SUM, Node, bits
from kneecds.core.memo import Memo
from kneecds.core.odds import expit, logit
from kneecds.core.options import in_order
from kneecds.core.unless import Hope, hopeful, indispensable
from kneecds.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.asking import Wanted, Ways
    from kneecds.core.facts import Scope
    from kneecds.core.knowledge import (
        Action,
        Condition,
        Factor,
        Instrument,
        KnowledgeFiles,
        Prior,
        RedFlag,
    )

TIMES = frozenset({
    "gradual_onset", "sudden_onset", "over_72_hours", "over_6_weeks", "under_1_year", "pain_over_48h_not_improving",
    "full_rom", "full_flexion", "full_weight_bearing", "no_pain_on_level_walking", "no_bony_tenderness",
})  # fmt: skip
"""Findings that say since when or how much, or that something is in order: no complaint by themselves."""

PLAIN = TIMES | {"knee_pain", "bilateral_knee_pain", "knee_or_thigh_pain_only"}
"""Findings that nearly everybody with a knee complaint has: they say nothing of what is wrong."""


MOST_RESULTS = 4096
"""How many results of undecided rules are kept: each is shared by all patients whom the same answers would decide."""


class Rule(NamedTuple):
    """A red flag, compiled."""

    flag: RedFlag
    rank: int
    node: Node
    hope: Hope | None  # None: a rule that lowers, or too mild to be met unless
    must: int  # facts without which it cannot be met unless
    support: int
    leaves: int  # every fact it can rest on, derivations opened
    watched: int  # the same with the comparisons inside derivations: nothing else changes what becomes of it
    person: bool  # looks only at findings of the whole person
    seen: Memo[tuple[int, bool]]  # what became of it, by what is known of `watched`; see `escalation.decided`
    groups: frozenset[int] = frozenset()  # the evidence groups of what it looks at


class Compiled(NamedTuple):
    """An instrument, compiled."""

    instrument: Instrument
    node: Node
    against: Node  # its opposite
    applies: Node | None
    criteria: tuple[tuple[str, Node | None], ...]  # None: a line that no finding can express
    score: Node | None
    bands: tuple[tuple[str, str, Node], ...]
    support: int  # every fact it can rest on
    watched: int  # the same, and what else its lines and bands look at
    seen: Memo[InstrumentResult]  # what came of it, by what is known of `watched`


class Start(NamedTuple):
    """A prior as log-odds, with its variance."""

    log_odds: float
    variance: float
    prior: Prior | None


class Model:
    """All compiled knowledge. Immutable after construction but for caches that hold the same values every time."""

    def __init__(self, files: KnowledgeFiles) -> None:
        """Compile; the files have been checked, so nothing here can fail on their content."""
        self.files = files
        self.reasoning = files.reasoning
        self.vocabulary = vocabulary = Vocabulary(files.findings)
        self.conditions: tuple[Condition, ...] = files.conditions
        self.position = {condition.id: index for index, condition in enumerate(files.conditions)}
        self.ancestors = {condition.id: tuple(self._ancestors(condition)) for condition in files.conditions}
        self.descendants: dict[str, tuple[str, ...]] = {
            condition.id: tuple(other for other, above in self.ancestors.items() if condition.id in above)
            for condition in files.conditions
        }
        self.scored = tuple(
            index for index, condition in enumerate(files.conditions) if condition.managed_by_probability != "no"
        )
        self.gates = tuple(
            (self.position[condition.id], node, node.support())
            for condition in files.conditions
            if condition.gate is not None
            for node in [vocabulary.node(condition.gate.when)]
        )
        self.gate_of = {index: node for index, node, _ in self.gates}
        self.rules = tuple(self._rule(flag) for flag in files.red_flags)
        self.instruments = tuple(self._instrument(instrument) for instrument in files.instruments)
        self.factors: tuple[tuple[Factor, Node, int], ...] = tuple(
            (factor, node, node.support())
            for factor in files.factors
            if factor.present_when
            for node in [vocabulary.node(factor.present_when)]
        )
        vocabulary.finish()
        self.rules = tuple(rule._replace(person=not (rule.support & ~vocabulary.person_mask)) for rule in self.rules)
        self._index_evidence()
        self.families = frozenset(self.reasoning.families)
        self.family_of = {condition.id: self._family(condition.id) for condition in files.conditions}
        self.actions_for: dict[str, tuple[Action, ...]] = {}
        for action in files.actions:
            for condition_id in action.indicated_for:
                self.actions_for[condition_id] = (*self.actions_for.get(condition_id, ()), action)
        self.action_of = {action.id: action for action in files.actions}
        self.action_order = in_order(files.actions)
        self.forbidden_by = {action.id: self._forbidden(action) for action in files.actions}
        self.cautioned_by = {action.id: self._cautioned(action) for action in files.actions}
        self.cautionary = tuple(
            self.action_of[action_id]
            for action_id in sorted(self.action_order, key=self.action_order.__getitem__)
            if not self.action_of[action_id].indicated_for
        )
        self.fact_texts = tuple(self._fact_text(name) for name in vocabulary.compiler.fact_names)
        self.knee_rules = tuple(rule for rule in self.rules if not rule.person)
        self.person_rules = tuple(rule for rule in self.rules if rule.person)
        self.general_mask = self._general()
        self.telling_mask = self._telling()
        self.complaint_mask = self._complaints()
        findings = [vocabulary.findings[name[0]] for name in vocabulary.compiler.fact_names]
        self.asking = tuple((EASE.get(one.asked_of, 0.0), one.scope == "person") for one in findings)
        self.answers: dict[Wanted, Answer] = {}  # filled as they are needed
        self._ways: dict[str, Ways] = {}
        self._raised: dict[str, tuple[int, ...]] = {}
        self._nearest: dict[str, Memo[tuple[Wanted, ...] | None]] = {}
        self._undecided: Memo[RuleResult] = Memo(MOST_RESULTS)
        self._telling_findings: dict[str, tuple[tuple[int, int, float], ...]] = {}
        self._missing: dict[int, tuple[tuple[int, Contribution], ...]] = {}
        self._blank_ways: dict[str, tuple[Wanted, ...]] = {}
        self._blank_results: dict[tuple[str, str], RuleResult] = {}
        self._bare: dict[int, Hypothesis] = {}
        self._starts: dict[tuple[str, str, str | None], tuple[Start | None, ...]] = {}

    def starts(self, setting: str, sex: str, band: str | None) -> tuple[Start | None, ...]:
        """Return the prior of every condition for one kind of patient; None where there is none."""
        key = (setting, sex, band)
        found = self._starts.get(key)
        if found is None:
            found = tuple(self._start(condition, setting, sex, band) for condition in self.conditions)
            self._starts[key] = found
        return found

    def label(self, condition_id: str) -> str:
        """Return the label of a condition."""
        return self.conditions[self.position[condition_id]].label

    def nearest_way(self, rule: Rule, yes: int, no: int) -> tuple[Wanted, ...] | None:
        """Return the fewest unanswered facts that would make a rule met; worked out once for what is known."""
        name = rule.flag.id
        memo = self._nearest.get(name)
        if memo is None:
            memo = self._nearest[name] = Memo()
        key = (yes & rule.watched, no & rule.watched)
        try:
            return memo[key]
        except KeyError:  # what is kept now is not read back: another thread may forget it at once
            way = memo[key] = nearest(self, rule.node, self.ways_to(name, rule.node), yes, no)
            return way

    def undecided_result(self, rule: Rule, scope: Scope, way: tuple[Wanted, ...]) -> RuleResult:
        """Return the result of a rule that some answers would decide, made once for the same answers."""
        key = (rule.flag.id, scope, way)
        result = self._undecided.get(key)
        if result is None:
            result = self._undecided[key] = undecided_result(self, rule, scope, way)
        return result

    def ways_to(self, name: str, node: Node) -> Ways:
        """Return the ways to a named step, worked out once."""
        try:
            return self._ways[name]
        except KeyError:
            ways = self._ways[name] = all_ways(self, node)
            return ways

    def telling_of(self, condition_id: str) -> tuple[tuple[int, int, float], ...]:
        """Return the findings that speak most for or against a condition: mask, position, chance of being present."""
        telling = self._telling_findings.get(condition_id)
        if telling is None:
            base = logit(FINDING_CHANCE)
            terms = sorted(
                (term for term in self.terms_of[self.position[condition_id]] if term.present and self._asked(term)),
                key=lambda term: (-self._worth([term]), term.position),
            )
            telling = self._telling_findings[condition_id] = tuple(
                (1 << term.position, term.position, expit(base + term.log_odds)) for term in terms[:SCREENED]
            )
        return telling

    def missing_of(self, index: int) -> tuple[tuple[int, Contribution], ...]:
        """Return every answerable finding of a condition, strongest first, as it is shown when it is missing."""
        missing = self._missing.get(index)
        if missing is None:
            by_position: dict[int, list[Term]] = {}
            for term in self.terms_of[index]:
                if term.size and self._asked(term):
                    by_position.setdefault(term.position, []).append(term)
            ordered = sorted(by_position.items(), key=lambda one: (-self._worth(one[1]), one[0]))
            missing = self._missing[index] = tuple(
                (1 << position, missing_contribution(self.fact_texts[position][1], terms))
                for position, terms in ordered
            )
        return missing

    def _worth(self, terms: list[Term]) -> float:
        """Return what it is worth to know a finding: how much it counts, and how easily it is known."""
        ease = EASE[self.vocabulary.findings[terms[0].evidence.finding].asked_of]
        return ease * max(term.size * (1.0 if term.log_odds > 0 else 0.5) for term in terms)

    def _asked(self, term: Term) -> bool:
        return self.vocabulary.findings[term.evidence.finding].asked_of != "computed"

    def raised_by(self, rule: Rule) -> tuple[int, ...]:
        """Return the positions of the conditions that a rule raises, classes with all that is under them."""
        raised = self._raised.get(rule.flag.id)
        if raised is None:
            raised = self._raised[rule.flag.id] = tuple(
                self.position[name] for one in rule.flag.raises for name in (one, *self.descendants[one])
            )
        return raised

    def blank_way(self, rule: Rule) -> tuple[Wanted, ...]:
        """Return the shortest way to a rule from knowing nothing that it looks at."""
        way = self._blank_ways.get(rule.flag.id)
        if way is None:
            way = self._blank_ways[rule.flag.id] = self.nearest_way(rule, 0, 0) or ()
        return way

    def blank_result(self, rule: Rule, scope: Scope) -> RuleResult:
        """Return the result of a rule of which nothing is known."""
        key = (rule.flag.id, scope)
        result = self._blank_results.get(key)
        if result is None:
            result = self._blank_results[key] = undecided_result(self, rule, scope, self.blank_way(rule))
        return result

    def bare_hypothesis(self, index: int) -> Hypothesis:
        """Return a condition that is only named."""
        bare = self._bare.get(index)
        if bare is None:
            condition = self.conditions[index]
            bare = self._bare[index] = Hypothesis(
                condition.id, condition.label, 0, 0.0, 0.0, 0.0, 0.0, condition.default_tier,
            )  # fmt: skip
        return bare

    def names_of_leaves(self, finding: str) -> Iterator[str]:
        """Yield the findings that a finding is derived from, down to those that can be asked."""
        for needed in finding_ids(self.vocabulary.trees[finding]) if finding in self.vocabulary.trees else ():
            yield needed
            yield from self.names_of_leaves(needed)

    def _fact_text(self, name: tuple[str, ...]) -> tuple[str, str, str]:
        label = self.vocabulary.findings[name[0]].label
        if len(name) == 1:
            return name[0], label, f"not: {label}"
        return name[0], f"{label} {name[1]} {name[2]}", f"{label} not {name[1]} {name[2]}"

    def _general(self) -> int:
        """Return the facts that say who somebody is, and nothing of what is wrong."""
        return sum(
            1 << position
            for position, name in enumerate(self.vocabulary.compiler.fact_names)
            for finding in [self.vocabulary.findings[name[0]]]
            if finding.category in ("context", "risk_factor", "history", "activity") and finding.scope == "person"
        )

    def _telling(self) -> int:
        """Return the facts whose presence says enough of what is wrong to rank conditions, once there is a complaint."""
        mask = self.present_mask
        for position, name in enumerate(self.vocabulary.compiler.fact_names):
            if self.vocabulary.findings[name[0]].category == "context" or name[0] in PLAIN:
                mask &= ~(1 << position)
        return mask

    def _complaints(self) -> int:
        """Return the facts of a knee or leg whose presence is a complaint or a finding there."""
        return sum(
            1 << position
            for position, name in enumerate(self.vocabulary.compiler.fact_names)
            for finding in [self.vocabulary.findings[name[0]]]
            if len(name) == 1
            and finding.scope == "knee"
            and finding.category not in ("context", "history", "mechanism")
            and name[0] not in TIMES
        )

    def _forbidden(self, action: Action) -> tuple[tuple[str, int], ...]:
        names = action.contraindicated_for
        if action.screened_by:
            names += tuple(one for one in self.action_of[action.screened_by].contraindicated_for if one not in names)
        return tuple((name, self._mask(name)) for name in names)

    def _cautioned(self, action: Action) -> tuple[tuple[str, int], ...]:
        names = self.action_of[action.reviewed_by].contraindicated_for if action.reviewed_by else ()
        return tuple((name, self._mask(name)) for name in names)

    def _mask(self, name: str) -> int:
        position = self.vocabulary.bit_of.get(name)
        return 0 if position is None else 1 << position

    # --- compiling -------------------------------------------------------------------------------------------

    def _rule(self, flag: RedFlag) -> Rule:
        tree = parse(flag.when)
        node = self.vocabulary.compiler.node(tree)
        rank = TIER_RANK[flag.tier]
        hope = hopeful(tree, self.vocabulary) if rank >= TIER_RANK["soon_within_days"] else None
        leaves = self._leaves(tree, node)
        return Rule(
            flag,
            rank,
            node,
            hope,
            indispensable(hope) if hope else 0,
            node.support(),
            leaves,
            leaves | self._opened(node.support()),
            person=False,
            seen=Memo(),
        )

    def _leaves(self, tree: Criteria, node: Node) -> int:
        leaves = node.support()
        for finding in set(finding_ids(tree)):
            for leaf in (finding, *self.names_of_leaves(finding)):
                leaves |= self._mask(leaf)
        return leaves

    def _opened(self, mask: int) -> int:
        """Return facts with all that they are derived from, comparisons included."""
        derivations = self.vocabulary.derivation_of
        opened, todo = 0, mask
        while todo:
            opened |= todo
            further = 0
            for position in bits(todo):
                if position in derivations:
                    further |= derivations[position].support()
            todo = further & ~opened
        return opened

    def _instrument(self, instrument: Instrument) -> Compiled:
        node = self.vocabulary.node
        main = node(instrument.when)
        support = self._leaves(parse(instrument.when), main)
        score = parse(instrument.score) if instrument.score else None
        applies = node(instrument.applies) if instrument.applies else None
        criteria = tuple((line.text, node(line.when) if line.when else None) for line in instrument.criteria)
        total = self._sum(score) if isinstance(score, Points) else None
        bands = tuple((band.label, band.text, node(band.when)) for band in instrument.bands)
        watched = support
        for part in (main, applies, total, *(line for _, line in criteria), *(band for _, _, band in bands)):
            if part is not None:
                watched |= self._opened(part.support())
        return Compiled(
            instrument, main, opposite(main), applies, criteria, total, bands, support, watched, Memo()
        )  # fmt: skip

    def _sum(self, points: Points) -> Node:
        weights = tuple((weight, self.vocabulary.compiler.node(part)) for weight, part in points.parts)
        return Node(SUM, 0, 0, (), 0, weights)

    def _index_evidence(self) -> None:
        bit_of, reasoning = self.vocabulary.bit_of, self.reasoning
        groups = groups_of(self.files.findings, reasoning)
        numbers = {group: number for number, group in enumerate(sorted(set(groups.values())))}
        self.rules = tuple(rule._replace(groups=self._groups_in(rule.leaves, groups, numbers)) for rule in self.rules)
        present: dict[int, list[Term]] = {}
        absent: dict[int, list[Term]] = {}
        everything = []
        chooser = Chooser(reasoning)
        places = {name: (numbers[group], bit_of[name]) for name, group in groups.items() if name in bit_of}
        for index, condition in enumerate(self.conditions):
            own = tuple(chooser.terms(condition, index, places))
            for term in own:
                (present if term.present else absent).setdefault(term.position, []).append(term)
            everything.append(own)
        self.present_terms = {position: _keyed(terms) for position, terms in present.items()}
        self.absent_terms = {position: _keyed(terms) for position, terms in absent.items()}
        self.terms_of: tuple[tuple[Term, ...], ...] = tuple(everything)
        self.present_mask = sum(1 << position for position in self.present_terms)
        self.absent_mask = sum(1 << position for position in self.absent_terms)
        self.cluster_parts: dict[int, int] = {}
        for cluster in reasoning.clusters:
            mask = 0
            for part in self.names_of_leaves(cluster):
                if part in bit_of:
                    mask |= 1 << bit_of[part]
            self.cluster_parts[bit_of[cluster]] = mask
        self.cluster_mask = sum(1 << position for position in self.cluster_parts)

    def _groups_in(self, leaves: int, groups: dict[str, str], numbers: dict[str, int]) -> frozenset[int]:
        names = (self.vocabulary.compiler.fact_names[position] for position in bits(leaves))
        return frozenset(numbers[groups[name[0]]] for name in names if len(name) == 1 and name[0] in groups)

    def _ancestors(self, condition: Condition) -> Iterator[str]:
        while condition.parent:
            yield condition.parent
            condition = self.conditions[self.position[condition.parent]]

    def _family(self, condition_id: str) -> str:
        family = condition_id
        for ancestor in self.ancestors[condition_id]:
            if ancestor in self.families:
                family = ancestor
        return family

    def _start(self, condition: Condition, setting: str, sex: str, band: str | None) -> Start | None:
        priors = [prior for prior in condition.priors if prior.setting == setting]
        wanted = [band] if band is not None else [name for name, _ in AGE_BANDS[2:]]
        cells = [cell for name in wanted for cell in [_cell(priors, name, sex)] if cell is not None]
        if not cells:
            return None
        estimate = sum(cell.estimate for cell in cells) / len(cells)
        low, high = min(cell.low for cell in cells), max(cell.high for cell in cells)
        spread = (logit(min(high, 0.99)) - logit(low)) / (2 * 1.96)
        return Start(logit(estimate), spread * spread, cells[0])


def _cell(priors: Iterable[Prior], band: str | None, sex: str) -> Prior | None:
    cells = {prior.sex: prior for prior in priors if prior.age_band == band}
    return cells.get(sex) or cells.get("any")  # type: ignore[call-overload] # other and unknown sex: any


def _keyed(terms: list[Term]) -> tuple[tuple[int, float, Term], ...]:
    """Put what is compared first beside each term."""
    return tuple((term.key, term.size, term) for term in terms)


def age_band(age_years: float | None) -> str | None:
    """Return the band of an age; None if it is not known."""
    if age_years is None:
        return None
    return next(name for name, end in AGE_BANDS if age_years < end)
