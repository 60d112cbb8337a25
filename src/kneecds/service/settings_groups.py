"""The groups of options; every one has a default that is safe, and a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Algorithm = Literal["ES384", "RS384"]
"""What CDS Hooks asks for (https://cds-hooks.hl7.org/2.0/#signature-algorithm); nothing symmetric, nothing unsigned."""

BearerAlgorithm = Literal["ES384", "RS384", "ES256", "RS256"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _web_address(url: str) -> str:
    """Accept https anywhere and http on this machine only; no credentials, query or fragment in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        msg = "is not an https address"
        raise ValueError(msg)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        msg = "is http, which is only taken for this machine"
        raise ValueError(msg)
    if parts.username is not None or parts.query or parts.fragment:
        msg = "has credentials, a query or a fragment"
        raise ValueError(msg)
    return url


def _origin(origin: str) -> str:
    """Accept exactly what browsers send as Origin."""
    parts = urlsplit(origin)
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or f"{parts.scheme}://{parts.netloc}" != origin
        or "*" in origin
    ):
        msg = "is not an origin such as https://ehr.example.org; a pattern or * is not taken"
        raise ValueError(msg)
    return origin


WebAddress = Annotated[str, AfterValidator(_web_address)]
Origin = Annotated[str, AfterValidator(_origin)]


class Group(BaseModel):
    """A group of options: fixed once read, and an unknown name is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Tls(Group):
    """TLS ended by the service itself."""

    certificate: Path | None = Field(
        default=None, description="Certificate chain, PEM; with `key` the service speaks https."
    )
    key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    key_password: SecretStr = Field(default=SecretStr(""), description="Password of the private key, if it has one.")
    minimum_version: Literal["1.2", "1.3"] = Field(default="1.2", description="Oldest TLS version that is spoken.")
    client_ca: Path | None = Field(
        default=None, description="Certificates, PEM; only clients with one of theirs may connect."
    )

    @model_validator(mode="after")
    def _together(self) -> Tls:
        if (self.certificate is None) != (self.key is None):
            msg = "certificate and key go together"
            raise ValueError(msg)
        return self


class Issuer(Group):
    """Whoever signs tokens: its name, its keys, and what else its tokens may say."""

    issuer: str = Field(min_length=1, description="The `iss` of its tokens, exactly.")
    jwks_url: WebAddress | None = Field(default=None, description="Where its keys are, as a JSON Web Key Set.")
    jwks_file: Path | None = Field(default=None, description="A file with its keys; read again when it changes.")
    jwks: dict[str, Any] | None = Field(default=None, description="Its keys, written here.")
    audiences: tuple[str, ...] = Field(
        default=(), description="More values of `aud` to take, besides the address called."
    )
    tenants: tuple[str, ...] = Field(default=(), description="Values of `tenant` to take; none: any.")

    @model_validator(mode="after")
    def _one_source(self) -> Issuer:
        if sum(source is not None for source in (self.jwks_url, self.jwks_file, self.jwks)) > 1:
            msg = "only one of jwks_url, jwks_file and jwks"
            raise ValueError(msg)
        return self


class CdsClient(Issuer):
    """A CDS client: an EHR that calls hooks."""

    jku: tuple[WebAddress, ...] = Field(
        default=(), description="Addresses a token's `jku` may name; no other is ever fetched."
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=("ES384", "RS384"), min_length=1, description="Signatures to take."
    )
    services: tuple[str, ...] = Field(default=(), description="Ids of the services it may call; none: all.")

    @model_validator(mode="after")
    def _has_keys(self) -> CdsClient:
        if not (self.jwks_url or self.jwks_file or self.jwks or self.jku):
            msg = "no keys: one of jwks_url, jwks_file, jwks or jku is needed"
            raise ValueError(msg)
        return self


class FhirClient(Issuer):
    """An authorization server whose access tokens open /fhir."""

    algorithms: tuple[BearerAlgorithm, ...] = Field(
        default=("ES384", "RS384"), min_length=1, description="Signatures to take: ES384, RS384, ES256, RS256."
    )

    @model_validator(mode="after")
    def _has_keys(self) -> FhirClient:
        if not (self.jwks_url or self.jwks_file or self.jwks):
            msg = "no keys: one of jwks_url, jwks_file or jwks is needed"
            raise ValueError(msg)
        return self


class Tokens(Group):
    """How tokens are judged."""

    leeway_seconds: int = Field(
        default=30, ge=0, le=300, description="By how much the clocks of two machines may differ."
    )
    longest_seconds: int = Field(
        default=900,
        ge=60,
        le=86_400,
        description="Longest time from `iat` to `exp` of a hook's token; some hosts sign them for 15 minutes.",
    )
    most_bytes: int = Field(default=8192, ge=1024, le=65_536, description="Longest token that is looked at.")
    replay: Literal["auto", "memory", "store"] = Field(
        default="auto",
        description="Where used tokens are remembered: in memory, or in the database, which several processes share; "
        "auto: in memory if there is one worker.",
    )
    discovery: Literal["open", "required"] = Field(
        default="open", description="Whether discovery needs a token; one that is sent must be good in any case."
    )


class Keys(Group):
    """How key sets are fetched and kept."""

    fresh_seconds: float = Field(default=600, gt=0, description="For how long a key set is used without asking again.")
    stale_seconds: float = Field(default=3600, ge=0, description="For how long, if its server does not answer.")
    pause_seconds: float = Field(default=10, ge=0, description="Shortest time between two fetches from one address.")
    timeout_seconds: float = Field(default=3, gt=0, description="Longest time that one fetch takes.")
    most_bytes: int = Field(default=262_144, ge=1024, description="Largest key set that is read.")


class Outbound(Group):
    """Connections that the service makes itself."""

    proxy: str = Field(default="", description="Proxy for key sets; the environment's is not used.")
    ca_file: Path | None = Field(default=None, description="Certificates to trust, PEM, in place of the usual ones.")


class Fetching(Group):
    """What may be fetched from a client's FHIR server when prefetch is not sent."""

    connect_seconds: float = Field(default=1, gt=0, description="Longest wait for a connection.")
    read_seconds: float = Field(default=2, gt=0, description="Longest wait between two parts of an answer.")
    total_seconds: float = Field(default=4, gt=0, description="Longest time for all that one call needs.")
    max_bytes: int = Field(default=5_000_000, ge=1024, description="Most of the pages of one query, unpacked.")
    max_pages: int = Field(default=10, ge=1, description="Most pages of one query.")
    max_resources: int = Field(default=5_000, ge=1, description="Most resources of one query.")
    concurrency: int = Field(default=20, ge=1, description="Most questions under way at once.")
    without_token: bool = Field(
        default=False, description="Whether servers are asked for calls that bring no access token, too."
    )


class Limits(Group):
    """What one caller, and all together, may take."""

    body_bytes: int = Field(
        default=10_000_000, ge=1024, description="Largest body; a larger one is not read to its end."
    )
    depth: int = Field(default=100, ge=16, le=200, description="Deepest nesting of JSON.")
    request_seconds: float = Field(default=15, gt=0, description="Longest time for a call, reading its body included.")
    in_flight: int = Field(default=128, ge=1, description="Most calls at once in a worker; more are answered 503.")
    calls_per_second: float = Field(
        default=200, ge=0, description="Calls a second of one client (issuer, or address); 0: any."
    )
    burst: int = Field(default=400, ge=1, description="Calls that a client may save up.")
    keep_alive_seconds: int = Field(
        default=30, ge=1, description="For how long a connection is kept that sends nothing, or no whole head."
    )
    connections: int = Field(default=1000, ge=1, description="Most connections in a worker.")


class Cors(Group):
    """Browser clients."""

    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins whose scripts may call, exactly; none: no browser."
    )


class Storage(Group):
    """The database."""

    enabled: bool = Field(
        default=True, description="Whether evaluations and feedback are kept; without it feedback is refused."
    )
    url: SecretStr = Field(
        default=SecretStr(""),
        description="Database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; none: SQLite here.",
    )
    directory: Path = Field(default=Path(), description="Where SQLite's file is, if no URL is given.")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Keys the hashes of ids; the same for all that share a database."
    )
    wait_seconds: float = Field(default=5, gt=0, description="Longest wait for the database.")
    upgrade: bool = Field(default=True, description="Whether tables are brought to this version at start.")
    queue: int = Field(
        default=10_000, ge=1, description="Most evaluations that wait to be written; more are dropped and counted."
    )
    needed: bool = Field(
        default=True, description="Whether the service is not ready while the database cannot be reached."
    )


class Audit(Group):
    """What is kept of patients; nothing, unless asked for."""

    store_inputs: bool = Field(default=False, description="Whether requests are kept: patient data, in the database.")
    store_comments: bool = Field(
        default=False, description="Whether comments of feedback are kept; they may name a patient."
    )


class Cards(Group):
    """How cards look at this site."""

    guidance_url: str = Field(
        default="", description="A page with the whole guidance, linked from cards; none: no link."
    )
    guidance_type: Literal["absolute", "smart"] = Field(
        default="absolute", description="Whether that page is a SMART app."
    )
    source_url: str = Field(default="https://kneecds.org/", description="Address in `source.url`.")
    source_icon: str = Field(default="", description="Address of an icon, 100 by 100 PNG.")
    ballot: bool = Field(default=False, description="Whether what only the ballot of CDS Hooks 3.0 knows is sent, too.")
    most_cards: int = Field(default=3, ge=1, le=10, description="Most cards of one answer.")


class Evaluations(Group):
    """What is remembered in memory between calls about the same record, never on disk."""

    kept: int = Field(default=64, ge=0, le=10_000, description="Most evaluations remembered in a worker; 0: none.")
    seconds: float = Field(default=60, gt=0, le=3600, description="For how long one is remembered.")


class Metrics(Group):
    """`/metrics`."""

    enabled: bool = Field(default=True, description="Whether there are metrics.")
    token: SecretStr = Field(
        default=SecretStr(""),
        description="Bearer token for /metrics; without one it answers this machine only, and no proxy.",
    )


class Log(Group):
    """Lines of JSON on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")


class Telemetry(Group):
    """OpenTelemetry."""

    enabled: bool = Field(
        default=False, description="Whether spans are sent, without patient data; needs kneecds[telemetry]."
    )
    endpoint: str = Field(default="", description="OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces.")
    service_name: str = Field(default="kneecds", description="How spans name the service.")


class Shutdown(Group):
    """Stopping."""

    delay_seconds: float = Field(
        default=0, ge=0, le=300, description="For how long it still answers, saying that it is not ready."
    )
    grace_seconds: int = Field(default=20, ge=1, le=600, description="For how long calls in flight may go on.")
