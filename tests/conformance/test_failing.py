"""Services that fail so that several checks must say so, or none can; and the suite itself when it fails."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from random import Random

import pytest
import reference_service
from altering import altered
from defects import GONE, answers, card, discovery, each, source
from loopback import Loopback, fresh, now

from kneecds.conformance import run, table
from kneecds.conformance.checks import latency
from kneecds.conformance.requests import OTHER_PATIENT, blanks
from kneecds.conformance.target import Target


def statuses(report):
    return {one.check: one.status for one in report.results}


def test_no_services_are_no_array(look):
    app = altered(
        reference_service.create(), after=answers(lambda _: {"services": {}}, where=lambda one: one.is_discovery)
    )
    found = statuses(look(app, signed=False))
    assert found["discovery.services"] == "fail"
    assert found["calls.sound"] == "skip"


def test_calls_that_fail_are_skipped_by_what_needs_them(look):
    def fail(one):
        if one.is_call:
            one.status = 500

    found = look(altered(reference_service.create(), after=fail), "calls.sound", "calls.same-id", "cards", signed=False)
    said = statuses(found)
    assert (said.pop("calls.sound"), said.pop("calls.same-id")) == ("fail", "fail")
    assert set(said.values()) == {"skip"}
    assert {one.reason for one in found.results if one.status == "skip"} == {
        "no sound call was answered with 200 (seen: 500)"
    }


def test_a_service_without_any_card_is_warned_of(look):
    app = altered(reference_service.create(), after=answers(lambda _: {"cards": []}))
    found = look(app, "calls.guidance", "cards.summary", signed=False)
    assert statuses(found) == {"calls.guidance": "warning", "cards.summary": "skip"}


def test_what_is_only_useful_is_a_note(look):
    changes = (card(uuid=GONE), source(topic=GONE), each("suggestions", uuid=GONE))
    for change, name in zip(changes, ("cards.uuid-there", "source.topic-there", "suggestions.uuid-there"), strict=True):
        result = look(altered(reference_service.create(), after=change), name, signed=False).results[0]
        assert result.status == "pass"
        assert " has no " in result.reason


def test_answers_that_mix_patients_are_found(look):
    last = []

    def mix(one):
        """Say of one patient what belongs to the other, when both are asked about at once."""
        if one.is_call and one.status == 200:
            last.append(OTHER_PATIENT.encode() in one.body)
            if last[-2:] == [False, True]:
                one.answer = one.answer.replace(b"What was seen:", b"What was seen of both:")

    app = altered(reference_service.create(), after=mix)
    assert statuses(look(app, "calls.parallel", signed=False)) == {"calls.parallel": "fail"}


def test_a_request_of_the_site_that_breaks_the_rules_is_said(look):
    own = {"hook": "patient-view", "context": {"userId": "nobody", "patientId": "Patient/x"}, "fhirServer": "",
           "fhirAuthorization": {"access_token": "t", "token_type": "MAC"}}  # fmt: skip
    found = look(reference_service.create(), "requests", signed=False, requests=(own,))
    assert set(statuses(found).values()) == {"fail"}


@pytest.mark.parametrize(
    ("seconds", "soon", "crd"),
    [
        pytest.param([0.5] * 20, False, False, id="in time"),
        pytest.param([0.1] * 19 + [9.0], False, False, id="one of twenty may be late"),
        pytest.param([0.1] * 18 + [0.6] * 2, True, False, id="two of twenty may not"),
        pytest.param([0.1] * 17 + [5.1] * 3, True, True, id="three of twenty after 5 s"),
    ],
)
def test_latency(monkeypatch, seconds, soon, crd):
    monkeypatch.setattr(latency, "_measured", lambda _: [("a service", seconds)])
    assert [one.level for one in latency.soon(None)] == [None if soon else "MAY"]
    assert bool(list(latency.crd(None))) is crd


def test_a_service_that_is_not_there(look):
    target = Target("http://127.0.0.1:9", now, fresh, timeout=1.0)
    report = run.run(target, run.chosen(("discovery.endpoint", "cards.summary")))
    assert set(statuses(report).values()) == {"error"}
    assert report.exit_code == 1
    assert "no answer (ConnectError)" in report.results[0].reason


def test_a_service_that_does_not_answer_in_time(server):
    async def slow(scope, receive, send):
        await asyncio.sleep(0.4)

    server.app = slow
    report = run.run(Target(server.url, now, fresh, timeout=0.1), run.chosen(("discovery.endpoint",)))
    assert "no answer (ReadTimeout)" in report.results[0].reason


def test_a_redirect_is_not_followed(look):
    def away(one):
        one.status, one.answered["location"] = 307, "http://127.0.0.1:9/elsewhere"

    found = look(altered(reference_service.create(), after=away), "discovery.endpoint", signed=False)
    assert found.results[0].reason == "answered 307 instead of 200"


def test_a_check_that_fails_itself_is_our_fault(server):
    def broken(_):
        raise KeyError

    server.app = reference_service.create()
    report = run.run(Target(server.url, now, fresh), [table.CHECKS[0]._replace(look=broken), table.CHECKS[1]])
    assert [one.status for one in report.results] == ["error", "pass"]
    assert report.exit_code == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


@pytest.mark.parametrize(("oldest", "status"), [(ssl.TLSVersion.TLSv1_2, "pass"), (ssl.TLSVersion.TLSv1, "fail")])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls(certificate, oldest, status):
    key, cert = map(str, certificate)
    with Loopback(
        reference_service.create(), ssl_keyfile=key, ssl_certfile=cert, ssl_ciphers="DEFAULT@SECLEVEL=0"
    ) as over:
        over.config.ssl.minimum_version = oldest
        report = run.run(Target(over.url, now, fresh), run.chosen(("security.tls", "discovery.endpoint")), verify=cert)
    assert statuses(report) == {"discovery.endpoint": "pass", "security.tls": status}


def test_plain_http_beyond_this_machine_fails():
    check = next(one for one in table.CHECKS if one.id == "security.tls")
    suite = type("Seen", (), {"target": Target("http://cds.example.org", now, fresh)})()
    assert [one.message for one in check.look(suite)] == ["the service is called over plain HTTP"]


@pytest.mark.parametrize(
    ("value", "places"),
    [
        pytest.param({"cards": []}, ["cards"], id="an empty array, to be permitted where a rule does"),
        pytest.param({"a": None, "b": "", "c": {}, "d": [[]]}, ["a", "b", "c", "d[0]"], id="each kind"),
        pytest.param({"a": {"resourceType": "X", "given": [None, "b"]}}, [], id="FHIR has null in arrays"),
        pytest.param({"a": {"resourceType": "X", "given": None}}, ["a.given"], id="but not as a member"),
        pytest.param({"a": [None]}, ["a[0]"], id="and CDS Hooks has not"),
        pytest.param({"a": 0, "b": False}, [], id="nought and no are values"),
    ],
)
def test_blanks(value, places):
    assert list(blanks(value)) == places


def test_a_service_that_stopped_answering_is_not_waited_for(server):
    calls = []

    async def silent(scope, receive, send):
        calls.append(scope["path"])
        await asyncio.sleep(0.3)

    server.app = silent
    report = run.run(Target(server.url, now, fresh, timeout=0.05), table.CHECKS)
    assert set(statuses(report).values()) <= {"error", "skip"}
    assert len(calls) <= 5
    assert report.exit_code == 1


def test_an_answer_without_end_is_cut_off(server):
    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        for _ in range(200):
            await send({"type": "http.response.body", "body": b" " * 100_000, "more_body": True})

    server.app = endless
    report = run.run(Target(server.url, now, fresh, timeout=5.0), run.chosen(("discovery.json",)))
    assert "has no end" in report.results[0].reason


def test_a_long_list_of_services_is_not_called_to_its_end(look):
    many = [{"id": f"s{n}", "hook": "patient-view", "description": "x", "title": "x"} for n in range(1000)]
    app = altered(reference_service.create(), after=discovery(lambda found: found.extend(many)))
    report = look(app, "calls.unknown-service", signed=False)
    assert len(report.services) == 50


JUNK = (None, "", [], {}, 7, -0.5, True, "x", ["x"], {"x": 1}, [[None]], [{}], "\ud7ff{{", {"resourceType": "Bundle"})


def spoiled(value, random, part):
    """Return JSON in which some values are something else."""
    if random.random() < part:
        return random.choice(JUNK)
    if isinstance(value, dict):
        return {name: spoiled(one, random, part) for name, one in value.items()}
    return [spoiled(one, random, part) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_service_sends_the_suite_goes_on(look, seed):
    random, part = Random(seed), (0.06, 0.02, 0.005)[seed % 3]

    def spoil(one):
        document = one.document
        if document is not None:
            one.document = spoiled(document, random, part)

    report = look(altered(reference_service.create(), after=spoil), signed=False, latency_calls=0)
    assert [one for one in report.results if one.ours] == []
