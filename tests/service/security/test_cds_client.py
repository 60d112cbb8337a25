"""Whom the service believes: a row for each way a token can be wrong (R-199 to R-208)."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hook_calls import sent, view
from local import BASE, Local, outcome
from signing import AWAY, ISSUER, JKU, header, jwks, key, keyed_with_public_key, token, unsigned

from kneecds.service.settings import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH = "/cds-services/kneecds-assessment"
URL = f"{BASE}{PATH}"


def now() -> int:
    """Return the present; a run lasts longer than some of these tokens."""
    return int(time.time())


RSA = key("RS384", "r1")
STRANGER = key("ES384", "k2")


def reasons(app: Local) -> list[str]:
    """Return the reasons for which callers were refused so far."""
    samples = next(iter(app.state.metrics.refusals.collect())).samples
    return sorted(one.labels["reason"] for one in samples if one.name.endswith("_total") and one.value)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    client = {"issuer": ISSUER, "jwks": jwks(key(), RSA, key("ES512", "k5")), "jku": [JKU], "tenants": ["", "north"]}
    settings = read(cds_clients=[client], storage={"directory": tmp_path_factory.mktemp("store")})
    with Local(settings) as opened:
        yield opened


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(lambda: token(URL), id="ES384"),
        pytest.param(lambda: token(URL, alg="RS384", signer=RSA), id="RS384"),
        pytest.param(lambda: token(["https://other.example", URL]), id="one of several audiences"),
        pytest.param(lambda: token(URL, header={"jku": JKU}), id="a jku that is listed"),
        pytest.param(
            lambda: token(URL, header={"x-more": 1}, colour="blue", sub="app"), id="unknown claims are tolerated"
        ),
        pytest.param(lambda: token(URL, tenant="north"), id="a tenant that is listed"),
        pytest.param(lambda: token(URL, nbf=now() - 300), id="valid since five minutes before it was made"),
        pytest.param(lambda: token(URL, iat=now() + 10, exp=now() + 300), id="a clock that is a little ahead"),
        pytest.param(lambda: token(URL, exp=now() - 10, iat=now() - 200), id="a clock that is a little behind"),
        pytest.param(lambda: token(URL, header={"typ": "jwt"}), id="type in small letters"),
    ],
)
def test_lets_in(app: Local, good: Callable[[], str]) -> None:
    response = app.post(PATH, sent(view()), **header(good()))
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(lambda: unsigned(URL), "not-a-token", id="none, without a signature"),
        pytest.param(lambda: unsigned(URL) + "AAAA", "alg", id="none, with a signature"),
        pytest.param(lambda: keyed_with_public_key(URL), "alg", id="HS256 with the public key as its secret"),
        pytest.param(lambda: token(URL, alg="RS256", signer=RSA), "alg", id="RS256"),
        pytest.param(lambda: token(URL, alg="ES512", signer=key("ES512", "k5")), "alg", id="ES512"),
        pytest.param(lambda: "e30.e30.AA", "iss", id="empty"),
        pytest.param(lambda: token(URL, header={"typ": "at+jwt"}), "typ", id="a token of another kind"),
        pytest.param(lambda: token(URL, header={"typ": AWAY}), "typ", id="no kind (R-200)"),
        pytest.param(
            lambda: token(URL, header={"crit": ["exp"], "exp": 1}), "crit", id="headers that must be understood"
        ),
        pytest.param(lambda: token(URL, iss="https://stranger.example"), "iss", id="a foreign issuer"),
        pytest.param(lambda: token(URL, iss=AWAY), "iss", id="no issuer"),
        pytest.param(lambda: token(URL, iss=[ISSUER]), "iss", id="an issuer that is a list"),
        pytest.param(lambda: token(f"{BASE}/cds-services"), "aud", id="for discovery"),
        pytest.param(lambda: token(f"{URL}/"), "aud", id="for an address with a slash more"),
        pytest.param(lambda: token(AWAY), "aud", id="for nobody"),
        pytest.param(lambda: token([]), "aud", id="for nobody of a list"),
        pytest.param(lambda: token({"aud": URL}), "aud", id="an audience that is an object"),
        pytest.param(lambda: token(URL, exp=now() - 60, iat=now() - 200), "exp", id="expired"),
        pytest.param(lambda: token(URL, exp=AWAY), "exp", id="never expires"),
        pytest.param(lambda: token(URL, exp="tomorrow"), "exp", id="expires some time"),
        pytest.param(lambda: token(URL, exp=True), "exp", id="expires yes"),
        pytest.param(lambda: token(URL, nbf=now() + 200), "nbf", id="not valid yet"),
        pytest.param(lambda: token(URL, iat=now() + 200), "iat", id="made in the future"),
        pytest.param(lambda: token(URL, iat=AWAY), "iat", id="made some time"),
        pytest.param(lambda: token(URL, exp=now() + 3600), "lifetime", id="lasts an hour"),
        pytest.param(lambda: token(URL, tenant="south"), "tenant", id="another tenant"),
        pytest.param(lambda: token(URL, tenant=7), "tenant", id="a tenant that is a number"),
        pytest.param(lambda: token(URL, jti=AWAY), "jti", id="no id"),
        pytest.param(lambda: token(URL, jti=""), "jti", id="an empty id"),
        pytest.param(lambda: token(URL, jti="x" * 600), "jti", id="an endless id"),
        pytest.param(lambda: token(URL, header={"kid": AWAY}), "kid", id="names no key"),
        pytest.param(lambda: token(URL, signer=STRANGER), "kid", id="an unknown key"),
        pytest.param(
            lambda: token(URL, signer=STRANGER, header={"kid": "k1"}), "signature", id="a key with another's name"
        ),
        pytest.param(lambda: token(URL, header={"kid": "r1"}), "kid", id="a key of another kind"),
        pytest.param(lambda: _changed(token(URL)), "signature", id="changed after it was signed"),
        pytest.param(lambda: token(URL, header={"jku": "https://stranger.example/keys"}), "jku", id="a foreign jku"),
        pytest.param(lambda: token(URL, header={"jku": f"{JKU}/"}), "jku", id="a jku that is nearly listed"),
        pytest.param(lambda: token(URL, header={"jku": 7}), "jku", id="a jku that is a number"),
        pytest.param(lambda: token(URL, padding="x" * 10_000), "too-long", id="oversize"),
        pytest.param(lambda: "e30", "not-a-token", id="one part"),
        pytest.param(lambda: "!!!.e30.e30", "not-a-token", id="not base64"),
        pytest.param(lambda: "W10.W10.AA", "not-a-token", id="lists"),
        pytest.param(lambda: "e30.e30.e30.e30.e30", "not-a-token", id="encrypted"),
    ],
)
def test_refuses(app: Local, bad: Callable[[], str], reason: str) -> None:
    before = _count(app)
    response = app.post(PATH, sent(view()), **header(bad()))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    said = outcome(response)["issue"]
    assert said == [{"severity": "error", "code": "login", "details": {"text": "the request is not authorized"}}]
    after = _count(app)
    assert [name for name in after if after[name] != before.get(name, 0)] == [
        reason.replace("not-a-token", "not-a-token")
    ]


def test_each_token_is_good_for_one_call(app: Local) -> None:
    text = token(URL)
    assert [app.post(PATH, sent(view()), **header(text)).status_code for _ in range(3)] == [200, 401, 401]
    again = token(URL, jti=str(uuid.uuid4()))
    assert app.post(PATH, sent(view()), **header(again)).status_code == 200


def test_of_one_token_sent_many_times_at_once_one_call_is_answered(app: Local) -> None:
    call = ("POST", PATH, sent(view()), header(token(URL)))
    assert sorted(one.status_code for one in app.all(*[call] * 10)) == [200] + [401] * 9


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"authorization": ""}, id="empty"),
        pytest.param({"authorization": "Basic YTpi"}, id="another scheme"),
        pytest.param({"authorization": "Bearer"}, id="no token"),
    ],
)
def test_without_a_token_there_is_no_answer(app: Local, headers: dict[str, str]) -> None:
    assert app.post(PATH, sent(view()), **headers).status_code == 401


def test_two_tokens_are_none(app: Local) -> None:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=app.app)
        pair = [("authorization", f"Bearer {token(URL)}")] * 2
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.post(PATH, content=sent(view()), headers=[*pair, ("content-type", "application/json")])

    assert app.run(call()).status_code == 401


def test_discovery_is_open_but_a_bad_token_is_refused(app: Local) -> None:
    assert app.get("/cds-services").status_code == 200
    assert app.get("/cds-services", **header(token(f"{BASE}/cds-services"))).status_code == 200
    assert app.get("/cds-services", **header(token(URL))).status_code == 401


def test_discovery_can_need_a_token(opened: Callable[..., Local]) -> None:
    app = opened(tokens={"discovery": "required"})
    assert app.get("/cds-services").status_code == 401
    assert app.get("/cds-services", **header(token(f"{BASE}/cds-services"))).status_code == 200


def test_feedback_needs_a_token_of_its_own(app: Local) -> None:
    url = f"{URL}/feedback"
    assert app.post(f"{PATH}/feedback", {"feedback": []}, **header(token(URL))).status_code == 401
    assert app.post(f"{PATH}/feedback", {"feedback": []}, **header(token(url))).status_code in (200, 400)


def test_without_clients_everybody_is_refused(opened: Callable[..., Local]) -> None:
    app = opened(cds_clients=[])
    assert app.post(PATH, sent(view()), **header(token(URL))).status_code == 401
    assert reasons(app) == ["iss"]


def test_a_client_may_be_held_to_some_services(opened: Callable[..., Local]) -> None:
    app = opened(cds_clients=[{"issuer": ISSUER, "jwks": jwks(key()), "services": ["kneecds-intake"]}])
    assert app.post(PATH, sent(view()), **header(token(URL))).status_code == 403
    allowed = "/cds-services/kneecds-intake"
    assert app.post(allowed, sent(view()), **header(token(f"{BASE}{allowed}"))).status_code == 200


def test_a_client_may_be_held_to_an_algorithm(opened: Callable[..., Local]) -> None:
    app = opened(cds_clients=[{"issuer": ISSUER, "jwks": jwks(key(), RSA), "algorithms": ["RS384"]}])
    assert app.post(PATH, sent(view()), **header(token(URL))).status_code == 401
    assert app.post(PATH, sent(view()), **header(token(URL, alg="RS384", signer=RSA))).status_code == 200


def test_an_audience_typed_in_by_hand_can_be_taken(opened: Callable[..., Local]) -> None:
    app = opened(cds_clients=[{"issuer": ISSUER, "jwks": jwks(key()), "audiences": ["kneecds at north"]}])
    assert app.post(PATH, sent(view()), **header(token("kneecds at north"))).status_code == 200


def test_the_address_of_the_audience_is_the_public_one(opened: Callable[..., Local]) -> None:
    app = opened(public_url="https://cds.example.org/knee/", behind_proxy=True)
    assert app.post(PATH, sent(view()), **header(token(URL))).status_code == 401
    assert app.post(PATH, sent(view()), **header(token(f"https://cds.example.org/knee{PATH}"))).status_code == 200


def test_used_tokens_are_shared_through_the_database(options: Callable[..., Any]) -> None:
    text = token(URL)
    with Local(options(workers=2)) as one, Local(options(workers=2)) as other:
        assert one.post(PATH, sent(view()), **header(text)).status_code == 200
        assert other.post(PATH, sent(view()), **header(text)).status_code == 401
        assert reasons(other) == ["replay"]


def test_without_the_shared_memory_nobody_is_let_in(options: Callable[..., Any], tmp_path: Any) -> None:
    with Local(options(workers=2)) as app:
        (tmp_path / "kneecds.sqlite3").rename(tmp_path / "away")
        response = app.post(PATH, sent(view()), **header(token(URL)))
        assert response.status_code == 503
        assert outcome(response)
        assert reasons(app) == ["replay-unavailable"]
        (tmp_path / "away").rename(tmp_path / "kneecds.sqlite3")
        assert app.post(PATH, sent(view()), **header(token(URL))).status_code == 200


def _count(app: Local) -> dict[str, float]:
    samples = next(iter(app.state.metrics.refusals.collect())).samples
    return {one.labels["reason"]: one.value for one in samples if one.name.endswith("_total")}


def _changed(text: str) -> str:
    head, body, signature = text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "somebody else"
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.{signature}"
