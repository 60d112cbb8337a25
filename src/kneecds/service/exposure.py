"""Where the service may listen: what would let others read or call what they should not is refused at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.errors import UsageError

if TYPE_CHECKING:
    from kneecds.service.settings import Settings

NOBODY = (
    "No CDS client is configured (cds_clients): every hook is refused with 401. "
    "Configure who may call, or try it on this machine with --insecure-demo."
)
DEMO = "INSECURE DEMO: anyone who reaches this address gets answers, without a token. Never with data of real patients."


def check(settings: Settings) -> None:
    """Refuse to start where that would be unsafe."""
    if settings.insecure_demo and not settings.is_local:
        msg = f"--insecure-demo is for this machine only, and {settings.host} is not: listen at 127.0.0.1"
        raise UsageError(msg)
    if not (settings.is_local or settings.secured or settings.behind_proxy):
        msg = (
            f"at {settings.host} patient data would leave this machine without TLS: set tls.certificate and tls.key, "
            "or say --behind-proxy if a proxy in front ends TLS"
        )
        raise UsageError(msg)
    for name, path in (
        ("tls.certificate", settings.tls.certificate),
        ("tls.key", settings.tls.key),
        ("tls.client_ca", settings.tls.client_ca),
        ("outbound.ca_file", settings.outbound.ca_file),
    ):
        if path is not None and not path.is_file():
            msg = f"{name}: {path} is not a file"
            raise UsageError(msg)
