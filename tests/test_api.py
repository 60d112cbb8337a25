"""The names a host uses: what they take, what they refuse, and that they may be called from threads."""

from __future__ import annotations

import inspect
import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest

import kneecds
from kneecds.api import Assessment, Fact, Issue, Knowledge, assess, assess_facts, shipped_knowledge, validate
from kneecds.core.facts import Origin
from kneecds.errors import UsageError
from kneecds.render.json import to_json

AS_OF = "2026-01-01"
SWOLLEN = Fact("knee_swelling", "left", value=True)
SYSTEM = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "https://example.org/fhir/Patient/p",
            "resource": {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1990-05-17"},
        },
        {
            "fullUrl": "https://example.org/fhir/Observation/o",
            "resource": {
                "resourceType": "Observation",
                "id": "o",
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": SYSTEM, "code": "locked_knee"}]},
                "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "82169009"}]},
                "effectiveDateTime": "2025-12-31",
                "valueBoolean": True,
            },
        },
    ],
}


# --- what is public ---------------------------------------------------------------------------------------------


def test_public_names() -> None:
    assert sorted(kneecds.__all__) == dir(kneecds) == sorted(kneecds.__all__)
    assert kneecds.assess is assess
    for name in kneecds.__all__:
        assert inspect.getdoc(getattr(kneecds, name)), name


def test_no_other_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'diagnose'"):
        _ = kneecds.diagnose


def test_importing_costs_nothing() -> None:
    program = "import sys, kneecds; print(sorted(name for name in sys.modules if name.split('.')[0] in ('kneecds', 'msgspec', 'click')))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "['kneecds']"


# --- what can be handed over ------------------------------------------------------------------------------------

FORMS = {
    "an object": BUNDLE,
    "text": json.dumps(BUNDLE),
    "bytes": json.dumps(BUNDLE).encode(),
    "indented bytes": json.dumps(BUNDLE, indent=4).encode(),
    "frozen mappings": msgspec.json.decode(json.dumps(BUNDLE)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_does_not_matter(form: str) -> None:
    assert to_json(assess(FORMS[form], as_of=AS_OF)) == to_json(assess(BUNDLE, as_of=AS_OF))


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_bytes(kind: type) -> None:
    body = kind(FORMS["bytes"])
    assert to_json(assess(body, as_of=AS_OF)) == to_json(assess(BUNDLE, as_of=AS_OF))
    assert validate(body, as_of=AS_OF) == ()


def test_the_input_is_left_as_it_was() -> None:
    before = json.dumps(BUNDLE)
    assess(BUNDLE, as_of=AS_OF)
    assert json.dumps(BUNDLE) == before


def test_a_date_and_its_text() -> None:
    assert to_json(assess(BUNDLE, as_of=date(2026, 1, 1))) == to_json(assess(BUNDLE, as_of=AS_OF))


@pytest.mark.parametrize(
    "as_of", ["", "today", "2026-13-01", "2026-1-1", "01.02.2026", "2026-01-01T00:00:00", None, 20260101]
)
def test_a_date_that_is_none(as_of: Any) -> None:
    for call in (
        lambda: assess(BUNDLE, as_of=as_of),
        lambda: assess_facts([SWOLLEN], as_of=as_of),
        lambda: validate(BUNDLE, as_of=as_of if as_of is not None else ""),  # without a day, meaning is not looked at
    ):
        with pytest.raises(UsageError, match="as_of is a date"):
            call()


def test_a_time_of_day_is_a_day_too() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert to_json(assess(BUNDLE, as_of=moment)) == to_json(assess(BUNDLE, as_of=AS_OF))
    assert to_json(assess_facts([SWOLLEN], as_of=moment)) == to_json(assess_facts([SWOLLEN], as_of=AS_OF))


@pytest.mark.parametrize(
    "options", [{"setting": "moon"}, {"setting": ""}, {"setting": None}, {"release": "R9"}, {"release": "r4"}], ids=str
)
def test_options_of_nobody(options: dict[str, Any]) -> None:
    """They are refused for sound input as for broken input, and by every name that takes them."""
    (name,) = options
    for body in (BUNDLE, {**BUNDLE, "x": 1}):
        with pytest.raises(UsageError, match=f"{name} is one of "):
            assess(body, as_of=AS_OF, **options)
    other = partial(assess_facts, [SWOLLEN]) if name == "setting" else partial(validate, BUNDLE)
    with pytest.raises(UsageError, match=f"{name} is one of "):
        other(as_of=AS_OF, **options)


# --- facts ------------------------------------------------------------------------------------------------------

WRONG_FACTS = {
    "a finding of nobody": (Fact("knee_swellling", "left", value=True), "finding-unknown"),
    "words for yes": (Fact("knee_swelling", "left", "yes"), "value-kind"),
    "a number for yes": (Fact("knee_swelling", "left", Decimal(1)), "value-kind"),
    "a choice of nobody": (Fact("sex", "person", "banana"), "value-kind"),
    "a truth for an amount": (Fact("temperature_c", "person", value=True), "value-kind"),
    "words for an amount": (Fact("temperature_c", "person", "39"), "value-kind"),
    "a side of nobody": (Fact("knee_swelling", "middle", value=True), "scope-unknown"),  # type: ignore[arg-type]
    "too hot to be alive": (Fact("temperature_c", "person", Decimal(4000)), "implausible"),
    "a negative age": (Fact("age_years", "person", Decimal(-5)), "implausible"),
    "an age that is no number": (Fact("age_years", "person", Decimal("NaN")), "implausible"),
    "an age beyond numbers": (Fact("age_years", "person", Decimal("1e400")), "implausible"),
    "a time that is none": (Fact("knee_swelling", "left", True, Origin(time="yesterday")), "time-unreadable"),
    "a month that is none": (Fact("knee_swelling", "left", True, Origin(time="2025-13")), "time-unreadable"),
    "the future": (Fact("knee_swelling", "left", True, Origin(time="2030-01-01")), "future"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_FACTS)
def test_facts_that_cannot_be_right(name: str) -> None:
    """They are not used and an error says so; the rest still counts, and the answer does not pretend to be complete."""
    fact, rule = WRONG_FACTS[name]
    answer = assess_facts([fact, Fact("locked_knee", "left", value=True)], as_of=AS_OF)
    assert [issue.rule for issue in answer.issues if issue.is_error] == [rule]
    assert [known.finding for known in answer.findings if known.state in ("present", "value")] == ["locked_knee"]
    assert (answer.status, answer.tier) == ("data-required", "urgent_same_day")
    assert answer.to_fhir_bytes()


def test_every_wrong_fact_is_named() -> None:
    answer = assess_facts([fact for fact, _ in WRONG_FACTS.values()], as_of=AS_OF)
    errors = [issue for issue in answer.issues if issue.is_error]
    assert [issue.rule for issue in errors] == [rule for _, rule in WRONG_FACTS.values()]
    assert [issue.expression for issue in errors] == [f"facts[{number}]" for number in range(len(WRONG_FACTS))]


def test_no_facts() -> None:
    answer = assess_facts([], as_of=AS_OF)
    assert (answer.status, answer.tier) == ("data-required", None)


# --- the answer -------------------------------------------------------------------------------------------------


def test_the_answer_is_frozen_and_typed() -> None:
    answer = assess(BUNDLE, as_of=AS_OF)
    assert isinstance(answer, Assessment)
    with pytest.raises(AttributeError):
        answer.tier = "self_care"  # type: ignore[misc]
    assert answer == assess(BUNDLE, as_of=AS_OF)
    assert hash(answer.issues) == hash(assess(BUNDLE, as_of=AS_OF).issues)


def test_the_answer_comes_back_from_json() -> None:
    answer = assess(BUNDLE, as_of=AS_OF)
    assert msgspec.json.decode(to_json(answer), type=Assessment) == answer


def test_what_a_host_needs_to_know_is_there() -> None:
    answer = assess(BUNDLE, as_of=AS_OF)
    assert answer.as_of == AS_OF
    assert answer.setting == "primary_care"
    assert answer.subject.reference == "Patient/p"
    assert answer.software.knowledge_hash == shipped_knowledge().sha256
    assert answer.tier == "urgent_same_day"
    assert [knee.side for knee in answer.knees] == ["left"]


def test_other_knowledge_must_be_named() -> None:
    answer = assess(BUNDLE, as_of=AS_OF)
    foreign = msgspec.structs.replace(
        answer, software=msgspec.structs.replace(answer.software, knowledge_hash="0" * 64)
    )
    with pytest.raises(UsageError, match="other knowledge"):
        foreign.to_fhir()


def test_issues_are_values() -> None:
    issues = validate(b"", as_of=AS_OF)
    assert all(isinstance(issue, Issue) and issue.is_error for issue in issues)
    assert validate(BUNDLE, as_of=AS_OF) == ()


def test_shipped_knowledge_is_one() -> None:
    assert isinstance(shipped_knowledge(), Knowledge)
    assert shipped_knowledge() is shipped_knowledge()


# --- how it behaves ---------------------------------------------------------------------------------------------


def test_threads() -> None:
    bodies = [json.dumps({**BUNDLE, "id": f"b{number % 3}"}).encode() for number in range(24)]

    def out(body: bytes) -> bytes:
        answer = assess(body, as_of=AS_OF)
        return to_json(answer) + answer.to_fhir_bytes()

    alone = [out(body) for body in bodies]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(out, bodies)) == alone


def test_nothing_is_logged_or_printed(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        assess(BUNDLE, as_of=AS_OF).to_fhir_bytes()
        assess(b"{", as_of=AS_OF)
        validate(BUNDLE, as_of=AS_OF)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
