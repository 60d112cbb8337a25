"""The intake form as a FHIR R4 Questionnaire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from kneecds.errors import KnowledgeError
from kneecds.fhir.form import DENIES, FINDING_SYSTEM, KNEES, Form, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json: TypeAlias = dict[str, object]

__all__ = ["CHOICE_SYSTEM", "FINDING_SYSTEM", "URL", "FindingLike", "Form", "build"]

CANONICAL = "https://kneecds.org/fhir"
URL = f"{CANONICAL}/Questionnaire/kneecds-intake"
CHOICE_SYSTEM = f"{CANONICAL}/CodeSystem/kneecds-choice"
ABSENT_SYSTEM = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
UCUM = "http://unitsofmeasure.org"

UNSURE = "unsure"
"""How a condition in the content names the choice "I am not sure"; in FHIR it is `asked-unknown`."""

EXCLUSIVE = frozenset({"none", "unknown"})
"""Options that go with no other option of their question."""

UNIT_NAMES = {
    "a": "years",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "{score}": "of 10",
}
"""What a patient reads for a UCUM unit."""

_CORE = "http://hl7.org/fhir/StructureDefinition"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
_CONDITION = re.compile(r"(\w+)(?: *(=|>=|<=|>|<) *(\S+))?")


class FindingLike(Protocol):
    """What the form needs to know of a finding."""

    @property
    def label(self) -> str:
        """A short name for clinicians."""

    @property
    def value_type(self) -> str:
        """Either boolean, quantity or choice."""

    @property
    def scope(self) -> str:
        """Either knee or person."""

    @property
    def asked_of(self) -> str:
        """Who can answer it."""

    @property
    def unit(self) -> str:
        """The UCUM unit of a quantity."""

    @property
    def choices(self) -> Sequence[str]:
        """The values of a choice."""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group or a question of the content; the head of `intake.yaml` says what the keys mean."""

    text: str
    group: str = ""
    finding: str = ""
    gate: str = ""
    items: tuple[_Entry, ...] = ()
    each: Literal["", "knee"] = ""
    opened_by_any: tuple[str, ...] = msgspec.field(default=(), name="any")
    opened_by_all: tuple[str, ...] = msgspec.field(default=(), name="all")
    help: str = ""
    clinician: str = ""
    options: dict[str, str] = {}
    denies: dict[str, tuple[str, ...]] = {}
    unsure: str = ""
    several: bool = False
    required: bool = False
    kind: Literal["", "integer", "decimal"] = ""
    units: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    control: str = ""


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    purpose: str
    items: tuple[_Entry, ...]


class _Asked(NamedTuple):
    """A question that stands earlier in the form."""

    link_id: str
    entry: _Entry
    kind: str


def build(intake: object, findings: Mapping[str, FindingLike], version: str) -> Json:
    """Turn the parsed content of `intake.yaml` into a Questionnaire, or raise KnowledgeError with every problem."""
    try:
        content = msgspec.convert(intake, _Content)
    except msgspec.ValidationError as error:
        raise KnowledgeError((f"intake: {error}",)) from error
    writer = _Writer(findings)
    items = [item for entry in content.items for item in writer.items(entry, "")]
    problems = [*writer.problems, *writer.missing()]
    if problems:
        raise KnowledgeError(tuple(f"intake: {problem}" for problem in problems))
    return {
        "resourceType": "Questionnaire",
        "id": "kneecds-intake",
        "extension": [_coded("artifact-versionAlgorithm", "http://hl7.org/fhir/version-algorithm", "semver")],
        "url": URL,
        "version": version,
        "name": "KneecdsIntake",
        "title": content.title,
        "status": "active",
        "subjectType": ["Patient"],
        "purpose": content.purpose,
        "item": items,
    }


class _Writer:
    """Writes items in the order of the form and remembers what was asked before."""

    def __init__(self, findings: Mapping[str, FindingLike]) -> None:
        self.findings = findings
        self.problems: list[str] = []
        self._asked: dict[str, dict[Side, _Asked]] = {}
        self._groups: set[str] = set()

    def items(self, entry: _Entry, side: Side) -> Iterator[Json]:
        """Yield the item, or its left and its right form."""
        if not entry.each:
            yield self._item(entry, side)
        elif side:
            self.problems.append(f"{entry.group}: a group for each knee inside another")
        else:
            for knee in KNEES:
                yield self._item(entry, knee)

    def missing(self) -> list[str]:
        """Say which findings a patient can answer are nowhere asked."""
        wanted = (name for name, finding in self.findings.items() if finding.asked_of == "patient")
        return [f"{name}: never asked" for name in wanted if name not in self._asked]

    def _item(self, entry: _Entry, side: Side) -> Json:
        names = [name for name in (entry.group, entry.finding, entry.gate) if name]
        if len(names) != 1:
            self.problems.append(f"{entry.text!r}: needs one of group, finding and gate")
        name = entry.finding or (f"group.{entry.group}" if entry.group else f"gate.{entry.gate}")
        item: Json = {"linkId": f"{side}.{name}" if side else name}
        if entry.finding in self.findings:
            coding = {"system": FINDING_SYSTEM, "code": entry.finding, "display": self.findings[entry.finding].label}
            item["code"] = [coding]
        item["text"] = entry.text.replace("{side}", side)
        item["type"] = "group" if entry.group else self._kind(entry)
        item |= self._conditions(entry, side, name)
        if entry.group:
            self._once(self._groups, str(item["linkId"]))
            item["item"] = [inner for child in entry.items for inner in self.items(child, side)]
            return item
        self._remember(entry, side, str(item["linkId"]), str(item["type"]))
        if entry.required:
            item["required"] = True
        if entry.several:
            item["repeats"] = True
        options = self._options(entry)
        if options:
            item["answerOption"] = options
        extensions = [*self._extensions(entry, str(item["type"])), *self._denials(entry, side)]
        if extensions:
            item["extension"] = extensions
        if entry.help:
            hint = _coded("questionnaire-itemControl", "http://hl7.org/fhir/questionnaire-item-control", "help")
            item["item"] = [
                {"linkId": f"{item['linkId']}.help", "extension": [hint], "text": entry.help, "type": "display"}
            ]
        return item

    def _kind(self, entry: _Entry) -> str:
        finding = self.findings.get(entry.finding)
        if entry.gate:
            return "choice"
        if finding is None:
            self.problems.append(f"{entry.finding}: no such finding")
            return "boolean"
        return entry.kind or finding.value_type

    def _remember(self, entry: _Entry, side: Side, link_id: str, kind: str) -> None:
        name = entry.finding or entry.gate
        finding = self.findings.get(name)
        if finding is not None and (finding.scope == "knee") != bool(side):
            self.problems.append(f"{name}: is a finding of the {finding.scope}, and is asked elsewhere")
        sides = self._asked.setdefault(name, {})
        if side in sides:
            self.problems.append(f"{link_id}: asked twice")
        sides[side] = _Asked(link_id, entry, kind)

    def _once(self, seen: set[str], link_id: str) -> None:
        if link_id in seen:
            self.problems.append(f"{link_id}: used twice")
        seen.add(link_id)

    def _conditions(self, entry: _Entry, side: Side, name: str) -> Json:
        texts = entry.opened_by_all or entry.opened_by_any
        if entry.opened_by_all and entry.opened_by_any:
            self.problems.append(f"{name}: has both any and all")
        found = []
        for text in texts:
            conditions = list(self._condition(text.replace("{side}", side), side, name))
            if entry.opened_by_all and len(conditions) > 1:
                self.problems.append(f"{name}: {text!r} may mean either knee, which `all` cannot say")
            found += conditions
        if not found:
            return {}
        behavior = {"enableBehavior": "all" if entry.opened_by_all else "any"} if len(found) > 1 else {}
        return {"enableWhen": found, **behavior}

    def _condition(self, text: str, side: Side, name: str) -> Iterator[Json]:
        match = _CONDITION.fullmatch(text)
        asked = self._asked.get(match[1], {}) if match else {}
        nearest = next((asked[here] for here in (side, "") if here in asked), None)
        meant = [nearest] if nearest else [] if side else list(asked.values())
        if match is None or not meant:
            self.problems.append(f"{name}: {text!r} does not name an earlier question")
            return
        for question in meant:
            value = self._value(question, match[3] or "yes")
            if value is None:
                self.problems.append(f"{name}: {text!r} is no answer to {question.link_id}")
            else:
                yield {"question": question.link_id, "operator": match[2] or "=", **value}

    def _value(self, question: _Asked, word: str) -> Json | None:
        if question.kind == "boolean":
            return {"answerBoolean": word == "yes"} if word in ("yes", "no") else None
        if question.kind == "choice":
            for key, coding in self._codings(question.entry):
                if key == word:
                    return {"answerCoding": {"system": coding["system"], "code": coding["code"]}}
            return None
        if question.kind in ("integer", "decimal") and word.isdigit():
            return {f"answer{question.kind.capitalize()}": int(word)}
        return None

    def _codings(self, entry: _Entry) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each option of a choice; the codes of a gate carry its name, those of a finding stand alone."""
        for key, text in entry.options.items():
            code = f"{entry.gate}.{key}" if entry.gate else key
            yield key, {"system": CHOICE_SYSTEM, "code": code, "display": text}
        if entry.unsure:
            yield UNSURE, {"system": ABSENT_SYSTEM, "code": "asked-unknown", "display": entry.unsure}

    def _options(self, entry: _Entry) -> list[Json]:
        finding = self.findings.get(entry.finding)
        if finding is not None and sorted(entry.options) != sorted(finding.choices):
            self.problems.append(f"{entry.finding}: options are not the choices of the finding")
        if entry.gate and not entry.options:
            self.problems.append(f"{entry.gate}: has no options")
        options: list[Json] = []
        for key, coding in self._codings(entry):
            option: Json = {"valueCoding": coding}
            if entry.several and key in EXCLUSIVE:
                alone = {"url": f"{_CORE}/questionnaire-optionExclusive", "valueBoolean": True}
                option = {"extension": [alone], **option}
            options.append(option)
        return options

    def _extensions(self, entry: _Entry, kind: str) -> list[Json]:
        found: list[Json] = []
        control = entry.control or ("check-box" if entry.several else "")
        if control:
            found.append(_coded("questionnaire-itemControl", "http://hl7.org/fhir/questionnaire-item-control", control))
        finding = self.findings.get(entry.finding)
        if finding is not None and finding.unit:
            # LHC-Forms takes questionnaire-unit on numbers only, questionnaire-unitOption on quantities only.
            url = f"{_CORE}/questionnaire-{'unitOption' if kind == 'quantity' else 'unit'}"
            for unit in entry.units or (finding.unit,):
                coding = {"system": UCUM, "code": unit, "display": UNIT_NAMES.get(unit, unit)}
                found.append({"url": url, "valueCoding": coding})
        for limit, bound in (("minValue", entry.least), ("maxValue", entry.most)):
            if bound is not None:
                found.append({"url": f"{_CORE}/{limit}", f"value{kind.capitalize()}": bound})
        if entry.clinician:
            found.append({"url": f"{_SDC}/sdc-questionnaire-shortText", "valueString": entry.clinician})
        return found

    def _denials(self, entry: _Entry, side: Side) -> Iterator[Json]:
        """Yield for each option the findings that are absent when it is not chosen."""
        name = entry.gate or entry.finding or entry.group
        if entry.denies and not (entry.gate and entry.several):
            self.problems.append(f"{name}: only a gate of several options denies")
        if entry.denies and (entry.unsure or "unknown" in entry.options):
            self.problems.append(f"{name}: who may answer that they do not know denies nothing")
        systems = dict(self._codings(entry))
        for key, denied in entry.denies.items():
            if key not in entry.options or key in EXCLUSIVE:
                self.problems.append(f"{name}: {key} is no option that denies")
                continue
            for finding in denied:
                known = self.findings.get(finding)
                if known is None or known.value_type != "boolean" or known.asked_of != "patient":
                    self.problems.append(f"{name}: {finding} is nothing that a patient can deny")
                elif (known.scope == "knee") != bool(side):
                    problem = f"{name}: {finding} is a finding of the {known.scope}, and is denied elsewhere"
                    self.problems.append(problem)
            option = {"system": systems[key]["system"], "code": systems[key]["code"]}
            codings = [("option", option), *(("finding", {"system": FINDING_SYSTEM, "code": one}) for one in denied)]
            yield {"url": DENIES, "extension": [{"url": url, "valueCoding": coding} for url, coding in codings]}


def _coded(extension: str, system: str, code: str) -> Json:
    coding = {"system": system, "code": code}
    if extension == "questionnaire-itemControl":
        return {"url": f"{_CORE}/{extension}", "valueCodeableConcept": {"coding": [coding]}}
    return {"url": f"{_CORE}/{extension}", "valueCoding": coding}
