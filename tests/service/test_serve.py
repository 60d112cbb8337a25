"""`kneecds serve` as a process: what it says, whom it lets in, and how it stops."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hook_calls import sent, view
from signing import ISSUER, header, jwks, key, token
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATH = "/cds-services/kneecds-assessment"
BODY = sent(view())
SAYS = re.compile(r"serves (https?://\S+)/cds-services")


class Served:
    """A running `kneecds serve`."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.log = folder / "stderr"
        self._stderr = self.log.open("w")
        env = {name: value for name, value in os.environ.items() if not name.startswith("KNEECDS_")}
        env |= {"KNEECDS_STORAGE__DIRECTORY": str(folder), **variables}
        command = [sys.executable, "-m", "kneecds", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stderr=self._stderr, stdout=self._stderr, env=env)
        self.address = self._wait_for(SAYS)[1]

    def _wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        for _ in range(3000):
            found = pattern.search(self.text)
            if found:
                return found
            assert self.process.poll() is None, self.text
            time.sleep(0.01)
        raise AssertionError(self.text)

    @property
    def text(self) -> str:
        return self.log.read_text()

    def ready(self, **client: Any) -> None:
        """Wait until it answers."""
        for _ in range(2000):
            assert self.process.poll() is None, self.text
            try:
                if httpx.get(f"{self.address}/health/ready", **client).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.01)
        raise AssertionError(self.text)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        self._stderr.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*arguments: str, **variables: str) -> Served:
        running.append(Served(tmp_path, *arguments, **variables))
        return running[-1]

    yield start
    for one in running:
        one.close()


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("KNEECDS_")} | variables
    command = [sys.executable, "-m", "kneecds", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_help() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert all(option in result.stdout for option in ("--host", "--port", "--workers", "--config", "--insecure-demo"))


def test_show_options() -> None:
    result = run("--show-options")
    assert result.returncode == 0
    assert "| `limits.body_bytes` | `10000000` |" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0", "--public-url", "https://x.example"], "without TLS"),
        (["--host", "0.0.0.0"], "public_url is needed"),
        (["--host", "0.0.0.0", "--insecure-demo", "--behind-proxy"], "for this machine only"),
        (["--host", "192.0.2.1", "--behind-proxy"], "cannot listen"),
        (["--config", "/nowhere.toml"], "does not exist"),
        (["--public-url", "ftp://x"], "public_url"),
        (["--workers", "0"], "workers"),
    ],
)
def test_does_not_start(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("--insecure-demo", "--port", str(taken.getsockname()[1]))
    assert result.returncode == 2
    assert "cannot listen" in result.stderr


def test_without_clients_it_starts_and_refuses_all_loudly(started: Callable[..., Served]) -> None:
    service = started()
    service.ready()
    assert "!!! No CDS client is configured" in service.text
    assert httpx.post(f"{service.address}{PATH}", content=BODY).status_code == 401


def test_the_demo_says_what_it_is(started: Callable[..., Served]) -> None:
    service = started("--insecure-demo")
    service.ready()
    assert "!!! INSECURE DEMO" in service.text
    response = httpx.post(f"{service.address}{PATH}", content=BODY, headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert response.headers["x-kneecds-insecure-demo"] == "true"
    assert "server" not in response.headers


def test_a_configuration_with_a_client(started: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(jwks(key())))
    config = tmp_path / "kneecds.toml"
    config.write_text(f'[[cds_clients]]\nissuer = "{ISSUER}"\njwks_file = "{tmp_path}/keys.json"\n')
    service = started("--config", str(config))
    service.ready()
    headers = {"content-type": "application/json", **header(token(f"{service.address}{PATH}"))}
    assert httpx.post(f"{service.address}{PATH}", content=BODY, headers=headers).status_code == 200
    assert httpx.post(f"{service.address}{PATH}", content=BODY, headers=headers).status_code == 401, "replay"


def _half_sent(address: str) -> http.client.HTTPConnection:
    """Begin a call, and leave it with half of its body."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.putrequest("POST", PATH)
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(len(BODY)))
    connection.endheaders()
    connection.send(BODY[:100])
    return connection


def _wait_until_refused(address: str) -> None:
    parts = urlsplit(address)
    for _ in range(1000):
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1).close()
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError(address)


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")], ids=["one worker", "two workers"])
def test_a_call_in_flight_is_finished(started: Callable[..., Served], arguments: tuple[str, ...]) -> None:
    service = started("--insecure-demo", *arguments)
    service.ready()
    connection = _half_sent(service.address)
    time.sleep(0.2)  # the other side takes it up
    service.process.send_signal(signal.SIGTERM)
    _wait_until_refused(service.address)
    connection.send(BODY[100:])
    response = connection.getresponse()
    assert response.status == 200
    assert "cards" in json.loads(response.read())
    connection.close()
    assert service.process.wait(30) in (0, -signal.SIGTERM)
    assert _rows(service) == 1, "and what was to be kept of it is kept"


def _rows(service: Served) -> int:
    engine = create_engine(f"sqlite:///{service.log.parent}/kneecds.sqlite3")
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM evaluations")).scalar_one()
    engine.dispose()
    return int(count)


def test_a_call_that_never_ends_is_not_waited_for(started: Callable[..., Served]) -> None:
    service = started("--insecure-demo", KNEECDS_SHUTDOWN__GRACE_SECONDS="1")
    service.ready()
    connection = _half_sent(service.address)
    time.sleep(0.2)
    assert service.stop() in (0, -signal.SIGTERM)
    connection.close()


def test_before_it_stops_it_says_that_it_is_not_ready(started: Callable[..., Served]) -> None:
    service = started("--insecure-demo", KNEECDS_SHUTDOWN__DELAY_SECONDS="2")
    service.ready()
    service.process.send_signal(signal.SIGTERM)
    for _ in range(100):
        if httpx.get(f"{service.address}/health/ready").status_code == 503:
            break
        time.sleep(0.01)
    response = httpx.post(f"{service.address}{PATH}", content=BODY, headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert service.process.wait(30) in (0, -signal.SIGTERM)


def test_several_workers_add_up_their_numbers(started: Callable[..., Served]) -> None:
    service = started("--insecure-demo", "--workers", "2")
    service.ready()
    for _ in range(12):  # each on a connection of its own
        response = httpx.post(f"{service.address}{PATH}", content=BODY, headers={"content-type": "application/json"})
        assert response.status_code == 200
    shown = httpx.get(f"{service.address}/metrics").text
    assert f'kneecds_requests_total{{route="{PATH}",status="200"}} 12.0' in shown
    assert service.stop() == 0


def test_its_log_is_json(started: Callable[..., Served]) -> None:
    service = started("--insecure-demo")
    service.ready()
    httpx.get(f"{service.address}/cds-services")
    service.stop()
    first, second, *lines = service.text.splitlines()
    assert "serves" in first
    assert "INSECURE" in second
    assert [json.loads(line)["route"] for line in lines] == ["/cds-services"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    raw = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "k.pem").write_bytes(private.private_bytes(*raw))
    return folder / "c.pem", folder / "k.pem"


def test_tls(started: Callable[..., Served], certificate: tuple[Path, Path]) -> None:
    chain, private = certificate
    service = started("--insecure-demo", "--tls-certificate", str(chain), "--tls-key", str(private))
    assert service.address.startswith("https://127.0.0.1:")
    trust = ssl.create_default_context(cafile=str(chain))
    service.ready(verify=trust)
    response = httpx.get(f"{service.address}/cds-services", verify=trust)
    assert response.status_code == 200
    assert response.headers["strict-transport-security"]
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    parts = urlsplit(service.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire, pytest.raises(ssl.SSLError):
        old.wrap_socket(wire)
