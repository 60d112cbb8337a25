"""Options: where they come from, which comes first, and what is refused before anything is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from signing import ISSUER, jwks, key

from kneecds.errors import UsageError
from kneecds.service import exposure
from kneecds.service.options import options as listed
from kneecds.service.options import table
from kneecds.service.settings import Settings, read

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT = {"issuer": ISSUER, "jwks": jwks(key())}

FILE = """
port = 9001
public_url = "https://cds.example.org"
fhir_servers = ["https://ehr.example.org/fhir"]

[[cds_clients]]
issuer = "https://ehr.example.org"
jwks_url = "https://ehr.example.org/keys"
tenants = ["north"]

[limits]
body_bytes = 5000
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kneecds.toml"
    path.write_text(FILE)
    monkeypatch.setenv("KNEECDS_CONFIG", str(path))
    return path


def test_safe_without_any() -> None:
    settings = read()
    assert settings.is_local
    assert not settings.insecure_demo
    assert (settings.cds_clients, settings.fhir_clients, settings.fhir_servers, settings.cors.origins) == (
        (),
        (),
        (),
        (),
    )
    assert not settings.audit.store_inputs
    assert not settings.audit.store_comments
    assert not settings.telemetry.enabled
    assert settings.address == "http://127.0.0.1:8080"


@pytest.mark.usefixtures("file")
def test_a_file() -> None:
    settings = read()
    assert (settings.port, settings.limits.body_bytes) == (9001, 5000)
    assert settings.cds_clients[0].tenants == ("north",)
    assert settings.address == "https://cds.example.org"


@pytest.mark.usefixtures("file")
def test_the_environment_before_the_file_and_what_is_given_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECDS_PORT", "9002")
    monkeypatch.setenv("KNEECDS_LIMITS__BURST", "7")
    monkeypatch.setenv("KNEECDS_CORS__ORIGINS", '["https://a.example"]')
    settings = read()
    assert (settings.port, settings.limits.burst, settings.limits.body_bytes) == (9002, 7, 5000)
    assert settings.cors.origins == ("https://a.example",)
    assert read(port=9003).port == 9003


def test_other_variables_are_not_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECDS_DEBUG", "1")
    assert read().port == 8080


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"port": 99_999}, "port", id="a port that is none"),
        pytest.param({"prot": 1}, "prot", id="an unknown option"),
        pytest.param({"limits": {"bytes": 1}}, "limits.bytes", id="an unknown option of a group"),
        pytest.param({"timezone": "Moon/Base"}, "timezone: is not a time zone", id="a zone that is none"),
        pytest.param({"timezone": "../../etc/passwd"}, "timezone", id="a path as a zone"),
        pytest.param({"care_setting": "moon"}, "care_setting", id="a setting that is none"),
        pytest.param({"host": "0.0.0.0"}, "public_url is needed", id="everywhere, and nobody knows by which address"),
        pytest.param(
            {"public_url": "http://cds.example.org"}, "public_url: is http", id="a public address without TLS"
        ),
        pytest.param({"public_url": "https://a:b@cds.example.org"}, "credentials", id="with a password"),
        pytest.param({"fhir_servers": ["ftp://x"]}, "fhir_servers.0", id="a server that is none"),
        pytest.param({"fhir_servers": ["http://ehr.example.org"]}, "http", id="a server without TLS"),
        pytest.param({"cds_clients": [{"issuer": "x"}]}, "no keys", id="a client without keys"),
        pytest.param({"cds_clients": [{**CLIENT, "jwks_file": "k"}]}, "only one of", id="a client with keys twice"),
        pytest.param({"cds_clients": [CLIENT, CLIENT]}, "twice", id="a client twice"),
        pytest.param({"cds_clients": [{**CLIENT, "algorithms": ["HS256"]}]}, "algorithms", id="symmetric"),
        pytest.param({"cds_clients": [{**CLIENT, "algorithms": ["RS256"]}]}, "algorithms", id="RS256 for hooks"),
        pytest.param({"cds_clients": [{**CLIENT, "algorithms": []}]}, "algorithms", id="no algorithm"),
        pytest.param({"cds_clients": [{**CLIENT, "jku": ["http://ehr.example.org/k"]}]}, "jku", id="keys without TLS"),
        pytest.param({"fhir_clients": [{"issuer": "x"}]}, "no keys", id="an authorization server without keys"),
        pytest.param({"tls": {"certificate": "c.pem"}}, "tls: certificate and key", id="half of TLS"),
        pytest.param({"tls": {"minimum_version": "1.1"}}, "tls.minimum_version", id="old TLS"),
        pytest.param({"workers": 2, "storage": {"enabled": False}}, "storage.enabled", id="workers without a memory"),
        pytest.param({"workers": 2, "tokens": {"replay": "memory"}}, "one worker", id="workers with memories"),
    ],
)
def test_what_is_wrong_is_said(given: Any, said: str) -> None:
    with pytest.raises(UsageError, match="the configuration is wrong") as caught:
        read(**given)
    assert said in str(caught.value)


def test_all_that_is_wrong_is_said_and_no_value_of_it() -> None:
    with pytest.raises(UsageError) as caught:
        read(port="canary-1", metrics={"token": ["canary-2"]}, storage={"url": {"canary": 3}})
    said = str(caught.value)
    assert all(name in said for name in ("port", "metrics.token", "storage.url"))
    assert "canary-" not in said


def test_secrets_are_not_shown() -> None:
    settings = read(storage={"url": "postgresql://u:canary@h/n", "secret": "canary"}, metrics={"token": "canary"})
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"), [("port = ", "is not TOML"), ("port = 'x'", "port"), (None, "is not a file")]
)
def test_files_that_are_wrong(file: Path, text: str | None, said: str) -> None:
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read()


def test_lists_in_variables_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECDS_CDS_CLIENTS", "nonsense canary")
    with pytest.raises(UsageError, match="cds_clients") as caught:
        read()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "192.0.2.1"}, "without TLS"),
        ({"host": "::", "public_url": "https://x.example"}, "without TLS"),
        ({"host": "192.0.2.1", "insecure_demo": True, "behind_proxy": True}, "for this machine only"),
        ({"tls": {"certificate": "/nowhere/c.pem", "key": "/nowhere/k.pem"}}, "tls.certificate"),
        ({"outbound": {"ca_file": "/nowhere/ca.pem"}}, "outbound.ca_file"),
    ],
)
def test_where_it_does_not_start(given: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        exposure.check(read(**given))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "::1"},
        {"host": "localhost", "insecure_demo": True},
        {"host": "192.0.2.1", "behind_proxy": True},
        {"host": "192.0.2.1", "tls": {"certificate": __file__, "key": __file__}},
    ],
)
def test_where_it_starts(given: Any) -> None:
    exposure.check(read(**given))


def test_every_option_is_described() -> None:
    every = listed()
    assert len(every) > 70
    assert [one.name for one in every if not one.meaning.endswith(".") or one.meaning.count("\n")] == []
    assert {"cds_clients[].jwks_url", "limits.body_bytes", "tls.key", "port"} <= {one.name for one in every}
    assert all(one.name in table() for one in every)


def test_each_variable_of_the_table_sets_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"KNEECDS_LIMITS__BURST": "9", "KNEECDS_LOG__LEVEL": "error", "KNEECDS_STORAGE__UPGRADE": "false"}
    names = {one.variable for one in listed()}
    for name, value in values.items():
        assert name in names
        monkeypatch.setenv(name, value)
    settings = read()
    assert (settings.limits.burst, settings.log.level, settings.storage.upgrade) == (9, "error", False)


def test_the_file_of_the_deployment_is_sound(monkeypatch: pytest.MonkeyPatch, options: Callable[..., Settings]) -> None:
    file = Path(__file__).parents[2] / "deploy" / "kneecds.toml"
    if file.is_file():
        monkeypatch.setenv("KNEECDS_CONFIG", str(file))
        assert options().cds_clients is not None
