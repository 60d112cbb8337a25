"""`kneecds conformance cds-hooks`: its reports, its exit codes, and what it refuses to do."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
import reference_service
from altering import altered
from click.testing import CliRunner
from defects import DEFECTS
from joserfc.jwk import KeySet

from kneecds.cli import kneecds
from kneecds.conformance import tokens

QUICK = ("--latency-calls", "1")


def run(*arguments, **given):
    return CliRunner().invoke(kneecds, ["conformance", "cds-hooks", *arguments], **given)


@pytest.fixture
def url(server):
    server.app = reference_service.create()
    return server.url


@pytest.fixture
def faulty(server):
    defect = next(one for one in DEFECTS if one.check == "cards.summary-length")
    server.app = altered(reference_service.create(), defect.before, defect.after)
    return server.url


def test_the_table_has_a_line_for_each_check(url):
    done = run(url, "--only", "discovery", *QUICK)
    assert done.exit_code == 0, done.output
    assert ["pass", "discovery.endpoint", "R-4", "R-5"] in [line.split()[:4] for line in done.output.splitlines()]
    assert done.output.splitlines()[-1] == "16 pass"


def test_the_table_shows_the_evidence(faulty):
    done = run(faulty, "--only", "cards.summary-length")
    assert done.exit_code == 1
    assert "fail: cards.summary-length https://cds-hooks.hl7.org/2.0/#card-attributes" in done.output
    assert "has a summary of 140 characters" in done.output
    assert f"POST {faulty}/cds-services/ref-view" in done.output


def test_json_has_every_result(faulty, tmp_path):
    file = tmp_path / "report.json"
    done = run(faulty, "--format", "json", "-o", str(file), *QUICK)
    assert done.exit_code == 1, done.output
    report = json.loads(file.read_bytes())
    assert report["ok"] is False
    assert report["counts"]["fail"] == 1
    failed = next(one for one in report["results"] if one["status"] == "fail")
    assert failed["check"] == "cards.summary-length"
    assert failed["requirements"] == ["R-83", "I-response"]
    assert failed["evidence"][0]["status"] == 200
    assert len(failed["evidence"][0]["received"]) <= 601
    assert report["services"] == ["ref-view (patient-view)", "ref-orders (order-select)", "ref-orders (order-sign)"]


def test_junit_has_a_case_for_each_check(faulty):
    done = run(faulty, "--format", "junit", "--only", "cards", "--only", "security.tls")
    assert done.exit_code == 1
    root = ET.fromstring(done.output)
    assert {suite.get("name"): suite.get("failures") for suite in root} == {"cards": "1", "security": "0"}
    case = root.find(".//testcase[@name='summary-length']")
    assert case.get("classname") == "kneecds.conformance.cards"
    assert "140 characters" in case.find("failure").get("message")
    assert "loopback" in root.find(".//testcase[@name='tls']/skipped").get("message")


def test_a_warning_does_not_fail(server):
    defect = next(one for one in DEFECTS if one.check == "discovery.title")
    server.app = altered(reference_service.create(), after=defect.after)
    done = run(server.url, "--only", "discovery.title")
    assert done.exit_code == 0
    assert "has no title" in done.output


@pytest.mark.parametrize("kind", ["pem", "jwk"])
@pytest.mark.parametrize("alg", tokens.ALGORITHMS)
def test_tokens_are_signed_with_the_key_of_the_site(server, tmp_path, kind, alg):
    key = tokens.new_key(alg)
    file = tmp_path / "key"
    file.write_bytes(key.as_pem(private=True) if kind == "pem" else json.dumps(key.as_dict(private=True)).encode())
    keys = KeySet.import_key_set({"keys": [key.as_dict(private=False) | {"kid": "site"}]})
    server.app = reference_service.create(reference_service.Guard(keys))
    given = ("--jwt-key", str(file), "--issuer", reference_service.ISSUER, "--kid", "site", "--alg", alg)
    done = run(server.url, *given, "--only", f"security.{alg.lower()}", "--only", "security.token-expired")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "2 pass"


def test_no_token_is_in_a_report(server, tmp_path, signer, keys):
    file = tmp_path / "key"
    file.write_bytes(signer.key.as_pem(private=True))
    app = reference_service.create(reference_service.Guard(keys))

    def echo(one):
        if one.status == 401:
            one.document = one.document | {"id": one.headers.get("authorization", "")}

    server.app = altered(app, after=echo)
    given = ("--jwt-key", str(file), "--issuer", reference_service.ISSUER, "--kid", signer.kid)
    done = run(server.url, *given, "--format", "json", "--only", "security", "--only", "calls.no-access-token")
    assert done.exit_code == 1
    assert "[token]" in done.output
    assert "eyJ" not in done.output


def test_a_site_may_give_its_own_request_and_patient(url, tmp_path):
    made = {"hook": "patient-view", "hookInstance": "x", "context": {"userId": "Practitioner/p", "patientId": "own"},
            "prefetch": {"patient": {"resourceType": "Patient", "id": "own"}, "conditions": None, "observations": None}}  # fmt: skip
    request, about = tmp_path / "request.json", tmp_path / "context.json"
    request.write_text(json.dumps(made))
    about.write_text(json.dumps({"patientId": "theirs", "userId": "Practitioner/q"}))
    done = run(
        url, "--request", str(request), "--patient-context", str(about), "--format", "json", "--only", "requests",
        "--only", "calls.sound", "--only", "calls.unknown-service",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    narrowed = run(url, "--service", "ref-orders", "--only", "calls.sound", "--format", "json")
    assert json.loads(narrowed.output)["services"] == ["ref-orders (order-select)", "ref-orders (order-sign)"]


def test_a_service_that_is_not_offered_is_wrong_usage(url):
    done = run(url, "--service", "ref-view", "--service", "ref-other", "--only", "calls.sound")
    assert done.exit_code == 2
    assert "known: ref-other" in done.output


def test_the_list_names_every_check_and_what_is_not_checked():
    done = run("--list")
    assert done.exit_code == 0
    assert "prefetch.412-named" in done.output
    assert "not checked" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("ftp://127.0.0.1",), "URL must be", id="no web address"),
        pytest.param(("http://127.0.0.1:99999",), "URL must be", id="no port"),
        pytest.param(("http://user:pw@127.0.0.1",), "must not hold", id="a password"),
        pytest.param(("http://cds.example.org",), "--allow-http", id="plain HTTP beyond this machine"),
        pytest.param(("http://127.0.0.1:1", "--only", "nothing"), "no check, group or requirement", id="no such check"),
    ],
)
def test_wrong_usage(arguments, said):
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"nonsense", "cannot be read", id="no key"),
        pytest.param(tokens.new_key("ES384").as_pem(private=False), "private", id="a public key"),
        pytest.param(b'{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}', "private EC", id="a shared secret"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(tmp_path, content, said):
    file = tmp_path / "key"
    file.write_bytes(content)
    done = run("http://127.0.0.1:1", "--jwt-key", str(file))
    assert done.exit_code == 2
    assert said in done.output


def test_a_request_that_is_none_is_refused(tmp_path):
    file = tmp_path / "request.json"
    file.write_text('{"resourceType": "Patient"}')
    done = run("http://127.0.0.1:1", "--request", str(file))
    assert done.exit_code == 2
    assert "is no request" in done.output
