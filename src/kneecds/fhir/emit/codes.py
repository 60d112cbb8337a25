"""What a bundle says that depends on knowledge alone, coded and encoded once and then reused."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

import msgspec

from kneecds.fhir.emit.narrative import clean
from kneecds.fhir.emit.procedures import BODY_SITE, PROCEDURES
from kneecds.fhir.emit.words import SIDE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.assessment import Option, RuleResult
    from kneecds.core.knowledge import Action, Code, Condition, Finding, RedFlag, Source

BASE: Final = "https://kneecds.org/fhir"
CONDITION_SYSTEM: Final = f"{BASE}/CodeSystem/kneecds-condition"
FINDING_SYSTEM: Final = f"{BASE}/CodeSystem/kneecds-finding"
ACTION_SYSTEM: Final = f"{BASE}/CodeSystem/kneecds-action"
RULE_SYSTEM: Final = f"{BASE}/CodeSystem/kneecds-rule"
MODULE: Final = f"{BASE}/PlanDefinition/kneecds-assessment"

ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
COMMUNICATION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/communication-category"
RISK_PROBABILITY: Final = "http://terminology.hl7.org/CodeSystem/risk-probability"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"

RULE_PARAMETERS: Final = {"met": "metRule", "met_unless": "metUnlessRule", "undecided": "undecidedRule"}

Json = dict[str, object]

_CODE: Final = re.compile(r"[A-Za-z0-9_\-.]{1,64}")
_WEB: Final = re.compile(r"https?://[!#-;=?-Z_a-z~%\[\]]+")
_MOST_KEPT: Final = 4096  # offers with their reasons; a batch meets the same few over and over

encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Offer(NamedTuple):
    """An option as pieces of JSON, but for what names the patient, the time and the resource itself."""

    group: str
    form: str  # "service", "communication" or "activity"
    body: bytes  # members of the resource; for an activity, the whole of it
    action: bytes  # members of the action in the RequestGroup
    title: str
    said: str  # in full


class Knowledge(Protocol):
    """The part of the knowledge files that a bundle shows."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that can be known."""
        ...

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that can be considered."""
        ...

    @property
    def red_flags(self) -> tuple[RedFlag, ...]:
        """The red-flag rules."""
        ...

    @property
    def actions(self) -> tuple[Action, ...]:
        """All advice."""
        ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where it comes from."""
        ...


def fragment(value: object) -> msgspec.Raw:
    """Return a value as JSON that is copied into a bundle as it is."""
    return msgspec.Raw(encode(value))


def members(value: Json) -> bytes:
    """Return the members of an object as JSON, to be spliced into another."""
    return encode(value)[1:-1]


def coding(system: str, code: str, display: str = "") -> Json:
    """Return a Coding."""
    found: Json = {"system": system, "code": code}
    if display:
        found["display"] = display
    return found


def concept(codings: list[Json], text: str) -> Json:
    """Return a CodeableConcept without empty parts."""
    found: Json = {}
    if codings:
        found["coding"] = codings
    if text:
        found["text"] = text
    return found or {"text": "not named"}


def own(system: str, code: str, display: str = "") -> list[Json]:
    """Return our own coding; nothing for an id that is no legal code."""
    return [coding(system, code, display)] if _CODE.fullmatch(code) else []


def _says_the_same(codes: Iterable[Code]) -> list[Code]:
    return [code for code in codes if code.emit and code.means == "same"]


def _published(codes: Iterable[Code], side: str) -> list[Json]:
    """Return at most one coding of each system: what fits this side and leaves no choice to be made."""
    systems: dict[str, list[Code]] = {}
    for code in _says_the_same(codes):
        if code.side in ("", side):
            systems.setdefault(code.system, []).append(code)
    found = []
    for system, candidates in systems.items():
        sided = [code for code in candidates if code.side] or candidates
        if system == ICD_10_CM and (len(sided) > 1 or "bilateral" in sided[0].display.lower()):
            continue  # a classification splits what we hold together: to pick a class would be to invent the rest
        found.append(coding(system, sided[0].code, clean(sided[0].display)))
    return found


@lru_cache(maxsize=16)
def module(knowledge_version: str) -> str:
    """Return the canonical of what was applied, with the version of its knowledge."""
    version = "".join(clean(knowledge_version).replace("|", "").split())
    return f"{MODULE}|{version}" if version else MODULE


_Piece = TypeVar("_Piece")


class Kept(dict[tuple[object, ...], _Piece]):
    """Pieces that what the knowledge says is made into, by all that they depend on; begun anew when it grows large."""

    def keep(self, key: tuple[object, ...], piece: _Piece) -> _Piece:
        """Keep a piece and return it."""
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[key] = piece
        return piece


class Catalogue:
    """The knowledge as codings, citations and ready pieces of JSON; filled as it is used, the same for everybody."""

    def __init__(self, files: Knowledge) -> None:
        """Index the knowledge files by id."""
        self._known_conditions: dict[str, Condition] = {condition.id: condition for condition in files.conditions}
        self._known_findings: dict[str, Finding] = {finding.id: finding for finding in files.findings}
        self._known_rules: dict[str, RedFlag] = {rule.id: rule for rule in files.red_flags}
        self._known_actions: dict[str, Action] = {action.id: action for action in files.actions}
        self._known_sources: dict[str, Source] = {source.id: source for source in files.sources}
        self._addresses = {source.id: source.url for source in files.sources if _WEB.fullmatch(source.url)}
        self._pieces: dict[tuple[str, str, str], msgspec.Raw] = {}
        self._rule_parameters: dict[str, dict[str, msgspec.Raw]] = {status: {} for status in RULE_PARAMETERS}
        self._citations: dict[tuple[str, ...], str] = {}
        self._offers: dict[Option, Offer] = {}
        self.texts: Kept[msgspec.Raw] = Kept()
        self.issues: Kept[tuple[bytes, bytes]] = Kept()

    @classmethod
    def of(cls, files: Knowledge) -> Catalogue:
        """Return the catalogue of some knowledge files."""
        return cls(files)

    def condition(self, condition: str, side: str, label: str = "") -> msgspec.Raw:
        """Return the concept of a condition at a side; `label` names one that the knowledge does not have."""
        key = ("condition", condition, side)
        piece = self._pieces.get(key)
        if piece is None:
            known = self._known_conditions.get(condition)
            if known is None:
                return fragment(concept(own(CONDITION_SYSTEM, condition), clean(label or condition)))
            text = clean(known.label)
            codings = [*_published(known.codes, side), *own(CONDITION_SYSTEM, condition, text)]
            piece = self._pieces[key] = fragment(concept(codings, text))
        return piece

    def label(self, name: str) -> str:
        """Return what a condition, rule or finding is called; words that are no id stay as they are."""
        condition = self._known_conditions.get(name)
        if condition is not None:
            return condition.label
        rule = self._known_rules.get(name)
        if rule is not None:
            return rule.title
        finding = self._known_findings.get(name)
        return finding.label if finding is not None else name

    def labels(self, names: Iterable[str]) -> str:
        """Return what several conditions, rules or findings are called."""
        return "; ".join([self.label(name) for name in names])

    def orders_only(self, condition: str) -> bool:
        """Whether the figure of a condition orders the list but must never reassure."""
        known = self._known_conditions.get(condition)
        return known is None or known.managed_by_probability != "yes"

    def finding(self, finding: str, label: str = "") -> msgspec.Raw:
        """Return the concept of a finding."""
        key = ("finding", finding, "")
        piece = self._pieces.get(key)
        if piece is None:
            known = self._known_findings.get(finding)
            if known is None:
                return fragment(concept(own(FINDING_SYSTEM, finding), clean(label or finding)))
            text = clean(known.label)
            codings = [*_published(known.codes, ""), *own(FINDING_SYSTEM, finding, text)]
            piece = self._pieces[key] = fragment(concept(codings, text))
        return piece

    def rule(self, rule: str, title: str = "") -> msgspec.Raw:
        """Return the concept of a red-flag rule."""
        key = ("rule", rule, "")
        piece = self._pieces.get(key)
        if piece is None:
            known = self._known_rules.get(rule)
            if known is None:
                return fragment(concept(own(RULE_SYSTEM, rule), clean(title or rule)))
            text = clean(known.title)
            piece = self._pieces[key] = fragment(concept(own(RULE_SYSTEM, rule, text), text))
        return piece

    def tier_of(self, rule: str) -> str:
        """Return the tier of a rule; empty for what is no rule."""
        known = self._known_rules.get(rule)
        return known.tier if known is not None else ""

    def reason(self, reason: str, side: str) -> msgspec.Raw:
        """Return the concept of a condition or rule that an option rests on."""
        return self.rule(reason) if reason in self._known_rules else self.condition(reason, side)

    def rule_parameters(self, rules: Iterable[RuleResult]) -> list[msgspec.Raw]:
        """Return the output parameters that name rules, each as met, met unless or undecided."""
        kept = self._rule_parameters
        return [kept[rule.status].get(rule.rule) or self._rule_parameter(rule) for rule in rules]

    def _rule_parameter(self, rule: RuleResult) -> msgspec.Raw:
        name = RULE_PARAMETERS[rule.status]
        if rule.status == "undecided" and _CODE.fullmatch(rule.rule):  # often dozens: the id is enough
            piece = fragment({"name": name, "valueCode": rule.rule})
        else:
            piece = fragment({"name": name, "valueCodeableConcept": self.rule(rule.rule, rule.title)})
        if rule.rule in self._known_rules:
            self._rule_parameters[rule.status][rule.rule] = piece
        return piece

    def condition_parameter(self, name: str, condition: str, side: str, label: str) -> msgspec.Raw:
        """Return the output parameter that names a condition without a rank."""
        key = (name, condition, side)
        piece = self._pieces.get(key)
        if piece is None:
            part = {"name": "condition", "valueCodeableConcept": self.condition(condition, side, label)}
            piece = fragment({"name": name, "part": [part]})
            if condition in self._known_conditions:
                self._pieces[key] = piece
        return piece

    def requirement(self, finding: str, scope: str) -> msgspec.Raw:
        """Return the data requirement for an Observation of a finding, by any code that means the same."""
        key = ("requirement", finding, scope)
        piece = self._pieces.get(key)
        if piece is None:
            known = self._known_findings.get(finding)
            codes = [
                coding(code.system, code.code, clean(code.display))
                for code in (_says_the_same(known.codes) if known is not None else ())
                if code.side in ("", scope)
            ]
            label = clean(known.label) if known is not None else ""
            codes += own(FINDING_SYSTEM, finding, label)
            filters: list[Json] = [{"path": "code", "code": codes}] if codes else []
            if scope in ("left", "right"):
                filters.append({"path": "bodySite", "code": [coding(*BODY_SITE[scope])]})
            required: Json = {
                "type": "Observation",
                "subjectCodeableConcept": {"coding": [coding(RESOURCE_TYPES, "Patient", "Patient")]},
            }
            if filters:
                required["codeFilter"] = filters
            piece = fragment(required)
            if known is not None:
                self._pieces[key] = piece
        return piece

    def procedure(self, action: str, scope: str, text: str) -> list[Json]:
        """Return the codings of what an action would have requested: published ones for the side, then ours."""
        by_side = PROCEDURES.get(action, {})
        published = by_side.get(scope, by_side.get("", ()))
        known = self._known_actions.get(action)
        codes = [coding(*code) for code in published] or (_published(known.codes, scope) if known is not None else [])
        return [*codes, *own(ACTION_SYSTEM, action, clean(known.text) if known is not None else text)]

    def cite(self, sources: tuple[str, ...]) -> str:
        """Return sources in short: authors and year, or the id of what the knowledge does not have."""
        found = self._citations.get(sources)
        if found is None:
            found = "; ".join(self._cite(source) for source in sources)
            if len(self._citations) < _MOST_KEPT:
                self._citations[sources] = found
        return found

    def _cite(self, source: str) -> str:
        known = self._known_sources.get(source)
        if known is None:
            return clean(source)
        names = [clean(part) for part in (known.authors, known.year)]
        said = " ".join(name for name in names if name not in ("", "-", "n/d", "n.d."))
        return said or clean(known.title)

    def web_address(self, sources: tuple[str, ...]) -> str:
        """Return the first address among the sources that can be opened; empty if none can."""
        for source in sources:
            if source in self._addresses:
                return self._addresses[source]
        return ""

    def documentation(self, sources: tuple[str, ...]) -> list[Json]:
        """Return the sources as citations."""
        found: list[Json] = []
        for source in sources:
            known = self._known_sources.get(source)
            display = clean(f"{self._cite(source)}: {known.title}") if known is not None else clean(source)
            if not display:
                continue
            cited: Json = {"type": "citation", "display": display}
            if source in self._addresses:
                cited["url"] = self._addresses[source]
            found.append(cited)
        return found

    def kept_offer(self, option: Option) -> Offer | None:
        """Return the pieces made earlier for the same option."""
        return self._offers.get(option)

    def keep_offer(self, option: Option, offer: Offer) -> Offer:
        """Keep the pieces of an option for the next bundle. Only what the knowledge says is in an option."""
        if option.action in self._known_actions:
            if len(self._offers) >= _MOST_KEPT:
                self._offers.clear()
            self._offers[option] = offer
        return offer

    def where(self, scope: str) -> str:
        """Return a scope in words."""
        return SIDE_WORDS.get(scope, SIDE_WORDS["unspecified"])
