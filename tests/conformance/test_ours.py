"""Our own service passes all, with tokens and without; and a defect put into it is found there as well."""

from __future__ import annotations

import socket
from typing import NamedTuple

import pytest
import reference_service
from altering import altered
from defects import DEFECTS, TOKEN_DEFECTS, taking
from loopback import Loopback

from kneecds.conformance.table import CHECKS
from kneecds.service.app import create_app
from kneecds.service.settings import Settings

NOTHING_TO_SEE = {
    "actions.delete-resource", "actions.delete-target", "actions.system", "actions.update-id",
    "json.extension-names", "json.extension-objects", "links.autolaunchable", "safety.blocks", "safety.html",
    "safety.links", "security.rs384", "security.tls", "suggestions.one-recommended", "suggestions.recommended",
}  # fmt: skip
"""What our service never sends, and what plain HTTP and one key give no occasion to see."""

LEVELS = {check.id: "fail" if check.level == "SHALL" else "warning" for check in CHECKS}


class Ours(NamedTuple):
    running: Loopback
    app: object
    listen: int


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module", params=["open", "guarded"])
def ours(request, tmp_path_factory, signer):
    """Our service as a site would run it."""
    guarded = request.param == "guarded"
    key = signer.key.as_dict(private=False) | {"kid": signer.kid, "alg": signer.alg}
    port, listen = _free_port(), _free_port()
    given = (
        {"cds_clients": [{"issuer": signer.issuer, "jwks": {"keys": [key]}}]} if guarded else {"insecure_demo": True}
    )
    settings = Settings(
        port=port, cors={"origins": [reference_service.ORIGIN]}, fhir_servers=[f"http://127.0.0.1:{listen}/fhir"],
        cards={"guidance_url": "https://guide.example.org/launch", "guidance_type": "smart", "source_icon": "https://guide.example.org/i.png"},
        storage={"url": f"sqlite:///{tmp_path_factory.mktemp('ours')}/kneecds.db"}, log={"level": "error"}, **given,
    )  # fmt: skip
    app = create_app(settings)
    with Loopback(app, port=port, lifespan="on") as running:
        yield Ours(running, app, listen)


@pytest.fixture
def looked(ours, look, request):
    def run_on(app, *only):
        signed = "guarded" in request.node.name
        return look(app, *only, signed=signed, server=ours.running, latency_calls=5, listen=ours.listen)

    return run_on


def test_ours_passes_all(ours, looked, request):
    report = looked(ours.app)
    found = {one.check: (one.status, one.reason) for one in report.results if one.status != "pass"}
    assert {name: said for name, said in found.items() if said[0] != "skip"} == {}
    skipped = {name for name, (_, reason) in found.items() if reason != "no --jwt-key"}
    assert skipped == NOTHING_TO_SEE - ({"security.rs384"} if "open" in request.node.name else set())
    assert report.exit_code == 0


OF_CARDS = ("cards.summary-length", "cards.override-display", "source.topic-code", "actions.patient", "json.blank")
OF_CALLS = (
    "calls.record-of-another",
    "prefetch.none",
    "prefetch.failed-apart",
    "prefetch.paged",
    "refuses.repeated-name",
)


@pytest.mark.parametrize("ours", ["open"], indirect=True)
@pytest.mark.parametrize(
    "defect",
    [one for one in DEFECTS if one.check in (*OF_CARDS, *OF_CALLS)],
    ids=lambda one: f"{one.check}: {one.name}",
)
def test_a_defect_in_ours_is_found(ours, looked, defect):
    group = defect.check.partition(".")[0]
    report = looked(altered(ours.app, defect.before, defect.after), group)
    found = {one.check: one.status for one in report.results if one.status not in ("pass", "skip")}
    assert found == {defect.check: LEVELS[defect.check]}


@pytest.mark.parametrize("ours", ["guarded"], indirect=True)
@pytest.mark.parametrize("defect", TOKEN_DEFECTS, ids=lambda one: f"{one.check}: {one.name}")
def test_a_token_that_ours_would_wrongly_take_is_found(ours, looked, signer, defect):
    report = looked(altered(ours.app, taking(defect.is_bad, signer, ours.running.url)), "security")
    found = {one.check: one.status for one in report.results if one.status not in ("pass", "skip")}
    assert found == {defect.check: LEVELS[defect.check]}
