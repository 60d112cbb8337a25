"""A Questionnaire made ready for reading: which answers count, and what an answer denies."""

from __future__ import annotations

import operator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Answers: TypeAlias = "Mapping[str, Sequence[Mapping[str, object]]]"
"""By linkId, all `answer` entries of a QuestionnaireResponse that stand under it."""

FINDING_SYSTEM: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
DENIES: Final = "https://kneecds.org/fhir/StructureDefinition/kneecds-denies"
"""On a question with options: the findings (`finding`) that are absent when an option (`option`) is not chosen."""

ASSERTING: Final = frozenset(
    {("http://loinc.org", "75325-1"), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "ASSERTION")}
)
"""Codes of questions whose answer is itself the finding that is present: "Symptom", and an assertion."""

Side = Literal["", "left", "right"]
KNEES: Final[tuple[Side, Side]] = ("left", "right")

_ALONE: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive"
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


class Denial(NamedTuple):
    """A finding that is absent when none of these options is chosen."""

    finding: Coded
    options: frozenset[str]


class Denials(NamedTuple):
    """What the answers to one question with options deny."""

    offered: dict[str, str]  # by code of an option, its system
    alone: frozenset[str]  # options that go with no other, such as "none of these"
    denied: tuple[Denial, ...]


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
        self.denials: dict[str, Denials] = {}
        self.states: dict[str, tuple[str, ...]] = {}  # the findings of ours that its options state
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
            codes = tuple(_coded(coding) for coding in _list(item, "code"))
            denials = _denials(item)
            if denials is not None:
                self.denials[link_id] = denials
            stated = _stated(item, codes)
            if stated:
                self.states[link_id] = stated
            ours = denials is not None or stated or any(coded.system == FINDING_SYSTEM for coded in codes)
            self.codes[link_id] = codes
            self.sides[link_id] = next((knee for knee in KNEES if ours and link_id.startswith(f"{knee}.")), "")
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


def _coded(coding: Mapping[str, object]) -> Coded:
    return Coded(str(coding.get("system", "")), str(coding.get("code", "")))


def _stated(item: Mapping[str, object], codes: tuple[Coded, ...]) -> tuple[str, ...]:
    """Return the findings that options state, if the question says that its answers are findings that are present."""
    if ASSERTING.isdisjoint(codes):
        return ()
    options = [
        _coded(coding)
        for option in _list(item, "answerOption")
        for coding in [option.get("valueCoding")]
        if isinstance(coding, dict)
    ]
    return tuple(coded.code for coded in options if coded.system == FINDING_SYSTEM)


def _denials(item: Mapping[str, object]) -> Denials | None:
    """Read the declaration of a question; None if it has none that can be used."""
    options: dict[Coded, set[str]] = {}
    for extension in _list(item, "extension"):
        if extension.get("url") == DENIES:
            parts = [(part.get("url"), part.get("valueCoding")) for part in _list(extension, "extension")]
            named = [(url, _coded(value)) for url, value in parts if isinstance(value, dict)]
            chosen = {coded.code for url, coded in named if url == "option"}
            for url, coded in named:
                if url == "finding":
                    options.setdefault(coded, set()).update(chosen)
    if not options:
        return None
    offered: dict[str, str] = {}
    alone: set[str] = set()
    for option in _list(item, "answerOption"):
        coding = option.get("valueCoding")
        if isinstance(coding, dict) and coding.get("code"):
            offered[str(coding["code"])] = str(coding.get("system", ""))
            marks = _list(option, "extension")
            if any(mark.get("url") == _ALONE and mark.get("valueBoolean") is True for mark in marks):
                alone.add(str(coding["code"]))
    sound = tuple(
        Denial(finding, frozenset(chosen)) for finding, chosen in options.items() if chosen and chosen <= offered.keys()
    )
    return Denials(offered, frozenset(alone), sound) if sound and item.get("repeats") is True else None


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
