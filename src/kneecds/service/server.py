"""The server: sockets, TLS, workers; what it is started with comes from the options."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from kneecds.errors import UsageError
from kneecds.service import log, metrics
from kneecds.service.app import create_app
from kneecds.service.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.service.settings import Settings

FACTORY: Final = "kneecds.service.app:from_environment"
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_BACKLOG: Final = 2048


class Workers(Multiprocess):
    """Processes that share a socket."""

    def terminate_all(self) -> None:
        """Tell all to stop, and let go of the socket: as long as it is ours, clients would wait there for nobody."""
        super().terminate_all()
        for one in self.sockets:
            one.close()


def bound(settings: Settings) -> socket.socket:
    """Return the socket to listen at; UsageError if it is taken or not ours."""
    host = settings.host or "0.0.0.0"  # noqa: S104 - exposure was checked
    try:
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.create_server((host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as problem:
        msg = f"cannot listen at {host}, port {settings.port}: {problem.strerror or type(problem).__name__}"
        raise UsageError(msg) from None
    made.set_inheritable(True)
    return made


def serve(settings: Settings, listening: socket.socket) -> None:
    """Answer until told to stop; several workers read their options from the environment."""
    if settings.workers == 1:
        uvicorn.Server(configuration(settings, create_app(settings, whole_process=True))).run([listening])
        return
    shared = tempfile.mkdtemp(prefix="kneecds-metrics-")
    os.environ[metrics.SHARED] = shared
    try:
        Workers(configuration(settings, FACTORY), sockets=[listening]).run()
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def configuration(settings: Settings, app: Any) -> uvicorn.Config:  # noqa: ANN401 - what uvicorn takes
    """Return what uvicorn is to do."""
    tls = settings.tls
    more: dict[str, Any] = {}
    if tls.certificate is not None:
        more = {
            "ssl_certfile": tls.certificate,
            "ssl_keyfile": tls.key,
            "ssl_keyfile_password": tls.key_password.get_secret_value() or None,
            "ssl_ca_certs": tls.client_ca,
            "ssl_cert_reqs": ssl.CERT_NONE if tls.client_ca is None else ssl.CERT_REQUIRED,
            "ssl_context_factory": partial(_context, tls.minimum_version),
        }
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=log.configuration(settings.log.level),
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=settings.limits.connections,
        timeout_keep_alive=settings.limits.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown.grace_seconds,
        timeout_worker_healthcheck=60,  # a worker that thinks for long is not dead
        **more,
    )


def _context(oldest: str, _: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = _VERSIONS[oldest]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context
