"""The public CDS Hooks sandbox, a client for the browser, shows our cards and sends us feedback.

It is not on a package registry, so it must be built beforehand (`npm ci && npm run build` in a clone of cds-hooks/sandbox), and
KNEECDS_SANDBOX names the clone. Without it this is skipped, in CI too.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import node
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SANDBOX = Path(os.environ.get("KNEECDS_SANDBOX", ""))
EXAMPLES = Path(__file__).parents[2] / "examples"
ISSUER = "https://sandbox.cds-hooks.org"  # of the tokens that it signs with the key it ships

pytestmark = pytest.mark.skipif(
    not (SANDBOX / "build" / "app.bundle.js").is_file(),
    reason="KNEECDS_SANDBOX names no built clone of cds-hooks/sandbox",
)


class Record(http.server.BaseHTTPRequestHandler):
    """A FHIR server with one patient, as far as the sandbox asks."""

    def __init__(self, bundle: dict[str, Any], *arguments: Any) -> None:
        self.resources = [entry["resource"] for entry in bundle["entry"]]
        super().__init__(*arguments)

    def answer(self, resource: dict[str, Any] | None) -> None:
        body = json.dumps(resource or {"resourceType": "OperationOutcome", "issue": []}).encode()
        self.send_response(200 if resource else 404)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def found(self, kind: str) -> dict[str, Any]:
        entries = [{"resource": one} for one in self.resources if one["resourceType"] == kind]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}

    def do_GET(self) -> None:
        kind, _, identifier = urllib.parse.urlsplit(self.path).path.removeprefix("/fhir/").partition("/")
        if kind == "metadata":
            self.answer({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "status": "active"})
        elif identifier:
            same = [one for one in self.resources if (one["resourceType"], one.get("id")) == (kind, identifier)]
            self.answer(same[0] if same else None)
        else:
            self.answer(self.found(kind))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(self.found(self.path.split("/")[2]))

    def do_OPTIONS(self) -> None:
        self.answer({"resourceType": "OperationOutcome"})

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(handler: Any) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def service(folder: Path, origin: str) -> Iterator[str]:
    """Serve kneecds as a site would: with authentication, for the sandbox's issuer and key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pairs = json.loads((SANDBOX / "keys" / "jwk-keypair.json").read_text())["keys"]
    public = [{name: value for name, value in pair.items() if name != "d"} for pair in pairs]
    (folder / "keys.json").write_text(json.dumps({"keys": public}))
    config = folder / "kneecds.toml"
    config.write_text(
        f'[cors]\norigins = ["{origin}"]\n[storage]\nurl = "sqlite:///{folder / "kneecds.sqlite"}"\n'
        f'[[cds_clients]]\nissuer = "{ISSUER}"\njwks_file = "{folder / "keys.json"}"\n'
        f'jku = ["{ISSUER}/.well-known/jwks.json"]\n'
    )
    command = [sys.executable, "-m", "kneecds", "serve", "--port", str(port), "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=folder) as process:
        assert process.stderr is not None
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            until_ready(f"http://127.0.0.1:{port}/health/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            assert process.wait(20) in (0, -signal.SIGTERM)


def until_ready(address: str) -> None:
    for _ in range(200):
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    pytest.fail("the service did not become ready")


def test_sandbox_shows_our_cards_and_sends_feedback(chromium: None, tmp_path: Path) -> None:
    bundle = json.loads((EXAMPLES / "ottawa_positive_fall" / "input.json").read_text())
    patient = next(
        entry["resource"]["id"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient"
    )
    for entry in bundle["entry"]:  # as a record of today holds it
        for name in ("effectiveDateTime", "authored"):
            if name in entry["resource"]:
                entry["resource"][name] = time.strftime("%Y-%m-%dT08:00:00Z", time.gmtime())
    pages = partial(Quiet, directory=str(SANDBOX / "build"))
    with (
        serving(partial(Record, bundle)) as record,
        serving(pages) as site,
        service(tmp_path, site) as ours,
    ):
        query = urllib.parse.urlencode(
            {"serviceDiscoveryURL": f"{ours}/cds-services", "fhirServiceUrl": f"{record}/fhir", "patientId": patient}
        )
        shown = os.environ.get("KNEECDS_SCREENSHOT")
        answer = node.ask(
            "sandbox",
            [{"address": f"{site}/?{query}", "take": "radiograph", "dismiss": "Override", "screenshot": shown}],
            timeout=120,
        )[0]
    assert answer["errors"] == []
    assert any("SAME DAY" in card.upper() for card in answer["cards"]), answer["cards"]
    assert answer["statuses"] == [200, 200]
    outcomes = [entry["outcome"] for body in answer["sent"] for entry in body["feedback"]]
    assert outcomes == ["accepted", "overridden"]
    with contextlib.closing(sqlite3.connect(tmp_path / "kneecds.sqlite")) as database:
        stored = database.execute("select outcome from feedback order by outcome").fetchall()
    assert [outcome for (outcome,) in stored] == ["accepted", "overridden"]
