"""The intake form as a FHIR R4 Questionnaire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from kneecds.errors import KnowledgeError
from kneecds.fhir.form import DENIES, FINDING_SYSTEM, KNEES, Form, Side
from kneecds.fhir.sdc.content import Content, Entry
from kneecds.fhir.sdc.extensions import BODY_SITE, EXTRACT, SHORT_TEXT
from kneecds.fhir.sdc.head import LOINC, MEANS, SITES, SNOMED, URL, head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kneecds.fhir.sdc.content import FindingLike

Json: TypeAlias = dict[str, Any]

__all__ = ["CHOICE_SYSTEM", "FINDING_SYSTEM", "URL", "Form", "build"]

CANONICAL = "https://kneecds.org/fhir"
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
_CONDITION = re.compile(r"(\w+)(?: *(=|>=|<=|>|<) *(\S+))?")


class _Asked(NamedTuple):
    """A question that stands earlier in the form; `option` names the one that states a finding."""

    link_id: str
    entry: Entry
    kind: str
    option: str = ""


def build(intake: object, findings: Mapping[str, FindingLike], version: str) -> Json:
    """Turn the parsed content of `intake.yaml` into a Questionnaire, or raise KnowledgeError with every problem."""
    try:
        content = msgspec.convert(intake, Content)
    except msgspec.ValidationError as error:
        raise KnowledgeError((f"intake: {error}",)) from error
    writer = _Writer(findings)
    items = [item for entry in content.items for item in writer.items(entry, "")]
    problems = [*writer.problems, *writer.missing()]
    if problems:
        raise KnowledgeError(tuple(f"intake: {problem}" for problem in problems))
    return {**head(content, version), "item": items}


class _Writer:
    """Writes items in the order of the form and remembers what was asked before."""

    def __init__(self, findings: Mapping[str, FindingLike]) -> None:
        self.findings = findings
        self.problems: list[str] = []
        self._asked: dict[str, dict[Side, _Asked]] = {}
        self._groups: set[str] = set()

    def items(self, entry: Entry, side: Side) -> Iterator[Json]:
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

    def _item(self, entry: Entry, side: Side) -> Json:
        names = [name for name in (entry.group, entry.finding, entry.gate) if name]
        if len(names) != 1:
            self.problems.append(f"{entry.text!r}: needs one of group, finding and gate")
        name = entry.finding or (f"group.{entry.group}" if entry.group else f"gate.{entry.gate}")
        item: Json = {"linkId": f"{side}.{name}" if side else name}
        codes = self._codes(entry)
        if codes:
            item["code"] = codes
        item["text"] = entry.text.replace("{side}", side)
        item["type"] = "group" if entry.group else self._kind(entry)
        item |= self._conditions(entry, side, name)
        if entry.group:
            self._once(self._groups, str(item["linkId"]))
            if entry.each:
                item = _with_extensions(item, [{"url": BODY_SITE, "valueCodeableConcept": SITES["knee", side]}])
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
        if entry.several:
            self._state(entry, side, str(item["linkId"]))
        extensions = [*self._extensions(entry, side, str(item["type"])), *self._denials(entry, side)]
        item = _with_extensions(item, extensions)
        if entry.help:
            hint = _coded("questionnaire-itemControl", "http://hl7.org/fhir/questionnaire-item-control", "help")
            item["item"] = [
                {"linkId": f"{item['linkId']}.help", "extension": [hint], "text": entry.help, "type": "display"}
            ]
        return item

    def _codes(self, entry: Entry) -> list[Json]:
        """Return the codes of a question: our own, and those published ones that mean the same on either side."""
        if entry.means:
            return [MEANS[entry.means]]
        finding = self.findings.get(entry.finding)
        if finding is None:
            return []
        found: list[Json] = [{"system": FINDING_SYSTEM, "code": entry.finding, "display": finding.label}]
        for code in finding.codes:
            fits = code.means == "same" and code.emit and not code.side and "(procedure)" not in code.display
            if fits and code.system in (SNOMED, LOINC) and code.system not in {known["system"] for known in found}:
                found.append({"system": code.system, "code": code.code, "display": code.display})
        return found

    def _kind(self, entry: Entry) -> str:
        finding = self.findings.get(entry.finding)
        if entry.gate:
            return "choice"
        if finding is None:
            self.problems.append(f"{entry.finding}: no such finding")
            return "boolean"
        return entry.kind or finding.value_type

    def _remember(self, entry: Entry, side: Side, link_id: str, kind: str) -> None:
        name = entry.finding or entry.gate
        finding = self.findings.get(name)
        if finding is not None and (finding.scope == "knee") != bool(side):
            self.problems.append(f"{name}: is a finding of the {finding.scope}, and is asked elsewhere")
        sides = self._asked.setdefault(name, {})
        if side in sides:
            self.problems.append(f"{link_id}: asked twice")
        sides[side] = _Asked(link_id, entry, kind)

    def _state(self, entry: Entry, side: Side, link_id: str) -> None:
        """Note the options that state a finding."""
        stated = [key for key in entry.options if entry.means and key in self.findings]
        if entry.means and not stated:
            self.problems.append(f"{entry.gate}: has `means` and no option that states a finding")
        for key in stated:
            finding = self.findings[key]
            if finding.value_type != "boolean" or finding.asked_of != "patient":
                self.problems.append(f"{entry.gate}: {key} is nothing that a patient can state by choosing it")
            if (finding.scope == "knee") != bool(side):
                self.problems.append(f"{key}: is a finding of the {finding.scope}, and is asked elsewhere")
            sides = self._asked.setdefault(key, {})
            if side in sides:
                self.problems.append(f"{link_id}: {key} is asked twice")
            sides[side] = _Asked(link_id, entry, "choice", key)

    def _once(self, seen: set[str], link_id: str) -> None:
        if link_id in seen:
            self.problems.append(f"{link_id}: used twice")
        seen.add(link_id)

    def _conditions(self, entry: Entry, side: Side, name: str) -> Json:
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
            value = self._value(question, match[3] or question.option or "yes")
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

    def _codings(self, entry: Entry) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each option of a choice; the codes of a gate carry its name, those of a finding stand alone."""
        for key, text in entry.options.items():
            if entry.means and key in self.findings:
                yield key, {"system": FINDING_SYSTEM, "code": key, "display": text}
                continue
            code = f"{entry.gate}.{key}" if entry.gate else key
            yield key, {"system": CHOICE_SYSTEM, "code": code, "display": text}
        if entry.unsure:
            yield UNSURE, {"system": ABSENT_SYSTEM, "code": "asked-unknown", "display": entry.unsure}

    def _options(self, entry: Entry) -> list[Json]:
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

    def _extensions(self, entry: Entry, side: Side, kind: str) -> list[Json]:
        found: list[Json] = []
        if entry.gate and not entry.means:  # some engines make Observations without a code of it
            found.append({"url": EXTRACT, "valueBoolean": False})
        if entry.site and side:
            found.append({"url": BODY_SITE, "valueCodeableConcept": SITES[entry.site, side]})
        control = entry.control or ("check-box" if entry.several else "")
        if control:
            found.append(_coded("questionnaire-itemControl", "http://hl7.org/fhir/questionnaire-item-control", control))
        if entry.several:
            found.append({"url": f"{_CORE}/questionnaire-choiceOrientation", "valueCode": "vertical"})
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
        label = entry.clinician or (finding.label if finding is not None else "")
        if label:
            found.append({"url": SHORT_TEXT, "valueString": label})
        return found

    def _denials(self, entry: Entry, side: Side) -> Iterator[Json]:
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
    return {"url": f"{_CORE}/{extension}", "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


def _with_extensions(item: Json, extensions: Sequence[Json]) -> Json:
    """Put extensions where FHIR's own examples have them: behind the linkId."""
    if not extensions:
        return item
    link_id = {"linkId": item["linkId"]}
    return {**link_id, "extension": list(extensions), **{key: item[key] for key in item if key != "linkId"}}
