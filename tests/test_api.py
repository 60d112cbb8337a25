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
from typing import Any

import msgspec
import pytest

import kneecds
from kneecds.api import Assessment, Fact, Issue, Knowledge, assess, assess_facts, shipped_knowledge, validate
from kneecds.core.facts import Origin
from kneecds.errors import KneecdsError, UsageError
from kneecds.render.json import to_json

AS_OF = "2026-01-01"
SWOLLEN = Fact("knee_swelling", "left", value=True)
SYSTEM = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1990-05-17"}},
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o",
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": SYSTEM, "code": "locked_knee"}]},
                "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "82169009"}]},
                "effectiveDateTime": "2025-12-31",
                "valueBoolean": True,
            }
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
    ran = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=True)
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
@pytest.mark.xfail(strict=True, reason="bytes that are not of type bytes are taken for a sequence and refused as not FHIR")
def test_other_bytes(kind: type) -> None:
    assert assess(kind(FORMS["bytes"]), as_of=AS_OF).status != "failure"


def test_the_input_is_left_as_it_was() -> None:
    before = json.dumps(BUNDLE)
    assess(BUNDLE, as_of=AS_OF)
    assert json.dumps(BUNDLE) == before


def test_a_date_and_its_text() -> None:
    assert to_json(assess(BUNDLE, as_of=date(2026, 1, 1))) == to_json(assess(BUNDLE, as_of=AS_OF))


@pytest.mark.parametrize("as_of", ["", "today", "2026-13-01", "2026-1-1", "01.02.2026", "2026-01-01T00:00:00", None, 20260101])
def test_a_date_that_is_none(as_of: Any) -> None:
    for call in (lambda: assess(BUNDLE, as_of=as_of), lambda: assess_facts([SWOLLEN], as_of=as_of), lambda: validate(BUNDLE, as_of=as_of)):
        with pytest.raises(UsageError, match="as_of is a date"):
            call()


def test_a_time_of_day_is_a_day_too() -> None:
    """Or it is refused; what it must not do is to break."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    try:
        answer = assess(BUNDLE, as_of=moment)
    except UsageError:
        return
    assert answer.as_of == AS_OF


test_a_time_of_day_is_a_day_too = pytest.mark.xfail(strict=True, reason="a datetime is a date to isinstance, and cannot be compared with one")(
    test_a_time_of_day_is_a_day_too,
)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"setting": "moon"}, marks=pytest.mark.xfail(strict=True, reason="an unknown setting has no priors, and is not refused")),
        pytest.param({"release": "R9"}, marks=pytest.mark.xfail(strict=True, reason="raises FileNotFoundError for broken input, passes in silence else")),
    ],
    ids=str,
)
def test_options_of_nobody(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        assess({**BUNDLE, "x": 1}, as_of=AS_OF, **options)


# --- facts ------------------------------------------------------------------------------------------------------

WRONG_FACTS = {
    "a finding of nobody": Fact("knee_swellling", "left", value=True),
    "words for yes": Fact("knee_swelling", "left", "yes"),
    "a choice of nobody": Fact("sex", "person", "banana"),
    "a truth for an amount": Fact("temperature_c", "person", value=True),
    "a side of nobody": Fact("knee_swelling", "middle", value=True),  # type: ignore[arg-type]
    "too hot to be alive": Fact("temperature_c", "person", Decimal(4000)),
    "a negative age": Fact("age_years", "person", Decimal(-5)),
    "an age that is no number": Fact("age_years", "person", Decimal("NaN")),
    "an age beyond numbers": Fact("age_years", "person", Decimal("1e400")),
    "a time that is none": Fact("knee_swelling", "left", True, Origin(time="yesterday")),
    "a month that is none": Fact("knee_swelling", "left", True, Origin(time="2025-13")),
    "the future": Fact("knee_swelling", "left", True, Origin(time="2030-01-01")),
}
NOT_REFUSED = {
    "a choice of nobody": "an issue says it was not used, but it is among the findings with state 'value'",
    "a truth for an amount": "an issue says it was not used, but it is among the findings with state 'value'",
    "a side of nobody": "taken in silence; to_fhir raises KeyError",
    "too hot to be alive": "FHIR input is held to the plausible range, facts are not",
    "a negative age": "FHIR input is held to the plausible range, facts are not",
    "an age that is no number": "raises StopIteration in core.model.age_band",
    "an age beyond numbers": "raises StopIteration in core.model.age_band",
    "a time that is none": "raises ValueError in core.statements.moment",
    "a month that is none": "raises IllegalMonthError in core.statements.moment",
    "the future": "FHIR input of the future is refused, facts are not",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=NOT_REFUSED[name])) if name in NOT_REFUSED else name for name in WRONG_FACTS],
)
def test_facts_that_cannot_be_right(name: str) -> None:
    """They are refused as the caller's error, or they are not used and an issue says so; the rest still counts."""
    fact = WRONG_FACTS[name]
    try:
        answer = assess_facts([fact, Fact("locked_knee", "left", value=True)], as_of=AS_OF)
    except KneecdsError:
        return
    assert answer.issues
    assert [known.finding for known in answer.findings if known.state in ("present", "value")] == ["locked_knee"]
    assert answer.to_fhir_bytes()


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
    foreign = msgspec.structs.replace(answer, software=msgspec.structs.replace(answer.software, knowledge_hash="0" * 64))
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
