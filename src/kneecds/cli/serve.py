"""`kneecds serve`: the service for hospitals, CDS Hooks and FHIR operations over HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from kneecds._version import __version__
from kneecds.errors import UsageError

if TYPE_CHECKING:
    from kneecds.service.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False)


@click.command(epilog="Example: kneecds serve --insecure-demo")
@click.option("--config", type=_FILE, help="TOML file with options; KNEECDS_CONFIG names one, too.")
@click.option("--host", help="Address to listen at.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen at; 0 for any.  [default: 8080]")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes.  [default: 1]")
@click.option("--public-url", help="Address by which clients call, if it is not host and port.")
@click.option("--behind-proxy", is_flag=True, default=None, help="A proxy in front ends TLS.")
@click.option("--tls-certificate", type=_FILE, help="Certificate chain, PEM.")
@click.option("--tls-key", type=_FILE, help="Private key, PEM.")
@click.option(
    "--insecure-demo", is_flag=True, default=None, help="Answer anyone without a token, on this machine only."
)
@click.option("--show-options", is_flag=True, help="Show every option of the file and the environment, and stop.")
def serve(
    config: str | None,
    tls_certificate: str | None,
    tls_key: str | None,
    show_options: bool,  # noqa: FBT001 - click's
    **given: Any,  # noqa: ANN401 - of several types
) -> None:
    """Answer CDS Hooks and FHIR operations over HTTP, for an EHR.

    Without options it listens on this machine only and refuses every call: say in the configuration who may call.
    Options come from here, from variables such as KNEECDS_PORT, or from the file, in this order of precedence.
    """
    _need_extra()
    from kneecds.service import options, settings  # noqa: PLC0415 - heavy, as all of the service

    if show_options:
        click.echo(options.table(), nl=False)
        return
    if config is not None:
        os.environ[settings.CONFIG] = config
    _pass_on({**given, "tls__certificate": tls_certificate, "tls__key": tls_key}, settings.PREFIX)
    _run(settings.read())


def _run(chosen: Settings) -> None:
    from kneecds.service import exposure, server  # noqa: PLC0415

    exposure.check(chosen)
    listening = server.bound(chosen)
    port = listening.getsockname()[1]
    if port != chosen.port:
        os.environ["KNEECDS_PORT"] = str(port)
        chosen = chosen.model_copy(update={"port": port})
    _say(chosen)
    try:
        server.serve(chosen, listening)
    except KeyboardInterrupt:
        return


def _say(chosen: Settings) -> None:
    """Say on stderr, once, what is served where and to whom."""
    from kneecds.knowledge import shipped  # noqa: PLC0415
    from kneecds.service import exposure  # noqa: PLC0415

    callers = "anyone" if chosen.insecure_demo else f"{len(chosen.cds_clients)} configured"
    click.echo(
        f"kneecds {__version__} (knowledge {shipped().version}) serves {chosen.address}/cds-services; "
        f"workers: {chosen.workers}, clients: {callers}. Ctrl+C stops it.",
        err=True,
    )
    if chosen.insecure_demo:
        click.echo(click.style(f"  !!! {exposure.DEMO} !!!", fg="red", bold=True), err=True)
    elif not chosen.cds_clients:
        click.echo(click.style(f"  !!! {exposure.NOBODY} !!!", fg="yellow", bold=True), err=True)


def _pass_on(given: dict[str, Any], prefix: str) -> None:
    """Put what was given here into the environment, where workers find it, too."""
    for name, value in given.items():
        if value is not None:
            os.environ[f"{prefix}{name.upper()}"] = str(value)


def _need_extra() -> None:
    try:
        import pydantic_settings  # noqa: F401, PLC0415
        import starlette  # noqa: F401, PLC0415
        import uvicorn  # noqa: F401, PLC0415
    except ModuleNotFoundError as problem:
        msg = "the service needs its extra: pip install 'kneecds[service]'"
        raise UsageError(msg) from problem
