"""Where keys come from: fetched when needed, kept while fresh, rotated without a restart, never from elsewhere."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hook_calls import sent, view
from key_server import KeyServer
from local import BASE, Local, outcome
from signing import ISSUER, header, jwks, key, token

from kneecds.errors import UsageError
from kneecds.service.security.keys import NoKeySetError, key_set, read_key_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATH = "/cds-services/kneecds-assessment"
URL = f"{BASE}{PATH}"
OLD, NEW = key("ES384", "old"), key("ES384", "new")


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with KeyServer(jwks(OLD)) as running:
        yield running


def client(**keys: Any) -> Any:
    return [{"issuer": ISSUER, **keys}]


def call(app: Local, signer: Any = OLD, **more: Any) -> int:
    return app.post(PATH, sent(view()), **header(token(URL, signer=signer, **more))).status_code


def test_keys_are_fetched_once_while_they_are_fresh(opened: Callable[..., Local], server: KeyServer) -> None:
    app = opened(cds_clients=client(jwks_url=server.url))
    assert server.asked == []
    assert [call(app) for _ in range(3)] == [200, 200, 200]
    assert server.asked == ["/keys"]


def test_many_calls_at_once_fetch_once(opened: Callable[..., Local], server: KeyServer) -> None:
    server.wait = 0.1
    app = opened(cds_clients=client(jwks_url=server.url))
    calls = [("POST", PATH, sent(view()), header(token(URL, signer=OLD))) for _ in range(8)]
    assert {one.status_code for one in app.all(*calls)} == {200}
    assert server.asked == ["/keys"]


def test_a_new_key_works_without_a_restart(opened: Callable[..., Local], server: KeyServer) -> None:
    app = opened(cds_clients=client(jwks_url=server.url), keys={"pause_seconds": 0})
    assert call(app, OLD) == 200
    server.body = jwks(NEW)
    assert call(app, NEW) == 200
    assert call(app, OLD) == 401, "and the one that was taken away does not"


def test_unknown_keys_do_not_make_us_ask_more_often_than_the_pause(
    opened: Callable[..., Local], server: KeyServer
) -> None:
    app = opened(cds_clients=client(jwks_url=server.url), keys={"pause_seconds": 60})
    assert call(app, OLD) == 200
    assert [call(app, NEW) for _ in range(5)] == [401] * 5
    assert len(server.asked) == 1


def test_an_old_set_is_fetched_again(opened: Callable[..., Local], server: KeyServer) -> None:
    app = opened(cds_clients=client(jwks_url=server.url), keys={"fresh_seconds": 1e-9, "pause_seconds": 0})
    assert [call(app) for _ in range(2)] == [200, 200]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"status": 500}, id="a failure"),
        pytest.param({"status": 404}, id="not found"),
        pytest.param({"status": 302, "headers": {"location": "http://127.0.0.1:1/"}}, id="a redirect"),
        pytest.param({"body": b"<html>"}, id="HTML"),
        pytest.param({"body": []}, id="a list"),
        pytest.param({"body": {"keys": {}}}, id="keys that are no list"),
        pytest.param({"body": {"keys": [{}] * 1000}}, id="endless keys"),
        pytest.param({"body": b" " * 300_000}, id="too large"),
        pytest.param({"wait": 1.0}, id="too slow"),
        pytest.param({"body": b"[" * 100_000}, id="deep"),
    ],
)
def test_trouble_with_a_cold_and_a_warm_cache(opened: Callable[..., Local], server: KeyServer, trouble: Any) -> None:
    """Cold: nobody can tell, so 503 and not 401. Warm: the keys of before are used. And it recovers."""
    sound = {"body": server.body, "status": 200, "wait": 0.0, "headers": {}}
    keys = {"pause_seconds": 0, "timeout_seconds": 0.2, "fresh_seconds": 1e-9}
    app = opened(cds_clients=client(jwks_url=server.url), keys=keys)
    vars(server).update(sound | trouble)
    response = app.post(PATH, sent(view()), **header(token(URL, signer=OLD)))
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert outcome(response)["issue"][0]["code"] == "transient"
    vars(server).update(sound)
    assert call(app) == 200
    vars(server).update(sound | trouble)
    assert call(app) == 200
    assert call(app, NEW) == 503, "a key that may be new"
    assert app.get("/health/ready").json()["key_sets"] == {"stale": 1}


def test_nobody_listens_and_then_somebody_does(opened: Callable[..., Local]) -> None:
    with KeyServer(jwks(OLD)) as gone:
        url = gone.url
    app = opened(cds_clients=client(jwks_url=url), keys={"pause_seconds": 0})
    assert call(app) == 503
    assert app.get("/health/ready").json()["key_sets"] == {"missing": 1}


def test_old_keys_are_not_used_for_ever(opened: Callable[..., Local], server: KeyServer) -> None:
    keys = {"pause_seconds": 0, "fresh_seconds": 1e-9, "stale_seconds": 0}
    app = opened(cds_clients=client(jwks_url=server.url), keys=keys)
    server.status = 500
    assert call(app) == 503


def test_a_jku_that_is_listed_is_fetched_and_no_other(opened: Callable[..., Local], server: KeyServer) -> None:
    with KeyServer(jwks(NEW)) as foreign:
        app = opened(cds_clients=client(jku=[server.url]))
        for signer in (OLD, NEW):
            assert call(app, signer, header={"jku": foreign.url}) == 401
        for iss in ("https://stranger.example", foreign.url):
            assert call(app, NEW, header={"jku": foreign.url}, iss=iss) == 401
        assert call(app, NEW, header={"jku": f"{server.url}@{foreign.url}"}) == 401
        assert (foreign.asked, server.asked) == ([], [])
        assert call(app, OLD, header={"jku": server.url}) == 200
        assert (foreign.asked, server.asked) == ([], ["/keys"])


def test_with_keys_of_the_configuration_nothing_is_fetched(opened: Callable[..., Local], server: KeyServer) -> None:
    app = opened(cds_clients=client(jwks=jwks(NEW), jku=[server.url]))
    assert call(app, NEW, header={"jku": server.url}) == 200
    assert call(app, OLD, header={"jku": server.url}) == 401
    assert server.asked == []


def test_the_jku_of_another_client_is_foreign(opened: Callable[..., Local], server: KeyServer) -> None:
    other = {"issuer": "https://other.example", "jku": [server.url]}
    app = opened(cds_clients=[*client(jwks=jwks(NEW)), other])
    assert call(app, OLD, header={"jku": server.url}) == 401
    assert server.asked == []


def test_which_of_several_jku_must_be_said(opened: Callable[..., Local], server: KeyServer) -> None:
    app = opened(cds_clients=client(jku=[server.url, "https://ehr.example.org/keys"]))
    assert call(app, OLD) == 401
    assert call(app, OLD, header={"jku": server.url}) == 200


def test_keys_of_a_file_are_read_again_when_it_changes(opened: Callable[..., Local], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    app = opened(cds_clients=client(jwks_file=file))
    assert call(app, OLD) == 503
    file.write_text(json.dumps(jwks(OLD)))
    assert [call(app, OLD), call(app, NEW)] == [200, 401]
    _write(file, json.dumps(jwks(NEW)))
    assert [call(app, OLD), call(app, NEW)] == [401, 200]
    _write(file, "half a fi")
    assert call(app, NEW) == 200
    file.unlink()
    assert call(app, NEW) == 200


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 10**9))


EC = jwks(OLD)["keys"][0]
SHORT = {"kty": "RSA", "kid": "s", "e": "AQAB", "n": "w" * 171}


@pytest.mark.parametrize(
    ("jwk", "found"),
    [
        pytest.param(EC, {("old", "ES384")}, id="sound"),
        pytest.param({**EC, "alg": "ES384"}, {("old", "ES384")}, id="names its algorithm"),
        pytest.param({**EC, "alg": "ES256"}, set(), id="names another"),
        pytest.param({**EC, "use": "enc"}, set(), id="for encryption"),
        pytest.param({**EC, "key_ops": ["sign"]}, set(), id="not for verifying"),
        pytest.param({**EC, "key_ops": ["verify"]}, {("old", "ES384")}, id="for verifying"),
        pytest.param({**EC, "kid": ""}, set(), id="without a name"),
        pytest.param({**EC, "x": "AA"}, set(), id="a point that is not on the curve"),
        pytest.param({**EC, "x": 7}, set(), id="a coordinate that is a number"),
        pytest.param({**EC, "crv": "P-999"}, set(), id="an unknown curve"),
        pytest.param({"kty": "oct", "kid": "o", "k": "c2VjcmV0"}, set(), id="symmetric"),
        pytest.param({"kty": "AKP", "kid": "q"}, set(), id="a kind that is not known"),
        pytest.param(SHORT, set(), id="an RSA key of 1024 bits"),
        pytest.param(
            OLD.as_dict(private=True), {("old", "ES384")}, id="a private key, of which the public half is taken"
        ),
    ],
)
def test_which_keys_of_a_set_are_used(jwk: Any, found: set[tuple[str, str]]) -> None:
    assert set(key_set({"keys": [jwk, 7, None]})) == found


@pytest.mark.parametrize("body", [b"", b"null", b"7", b"{}", b'{"keys":7}', b"\xff", b"[" * 10_000])
def test_what_is_no_key_set(body: bytes) -> None:
    with pytest.raises(NoKeySetError):
        read_key_set(body)


@pytest.mark.parametrize("document", [{"keys": {}}, {"keys": []}, {"keys": [{**EC, "kid": ""}]}, {"keys": [SHORT]}])
def test_keys_of_the_configuration_that_are_none_are_said_at_once(options: Callable[..., Any], document: Any) -> None:
    with pytest.raises(UsageError, match=f"jwks of {ISSUER}"):
        Local(options(cds_clients=client(jwks=document)))
