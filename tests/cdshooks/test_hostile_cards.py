"""Whatever a client sends, and wherever, a card shows it as text: through every place by which input reaches a card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cdshooks.calls import AS_OF, service_of
from cdshooks.hostile import HOSTILE
from cdshooks.patients import DAY, answered, seen, septic
from cdshooks.response_rules import problems
from cdshooks.shown import markup, shown
from test_examples import assessed

from kneecds.api import assess
from kneecds.cdshooks.advise import advise
from kneecds.cdshooks.model import Context, HookRequest, Presentation, Query, Supply
from kneecds.cdshooks.record import Record
from kneecds.errors import error
from kneecds.fhir.concepts import FINDING_SYSTEM
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from cdshooks.calls import Json

KNOWN_LINKS = frozenset(source.url for source in shipped().sources)


def code(text: str) -> Json:
    return {"coding": [{"system": text, "code": text, "display": text}], "text": text}


def everywhere(text: str) -> list[Json]:
    """Return resources that carry a text in each element that an issue or a card could repeat."""
    own = {"coding": [{"system": FINDING_SYSTEM, "code": text}]}
    of = {"subject": {"reference": "Patient/p"}}
    pain = {"value": 1, "unit": text, "system": "http://unitsofmeasure.org", "code": text}
    return [
        *septic(),
        seen("knee_pain", text, "right"),
        seen("crp_mg_l", pain),
        seen("warmth", True, "right", id=text),
        seen("erythema", True, "right", status=text),
        seen("effusion", True, "right", effectiveDateTime=text),
        seen("crepitus", True, "right", code=own),
        seen("locking", True, "right", bodySite=code(text)),
        seen("clicking", True, "right", subject={"reference": "Patient/p", "display": text}, note=[{"text": text}]),
        seen("limp", True, "right", modifierExtension=[{"url": text, "valueString": text}]),
        {"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
         "medicationCodeableConcept": code(text), **of},
        {"resourceType": "AllergyIntolerance", "id": "a", "code": code(text), "patient": {"reference": "Patient/p"}},
        {"resourceType": "Condition", "id": "c", "code": code(text), **of},
        {"resourceType": "Condition", "id": "d", "code": own, **of, "clinicalStatus": code(text)},
        {"resourceType": "Procedure", "id": "q", "status": text, "code": code(text), **of},
        answered("completed", DAY) | {"questionnaire": text},
        answered("completed", DAY, (text, True)) | {"id": "r2"},
        answered(text, text, ("fever", True)) | {"id": "r3"},
        {"resourceType": text, "id": text, text: text},
    ]  # fmt: skip


def legal(text: str) -> str:
    """Return a text as JSON can carry it; with a lone surrogate nothing is read, and that is a failure."""
    return text.encode("utf-8", "replace").decode()


def cards(text: str, kind: str, resources: list[Json] | None = None) -> list[Json]:
    """Return the cards for a record that is hostile in every part, its notes and issues included."""
    service = service_of(kind)
    request = HookRequest(service.hook, "i", Context("Practitioner/d", "p", "e"))
    sent = everywhere(legal(text)) if resources is None else resources
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in sent]})
    query = Query("medicines", "MedicationRequest?x", text)
    issue = error("incomplete", "query-in-part", f"Bundle.entry[0].{text}", text)
    record = Record(bundle.encode(), (issue,), (query,), (Supply(query, "failed", note=text),))
    advice = advise(
        service, request, record, knowledge=shipped(), as_of=AS_OF, setting="primary_care", presentation=Presentation()
    )
    found: list[Json] = json.loads(msgspec.json.encode(advice.cards))
    return found


@pytest.mark.parametrize("kind", ["assessment", "intake"])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_nothing_but_text_comes_out(text: str, kind: str) -> None:
    found = cards(text, kind)
    assert found[0]["indicator"] == "critical", "the emergency stands, whatever is broken beside it"
    for card in found:
        assert markup(card["detail"]) == []
        assert set(shown(card["detail"]).links) <= KNOWN_LINKS
        assert len(card["detail"]) < 20_000
    assert problems({"cards": found}) == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_nothing_but_text_comes_out_of_the_other_cards(text: str) -> None:
    mild = [one for one in everywhere(legal(text)) if one["id"] not in {sick["id"] for sick in septic()} - {"p"}]
    for kind in ("assessment", "intake"):
        found = cards(text, kind, [*mild, seen("knee_pain", True, "left")])
        assert found
        for card in found:
            assert markup(card["detail"]) == []
            assert set(shown(card["detail"]).links) <= KNOWN_LINKS
        assert problems({"cards": found}) == []


def test_the_texts_do_reach_the_cards() -> None:
    """Or this file would prove nothing."""
    text = "hostile words"
    detail = "\n".join(card["detail"] for card in cards(text, "assessment"))
    assert detail.count(text) >= 3
    issues = [issue.message for issue in assessed_issues(text)]
    assert sum(text in message for message in issues) >= 5


def assessed_issues(text: str) -> Any:
    return assess(everywhere(text), as_of=AS_OF).issues


def test_the_knowledge_itself_is_escaped() -> None:
    answer = assessed("hot_swollen_knee_with_fever")
    assert any("<" in because for knee in answer.knees for rule in knee.rules for because in rule.because)
