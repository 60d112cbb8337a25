"""Access tokens for /fhir: of a listed authorization server, for this address, with the scopes that are needed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from local import BASE, Local, outcome
from signing import AWAY, ISSUER, header, jwks, key, token, unsigned

from kneecds.service.settings import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FHIR = f"{BASE}/fhir"
PATH = "/fhir/Questionnaire/kneecds-intake"


def now() -> int:
    """Return the present; a run lasts longer than some of these tokens."""
    return int(time.time())


SCOPE = "system/Questionnaire.r"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    server = {"issuer": ISSUER, "jwks": jwks(key(), key("RS384", "r1"))}
    with Local(read(fhir_clients=[server], storage={"directory": tmp_path_factory.mktemp("store")})) as opened:
        yield opened


def granted(**changes: Any) -> str:
    return token(FHIR, **{"scope": SCOPE, **changes})


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(granted, id="the scope that is needed"),
        pytest.param(lambda: granted(scope="launch system/*.rs"), id="a wider one"),
        pytest.param(lambda: granted(scope=["system/*.rs"]), id="scopes as a list"),
        pytest.param(lambda: granted(header={"typ": "at+jwt"}), id="an access token by RFC 9068"),
        pytest.param(lambda: granted(header={"typ": AWAY}), id="without a type"),
        pytest.param(lambda: granted(iat=AWAY, jti=AWAY, exp=now() + 7200), id="without iat and jti, for two hours"),
        pytest.param(lambda: granted(alg="RS384", signer=key("RS384", "r1")), id="RS384"),
    ],
)
def test_opens(app: Local, good: Callable[[], str]) -> None:
    assert app.get(PATH, **header(good())).status_code == 200


def test_an_access_token_is_good_until_it_expires(app: Local) -> None:
    text = granted()
    assert [app.get(PATH, **header(text)).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda: unsigned(FHIR, scope=SCOPE) + "AA", id="none"),
        pytest.param(lambda: granted(alg="RS256", signer=key("RS384", "r1")), id="RS256, unless allowed"),
        pytest.param(lambda: granted(exp=now() - 60), id="expired"),
        pytest.param(lambda: granted(exp=AWAY), id="never expires"),
        pytest.param(lambda: granted(nbf=now() + 100), id="not yet"),
        pytest.param(lambda: granted(iss="https://stranger.example"), id="a foreign issuer"),
        pytest.param(lambda: token(f"{BASE}/cds-services", scope=SCOPE), id="for the hooks"),
        pytest.param(lambda: granted(signer=key("ES384", "k2")), id="an unknown key"),
        pytest.param(lambda: granted(signer=key("ES384", "k2"), header={"kid": "k1"}), id="a key with another's name"),
        pytest.param(lambda: granted(header={"kid": AWAY}), id="names no key"),
        pytest.param(lambda: granted(header={"crit": ["x"]}), id="critical headers"),
        pytest.param(lambda: granted(header={"typ": "dpop+jwt"}), id="of another kind"),
        pytest.param(lambda: "opaque", id="not a JSON Web Token"),
    ],
)
def test_refuses(app: Local, bad: Callable[[], str]) -> None:
    response = app.get(PATH, **header(bad()))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"].startswith("application/fhir+json")
    assert outcome(response)["issue"][0]["code"] == "login"


def test_without_a_token(app: Local) -> None:
    assert app.get(PATH).status_code == 401
    assert app.get("/fhir/metadata").status_code == 200, "what is offered may be known to anybody"


@pytest.mark.parametrize("scope", ["", "system/Questionnaire.s", "system/Observation.r", "patient/*.rs", AWAY, 7])
def test_without_the_scope(app: Local, scope: Any) -> None:
    response = app.get(PATH, **header(granted(scope=scope)))
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{SCOPE}"'
    assert outcome(response)["issue"][0]["code"] == "forbidden"


def test_other_signatures_can_be_allowed(opened: Callable[..., Local]) -> None:
    server = {"issuer": ISSUER, "jwks": jwks(key("RS384", "r1")), "algorithms": ["RS256"]}
    app = opened(fhir_clients=[server])
    assert app.get(PATH, **header(granted(alg="RS256", signer=key("RS384", "r1")))).status_code == 200


def test_clients_of_hooks_do_not_open_fhir(opened: Callable[..., Local]) -> None:
    assert opened().get(PATH, **header(granted())).status_code == 401


def test_the_demo_opens_it(opened: Callable[..., Local]) -> None:
    assert opened(insecure_demo=True).get(PATH).status_code == 200
