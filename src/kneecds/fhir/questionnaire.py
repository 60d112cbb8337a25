"""The intake form as a FHIR R4 Questionnaire, and which answers to any such form count."""

from __future__ import annotations

import operator
import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from kneecds.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Json: TypeAlias = dict[str, object]
Answers: TypeAlias = "Mapping[str, Sequence[Mapping[str, object]]]"
"""By linkId, all `answer` entries of a QuestionnaireResponse that stand under it."""

CANONICAL = "https://kneecds.org/fhir"
URL = f"{CANONICAL}/Questionnaire/kneecds-intake"
FINDING_SYSTEM = f"{CANONICAL}/CodeSystem/kneecds-finding"
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

Side = Literal["", "left", "right"]
_KNEES: tuple[Side, Side] = ("left", "right")


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
            for knee in _KNEES:
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
        extensions = self._extensions(entry, str(item["type"]))
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


def _coded(extension: str, system: str, code: str) -> Json:
    coding = {"system": system, "code": code}
    if extension == "questionnaire-itemControl":
        return {"url": f"{_CORE}/{extension}", "valueCodeableConcept": {"coding": [coding]}}
    return {"url": f"{_CORE}/{extension}", "valueCoding": coding}


# ---- reading: which answers count --------------------------------------------------------------

_DEEPEST_CALL = 200
"""A longer chain of conditions is worked off from its beginning, not by calls within calls."""

Test: TypeAlias = "Callable[[Sequence[Mapping[str, object]]], bool]"


class Condition(NamedTuple):
    """One `enableWhen`: the question that is looked at, and what its answers must fulfil."""

    question: str
    fulfilled: Test
    as_it_stands: bool  # conditions in a circle: do not ask whether the question is enabled itself


class Coded(NamedTuple):
    """A code that an item carries."""

    system: str
    code: str


class _Gate(NamedTuple):
    """What stands before an item: its own conditions and the nearest conditioned item around it."""

    around: str
    conditions: tuple[Condition, ...]
    all_needed: bool


class Form:
    """A Questionnaire made ready for reading responses to it; build it once and keep it.

    Raises ValueError for a Questionnaire in which a linkId is missing or stands twice.
    """

    def __init__(self, questionnaire: Mapping[str, object]) -> None:
        """Note the items with their codes and prepare their conditions."""
        self.url = str(questionnaire.get("url", ""))
        self.codes: dict[str, tuple[Coded, ...]] = {}
        self.sides: dict[str, Side] = {}
        self.types: dict[str, str] = {}
        self._gates: dict[str, _Gate] = {}
        waiting = [("", item) for item in reversed(_list(questionnaire, "item"))]
        raw: dict[str, tuple[str, Mapping[str, object]]] = {}
        while waiting:
            around, item = waiting.pop()
            link_id = item.get("linkId")
            if not isinstance(link_id, str) or link_id in raw:
                msg = f"Questionnaire.item.linkId is missing or stands twice: {link_id!r}"
                raise ValueError(msg)
            raw[link_id] = (around, item)
            if item.get("enableWhen"):
                around = link_id
            waiting += [(around, child) for child in reversed(_list(item, "item"))]
        self.link_ids = tuple(raw)
        circular = _circular(raw)
        for link_id, (around, item) in raw.items():
            codes = tuple(Coded(str(c.get("system", "")), str(c.get("code", ""))) for c in _list(item, "code"))
            ours = any(coded.system == FINDING_SYSTEM for coded in codes)
            self.codes[link_id] = codes
            self.sides[link_id] = next((knee for knee in _KNEES if ours and link_id.startswith(f"{knee}.")), "")
            self.types[link_id] = str(item.get("type", ""))
            conditions = []
            for when in _list(item, "enableWhen"):
                question = str(when.get("question", ""))
                known = question if question in raw else ""  # what the form does not ask has no answer
                conditions.append(Condition(known, _test(when), link_id in circular and question in circular))
            if conditions or around:
                self._gates[link_id] = _Gate(around, tuple(conditions), item.get("enableBehavior") == "all")
        self._order, longest = _by_need(self._gates)
        self._deep = longest > _DEEPEST_CALL

    def enabled(self, answers: Answers) -> list[str]:
        """Return every item that is enabled for these answers, in the order of the form."""
        memo = self._all_opened(answers)
        return [link_id for link_id in self.link_ids if memo.get(link_id, True)]

    def heeded(self, answers: Answers) -> set[str]:
        """Return the answered items of the form that are enabled; answers under any other linkId do not count."""
        memo = self._all_opened(answers) if self._deep else {}
        types, gates, opened = self.types, self._gates, self._opened
        return {
            link_id
            for link_id in answers
            if link_id in types and (link_id not in gates or opened(link_id, gates[link_id], answers, memo))
        }

    def _all_opened(self, answers: Answers) -> dict[str, bool]:
        memo: dict[str, bool] = {}
        for link_id in self._order:
            self._opened(link_id, self._gates[link_id], answers, memo)
        return memo

    def _opened(self, link_id: str, gate: _Gate, answers: Answers, memo: dict[str, bool]) -> bool:
        known = memo.get(link_id)
        if known is not None:
            return known
        gates = self._gates
        opened = not gate.around or self._opened(gate.around, gates[gate.around], answers, memo)
        if opened and gate.conditions:
            all_needed = opened = gate.all_needed
            for question, fulfilled, as_it_stands in gate.conditions:
                given = answers.get(question, ())
                if given and not as_it_stands:
                    before = gates.get(question)
                    if before is not None and not self._opened(question, before, answers, memo):
                        given = ()  # what a disabled question was answered does not count
                if fulfilled(given) is not all_needed:
                    opened = not all_needed
                    break
        memo[link_id] = opened
        return opened


def _circular(raw: Mapping[str, tuple[str, Mapping[str, object]]]) -> frozenset[str]:
    """Return the items whose being enabled depends on itself, with what stands between two such circles."""
    needs: dict[str, set[str]] = {}
    needed_by: dict[str, set[str]] = {link_id: set() for link_id in raw}
    for link_id, (around, item) in raw.items():
        asked = {around, *(str(when.get("question", "")) for when in _list(item, "enableWhen"))}
        needs[link_id] = asked & raw.keys()
        for other in needs[link_id]:
            needed_by[other].add(link_id)
    return _without_ends(needs, needed_by) & _without_ends(needed_by, needs)


def _without_ends(leads_to: Mapping[str, set[str]], comes_from: Mapping[str, set[str]]) -> frozenset[str]:
    """Take away items that lead nowhere, again and again, until only those are left that lead into a circle."""
    open_ways = {link_id: len(others) for link_id, others in leads_to.items()}
    ends = [link_id for link_id, count in open_ways.items() if not count]
    while ends:
        for link_id in comes_from[ends.pop()]:
            open_ways[link_id] -= 1
            if not open_ways[link_id]:
                ends.append(link_id)
    return frozenset(link_id for link_id, count in open_ways.items() if count)


def _needs(gate: _Gate, gates: Mapping[str, _Gate]) -> list[str]:
    questions = [condition.question for condition in gate.conditions if not condition.as_it_stands]
    return [link_id for link_id in (gate.around, *questions) if link_id in gates]


def _by_need(gates: Mapping[str, _Gate]) -> tuple[tuple[str, ...], int]:
    """Order gated items so that each comes after those it depends on, and say how long the longest chain is."""
    order: dict[str, int] = {}
    for first in gates:
        waiting = [first]
        while waiting:
            link_id = waiting[-1]
            needed = _needs(gates[link_id], gates)
            lacking = [other for other in needed if other not in order]
            if lacking:
                waiting += lacking
            else:
                waiting.pop()
                order.setdefault(link_id, 1 + max((order[other] for other in needed), default=0))
    return tuple(order), max(order.values(), default=0)


def _list(holder: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    entries = holder.get(key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


# https://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html; the definitions of > < >= <= are
# garbled there ("at least no answer") and are read as R5 words them: at least one answer.
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def _test(when: Mapping[str, object]) -> Test:
    """Compile one `enableWhen`; an unusable one is never fulfilled."""
    sign = when.get("operator")
    kind, expected = next(((key[6:], when[key]) for key in when if key.startswith("answer")), ("", None))
    if sign == "exists":
        return lambda answers: any(key.startswith("value") for a in answers for key in a) is expected
    if kind == "Boolean" and sign == "=":
        return _boolean_test(expected)
    if kind == "Coding" and isinstance(expected, dict) and sign in ("=", "!="):
        return _coding_test(expected, equal=sign == "=")
    relation: Callable[[Any, Any], bool] = _ORDERINGS.get(str(sign), operator.eq)
    if sign not in ("=", "!=", *_ORDERINGS):
        return lambda _: False
    comparable = _COMPARABLE.get(kind, _never)
    wanted = comparable(expected)
    keys = ("valueInteger", "valueDecimal") if kind in ("Integer", "Decimal") else (f"value{kind}",)

    def related(answers: Sequence[Mapping[str, object]]) -> bool:
        given = [comparable(answer[key]) for answer in answers for key in keys if key in answer]
        return wanted is not None and any(g and g[0] == wanted[0] and relation(g[1], wanted[1]) for g in given)

    return related if sign != "!=" else lambda answers: not related(answers)


def _boolean_test(expected: object) -> Test:
    def fulfilled(answers: Sequence[Mapping[str, object]]) -> bool:
        for answer in answers:  # noqa: SIM110 - a generator costs more than all the rest of it
            if answer.get("valueBoolean") is expected:
                return True
        return False

    return fulfilled


def _coding_test(expected: Mapping[str, object], *, equal: bool) -> Test:
    """Compare codes, and systems where both sides name one; a Coding without a code is known by its display."""
    system, key = expected.get("system"), "code" if "code" in expected else "display"
    word = expected.get(key)

    def fulfilled(answers: Sequence[Mapping[str, object]]) -> bool:
        for answer in answers:
            coding = answer.get("valueCoding")
            if isinstance(coding, dict) and coding.get(key) == word:
                other = coding.get("system")
                if other == system or not other or not system:
                    return equal
        return not equal

    return fulfilled


_Comparable: TypeAlias = "tuple[str, Any] | None"
"""What must agree before two values compare (unit, precision), and the value; None: compares with nothing."""


def _never(_: object) -> _Comparable:
    return None


def _number(value: object) -> _Comparable:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return "", Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _quantity(value: object) -> _Comparable:
    number = _number(value.get("value")) if isinstance(value, dict) else None
    if number is None or not isinstance(value, dict) or "comparator" in value:
        return None
    unit = f"{value['system']}|{value.get('code')}" if "system" in value else str(value.get("unit", ""))
    return unit, number[1]


def _moment(value: object) -> _Comparable:
    if not isinstance(value, str) or "T" not in value:
        return _text(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return f"{moment.tzinfo is None}", moment


def _text(value: object) -> _Comparable:
    return (f"{len(value)} characters", value) if isinstance(value, str) else None


_COMPARABLE: dict[str, Callable[[object], _Comparable]] = {
    "Boolean": lambda value: ("", value) if isinstance(value, bool) else None,
    "Integer": _number,
    "Decimal": _number,
    "Quantity": _quantity,
    "Date": _text,
    "DateTime": _moment,
    "Time": lambda value: ("", value) if isinstance(value, str) else None,
    "String": lambda value: ("", value) if isinstance(value, str) else None,
    "Reference": lambda value: ("", value.get("reference")) if isinstance(value, dict) else None,
}
