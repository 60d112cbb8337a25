"""Each defect makes the check that is meant for it say so, and no other."""

from __future__ import annotations

import base64
import json

import httpx
import pytest
import reference_service
from altering import altered
from defects import DEFECTS, TOKEN_DEFECTS, taking
from joserfc import errors, jwt

from kneecds.conformance.table import CHECKS

LEVELS = {check.id: "fail" if check.level == "SHALL" else "warning" for check in CHECKS}


def statuses(report):
    return {one.check: one.status for one in report.results}


def differing(report, usual):
    return {name: status for name, status in statuses(report).items() if status != usual[name]}


@pytest.fixture(scope="module")
def open_service():
    return reference_service.create()


@pytest.fixture(scope="module")
def guarded_service(keys):
    return reference_service.create(reference_service.Guard(keys))


@pytest.fixture(scope="module")
def usual(look, open_service):
    return statuses(look(open_service, signed=False, latency_calls=1))


@pytest.fixture(scope="module")
def usual_security(look, guarded_service):
    return statuses(look(guarded_service, "security", "feedback"))


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: f"{one.check}: {one.name}")
def test_a_defect_is_found_by_its_check_alone(look, open_service, usual, defect):
    found = look(altered(open_service, defect.before, defect.after), signed=False, latency_calls=1)
    assert differing(found, usual) == {defect.check: LEVELS[defect.check]}, _said(found, usual)


@pytest.mark.parametrize("defect", TOKEN_DEFECTS, ids=lambda one: f"{one.check}: {one.name}")
def test_a_token_that_is_wrongly_taken_is_found(look, guarded_service, usual_security, signer, server, defect):
    found = look(altered(guarded_service, taking(defect.is_bad, signer, server.url)), "security", "feedback")
    assert differing(found, usual_security) == {defect.check: LEVELS[defect.check]}, _said(found, usual_security)


class Behaviour:
    """What a service does wrong with tokens, beyond taking a bad one."""

    def __init__(self, signer, url):
        self.signer, self.url, self.seen = signer, url, {}
        self.usual = signer.token(url).partition(".")[0]

    def good(self, one):
        one.headers["authorization"] = f"Bearer {self.signer.token(self.url + one.path)}"

    def any_key(self, one):
        """Verify with whatever key signed: one of the usual header that is not ours was signed by another."""
        token = one.headers.get("authorization", "").removeprefix("Bearer ")
        head, _, rest = token.partition(".")
        if head == self.usual and "tenant" not in _claims(rest) and not self._is_ours(token):
            self.good(one)

    def _is_ours(self, token):
        try:
            jwt.decode(token, self.signer.key, algorithms=["ES384"])
        except errors.JoseError:
            return False
        return True

    def twice(self, one):
        token = one.headers.get("authorization", "")
        if one.is_call and token and self.seen.get(token):
            self.good(one)
        self.seen[token] = True

    def nobody(self, one):
        if one.is_call and "authorization" not in one.headers:
            self.good(one)

    def feedback_of_nobody(self, one):
        if one.is_feedback and "authorization" not in one.headers:
            self.good(one)

    def fetches(self, one):
        token = one.headers.get("authorization", "").removeprefix("Bearer ")
        jku = _claims(token).get("jku")
        if jku:
            httpx.get(jku, trust_env=False)

    def nonsense(self, one):
        if one.headers.get("authorization", "").endswith(".x"):
            self.good(one)


def _claims(text):
    part = text.partition(".")[0]
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}


def _forbidden(one):
    if one.status == 401:
        one.status = 403


def _no_challenge(one):
    one.answered.pop("www-authenticate", None)


def _echo(one):
    if one.status == 401:
        one.document = one.document | {"id": one.headers.get("authorization", "")}


def _no_array(one):
    token = one.headers.get("authorization", "").partition(".")[2]
    if isinstance(_claims(token).get("aud"), list):
        one.status = 401


def _no_unknown(one):
    token = one.headers.get("authorization", "").partition(".")[2]
    if "org.example.more" in _claims(token):
        one.status = 401


@pytest.mark.parametrize(
    ("check", "level", "before", "after"),
    [
        pytest.param("security.token-signed-by-another-key", "fail", "any_key", None, id="any key will do"),
        pytest.param("security.token-no-token-at-all", "fail", "nonsense", None, id="nonsense is a token"),
        pytest.param("security.replay", "warning", "twice", None, id="a token opens twice"),
        pytest.param("security.feedback", "fail", "feedback_of_nobody", None, id="feedback needs no token"),
        pytest.param(
            "security.foreign-jku", "warning", "fetches", None, id="a foreign key set is fetched, not trusted"
        ),
        pytest.param("security.401", "fail", None, _forbidden, id="403 without a token"),
        pytest.param("security.401", "fail", None, _no_challenge, id="401 without a challenge"),
        pytest.param("security.no-echo", "fail", None, _echo, id="a refused token comes back"),
        pytest.param("security.audience-array", "fail", None, _no_array, id="an array of audiences is refused"),
        pytest.param("security.unknown-claims", "fail", None, _no_unknown, id="unknown claims are refused"),
    ],
)
def test_a_fault_with_tokens_is_found(
    look, guarded_service, usual_security, signer, server, check, level, before, after
):
    behaviour = Behaviour(signer, server.url)
    app = altered(
        guarded_service, *([getattr(behaviour, before)] if before else []), **({"after": after} if after else {})
    )
    found = look(app, "security", "feedback")
    assert differing(found, usual_security) == {check: level}, _said(found, usual_security)


def test_a_service_that_asks_for_no_token_fails_for_that(look, guarded_service, usual_security, signer, server):
    found = look(altered(guarded_service, Behaviour(signer, server.url).nobody), "security", "feedback")
    assert differing(found, usual_security) == {"security.token-missing": "fail", "security.401": "skip"}


def _said(report, usual):
    return [(one.check, one.status, one.reason) for one in report.results if one.status != usual[one.check]]
