"""`kneecds conformance`: see from outside whether a service keeps the rules of its standard."""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import click

from kneecds.cli import files, options
from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.result import Report
    from kneecds.conformance.table import Check
    from kneecds.conformance.target import Target
    from kneecds.conformance.tokens import Signer

_NEEDED = ("httpx", "joserfc")
_PORTS = click.IntRange(min=0, max=65535)


def _list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's callback
    if not wanted or ctx.resilient_parsing:
        return
    from kneecds.cli import screen  # noqa: PLC0415
    from kneecds.conformance import reports, table  # noqa: PLC0415 - only to list

    files.write(None, reports.listing(table.CHECKS, screen.look()))
    ctx.exit()


@click.group(epilog="Example: kneecds conformance cds-hooks http://127.0.0.1:8000 --format junit -o report.xml")
def conformance() -> None:
    """Check from outside whether a service keeps the rules of its standard."""


@conformance.command("cds-hooks", epilog="Example: kneecds conformance cds-hooks http://127.0.0.1:8000")
@click.argument("url")
@click.option("--jwt-key", type=files.INPUT, help="Private key that signs our tokens: PEM or JWK, EC P-384 or RSA.")
@click.option("--issuer", default="https://conformance.example.org", show_default=True, help="`iss` of our tokens.")
@click.option("--jku", default="", help="Address of our key set, in the header of our tokens; by default none.")
@click.option("--kid", default="", help="Id of the key; by default that of the JWK, else its thumbprint.")
@click.option("--alg", type=click.Choice(("ES384", "RS384")), help="By default what the key is for.")
@click.option("--origin", default="", help="Origin of a browser client that the service allows: checks CORS.")
@click.option("--service", "services", multiple=True, metavar="ID", help="Check this service; may be repeated.")
@click.option(
    "--patient-context", type=files.INPUT, help="JSON with patientId, userId, encounterId that the service may know."
)
@click.option(
    "--request", "own", type=files.INPUT, multiple=True, metavar="FILE",
    help="A valid request of your own, used for the services of its hook; may be repeated.",
)  # fmt: skip
@click.option("--fhir-server", default="", help="Address of a FHIR server to name in requests.")
@click.option("--ca", type=files.INPUT, help="PEM file of the authorities to trust instead of the usual ones.")
@options.format_option("table", "json", "junit")
@options.output_option
@click.option("--only", multiple=True, metavar="ID", help="Check, group, pattern or requirement; may be repeated.")
@click.option(
    "--list", "shown", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the checks."
)
@click.option("--timeout", type=click.FloatRange(min=0.1, max=300), default=10.0, show_default=True, help="Seconds.")
@click.option("--allow-http", is_flag=True, help="Call plain HTTP outside this machine; the TLS check will fail.")
@click.option(
    "--latency-calls",
    type=click.IntRange(min=0, max=1000),
    default=20,
    show_default=True,
    help="Calls of each service that are timed.",
)
@click.option("--ballot", is_flag=True, help="What only the ballot of 3.0 knows is no fault.")
@click.option("--listen", type=_PORTS, default=0, help="Port on 127.0.0.1 of the suite's own FHIR server; any if 0.")
@click.pass_context
def cds_hooks(
    ctx: click.Context,
    url: str,
    jwt_key: str | None,
    issuer: str,
    jku: str,
    kid: str,
    alg: Literal["ES384", "RS384"] | None,
    origin: str,
    services: tuple[str, ...],
    patient_context: str | None,
    own: tuple[str, ...],
    fhir_server: str,
    ca: str | None,
    form: str,
    output: str | None,
    only: tuple[str, ...],
    timeout: float,
    allow_http: bool,  # noqa: FBT001 - click's flags
    latency_calls: int,
    ballot: bool,  # noqa: FBT001
    listen: int,
) -> None:
    """Check a CDS Hooks service requirement by requirement.

    URL is the base, without /cds-services. Data sent is of a made-up patient unless you give your own; what a check
    cannot see at this service is skipped, with the reason. SHALL not kept fails, SHOULD warns. Reports quote the
    beginnings of requests and answers, without tokens: with requests of your own, that may be patient data.

    Exit codes: 0 all that is demanded is kept, 1 something is not, 2 wrong usage, 3 our fault.
    """
    base = _address(url, allow_http=allow_http)
    _need()
    from kneecds.conformance import run  # noqa: PLC0415 - only needed to run
    from kneecds.conformance.target import Target  # noqa: PLC0415

    target = Target(
        base, _now, _fresh, signer=_signer(jwt_key, issuer, jku, kid, alg), origin=origin.rstrip("/"),
        services=services, context=_context(patient_context), requests=tuple(map(_request, own)),
        fhir_server=fhir_server, timeout=timeout, latency_calls=latency_calls, ballot=ballot, listen=listen,
    )  # fmt: skip
    report = _watched(target, run.chosen(only), ca or True)
    files.write(output, _written(report, form, output))
    unseen = sorted(set(services) - {one.rpartition(" (")[0] for one in report.services})
    if unseen:
        msg = f"not called, because discovery does not list it for a hook that is known: {', '.join(unseen)}"
        raise UsageError(msg)
    if report.exit_code:
        ctx.exit(report.exit_code)


def _watched(target: Target, checks: Sequence[Check], verify: str | bool) -> Report:  # noqa: FBT001 - as httpx has it
    """Run, with the check that is under way on the terminal."""
    from kneecds.conformance import run  # noqa: PLC0415

    if not sys.stderr.isatty():
        return run.run(target, checks, verify=verify)
    bar: Any = click.progressbar(
        length=len(checks), label="checking", file=sys.stderr, item_show_func=lambda check: check.id if check else ""
    )
    with bar:
        tell = cast("Callable[[Check], None]", lambda check: bar.update(1, check))
        return run.run(target, checks, verify=verify, progress=tell)


def _written(report: Report, form: str, output: str | None) -> bytes | str:
    from kneecds.cli import screen  # noqa: PLC0415
    from kneecds.conformance import reports  # noqa: PLC0415

    if form == "json":
        return reports.to_json(report)
    if form == "junit":
        return reports.to_junit(report)
    return reports.to_table(report, screen.look(output))


def _address(url: str, *, allow_http: bool) -> str:
    from kneecds.conformance.target import on_loopback  # noqa: PLC0415

    try:
        address = urlsplit(url)
        valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        valid = False
    if not valid or address.query or address.fragment:
        msg = "URL must be http(s)://host[:port][/path], the base address of the service"
        raise UsageError(msg)
    if address.username is not None or address.password is not None:
        msg = "URL must not hold a user name or password"
        raise UsageError(msg)
    if address.scheme == "http" and not (allow_http or on_loopback(url)):
        msg = "plain HTTP leaves this machine unprotected; use https, or --allow-http for a service without patients"
        raise UsageError(msg)
    return url.rstrip("/").removesuffix("/cds-services")


def _need() -> None:
    lacking = [name for name in _NEEDED if find_spec(name) is None]
    if lacking:
        msg = f"{' and '.join(lacking)} not installed; install the extra: pip install 'kneecds[service]'"
        raise UsageError(msg)


def _signer(
    file: str | None, issuer: str, jku: str, kid: str, alg: Literal["ES384", "RS384"] | None
) -> Signer | None:  # fmt: skip
    if file is None:
        return None
    from kneecds.conformance import tokens  # noqa: PLC0415 - only with a key

    key, fitting, named = tokens.read_key(files.read(file))
    if alg not in (None, fitting):
        msg = f"the key is for {fitting}, not {alg}"
        raise UsageError(msg)
    return tokens.Signer(key, fitting, kid or named, issuer, _now, _fresh, jku)


def _context(file: str | None) -> dict[str, str]:
    found = _object(file) if file else {}
    wrong = sorted(name for name, value in found.items() if not isinstance(value, str))
    if wrong:
        msg = f"the patient context must have strings only: {', '.join(wrong)}"
        raise UsageError(msg)
    return found


def _request(file: str) -> Json:
    found = _object(file)
    if not isinstance(found.get("hook"), str) or not isinstance(found.get("context"), dict):
        msg = f"{click.format_filename(file)} is no request: it needs hook and context"
        raise UsageError(msg)
    return found


def _object(file: str) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415

    try:
        return msgspec.json.decode(files.read(file), type=dict[str, Any])
    except msgspec.DecodeError as problem:
        msg = f"{click.format_filename(file)} is no JSON object"
        raise UsageError(msg) from problem


def _now() -> datetime:
    return datetime.now(UTC)


def _fresh() -> str:
    return str(uuid.uuid4())
