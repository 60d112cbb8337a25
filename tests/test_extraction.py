"""Extraction of whole documents: which responses are taken, with which form, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kneecds
from kneecds import extraction
from kneecds.errors import InputError
from kneecds.fhir.sdc.extensions import EXTRACT

KNOWN = kneecds.shipped_knowledge()
FORM: dict[str, Any] = {
    "resourceType": "Questionnaire", "url": "http://host/form", "status": "active",
    "extension": [{"url": EXTRACT, "valueBoolean": True}],
    "item": [{"linkId": "a", "type": "boolean", "text": "A?", "code": [{"system": "http://s", "code": "a"}]}],
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse", "id": "r", "questionnaire": "http://host/form|1", "status": "completed",
    "authored": "2026-01-01", "item": [{"linkId": "a", "answer": [{"valueBoolean": False}]}],
}  # fmt: skip


def taken(document: Any, *forms: Any) -> extraction.Extracted:
    return extraction.extract(json.dumps(document).encode(), knowledge=KNOWN, questionnaires=forms)


def test_each_response_of_a_document_is_taken() -> None:
    found = taken([FORM, RESPONSE, {**RESPONSE, "id": "other"}])
    assert (len(found.observations), found.ok, found.issues) == (2, True, ())
    assert found.transaction()["type"] == "transaction"


@pytest.mark.parametrize(
    ("document", "forms", "rules", "ok"),
    [
        pytest.param(RESPONSE, [FORM], [], True, id="a form given beside it"),
        pytest.param(RESPONSE, [{**FORM, "url": "http://other"}], ["form-differs"], True, id="the only form given"),
        pytest.param(
            RESPONSE, [{**FORM, "url": "http://other"}] * 2, ["form-unknown"], False, id="two that are not it"
        ),
        pytest.param(RESPONSE, [], ["form-unknown"], False, id="no form"),
    ],
)
def test_the_form_of_a_response(document: Any, forms: list[Any], rules: list[str], ok: bool) -> None:
    found = taken(document, *forms)
    assert ([issue.rule for issue in found.issues], found.ok) == (rules, ok)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"3", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle","entry":[]}']
)
def test_what_has_no_response_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        extraction.extract(body, knowledge=KNOWN)
