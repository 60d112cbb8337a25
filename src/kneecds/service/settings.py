"""The options of the service: from the command line, the environment, a TOML file, in this order of precedence."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError, TomlConfigSettingsSource

from kneecds.core.knowledge import Setting  # noqa: TC001 - pydantic reads annotations
from kneecds.errors import UsageError
from kneecds.service import settings_groups as groups
from kneecds.service.settings_groups import LOOPBACK, WebAddress

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource

PREFIX: Final = "KNEECDS_"
CONFIG: Final = "KNEECDS_CONFIG"
"""The variable that names the file."""

ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - to recognise it


class Settings(BaseSettings):
    """Everything that can be set; without any of it the service listens on this machine and refuses all hooks."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field(default="127.0.0.1", description="Address to listen at.")
    port: int = Field(default=8080, ge=0, le=65_535, description="Port to listen at.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes.")
    public_url: WebAddress | None = Field(
        default=None,
        description="Address by which clients call, which `aud` of tokens must begin with; by default host and port.",
    )
    behind_proxy: bool = Field(
        default=False, description="A proxy in front ends TLS, so plain http may leave this machine."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"), description="Addresses of proxies whose X-Forwarded-For and -Proto are believed."
    )
    insecure_demo: bool = Field(
        default=False, description="Answer anyone without a token: for trying it on this machine."
    )
    care_setting: Setting = Field(default="primary_care", description="Where the patients are seen.")
    timezone: str = Field(default="UTC", description="Time zone whose date is the day of an answer.")
    fhir: bool = Field(default=True, description="Whether the operations under /fhir are offered.")
    cds_clients: tuple[groups.CdsClient, ...] = Field(default=(), description="Who may call hooks; none: nobody.")
    fhir_clients: tuple[groups.FhirClient, ...] = Field(
        default=(), description="Whose tokens open /fhir; none: nobody's."
    )
    fhir_servers: tuple[WebAddress, ...] = Field(
        default=(), description="FHIR servers that may be asked for records; none: none."
    )
    tls: groups.Tls = Field(default=groups.Tls(), description=groups.Tls.__doc__)
    tokens: groups.Tokens = Field(default=groups.Tokens(), description=groups.Tokens.__doc__)
    keys: groups.Keys = Field(default=groups.Keys(), description=groups.Keys.__doc__)
    fetching: groups.Fetching = Field(default=groups.Fetching(), description=groups.Fetching.__doc__)
    outbound: groups.Outbound = Field(default=groups.Outbound(), description=groups.Outbound.__doc__)
    limits: groups.Limits = Field(default=groups.Limits(), description=groups.Limits.__doc__)
    cors: groups.Cors = Field(default=groups.Cors(), description=groups.Cors.__doc__)
    storage: groups.Storage = Field(default=groups.Storage(), description=groups.Storage.__doc__)
    audit: groups.Audit = Field(default=groups.Audit(), description=groups.Audit.__doc__)
    cards: groups.Cards = Field(default=groups.Cards(), description=groups.Cards.__doc__)
    evaluations: groups.Evaluations = Field(default=groups.Evaluations(), description=groups.Evaluations.__doc__)
    metrics: groups.Metrics = Field(default=groups.Metrics(), description=groups.Metrics.__doc__)
    log: groups.Log = Field(default=groups.Log(), description=groups.Log.__doc__)
    telemetry: groups.Telemetry = Field(default=groups.Telemetry(), description=groups.Telemetry.__doc__)
    shutdown: groups.Shutdown = Field(default=groups.Shutdown(), description=groups.Shutdown.__doc__)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError) as problem:
            msg = "is not a time zone such as Europe/Berlin"
            raise ValueError(msg) from problem
        return name

    @model_validator(mode="after")
    def _sound(self) -> Settings:
        issuers = [client.issuer for client in self.cds_clients], [client.issuer for client in self.fhir_clients]
        if any(len(set(names)) != len(names) for names in issuers):
            msg = "the same issuer is there twice"
            raise ValueError(msg)
        if self.host in ANYWHERE and self.public_url is None and not self.insecure_demo:
            msg = f"public_url is needed where the service listens at {self.host or 'every address'}"
            raise ValueError(msg)
        if not self.insecure_demo and not self.storage.enabled and (self.workers > 1 or self.tokens.replay == "store"):
            msg = "used tokens of several workers are remembered in the database: storage.enabled is needed"
            raise ValueError(msg)
        if self.workers > 1 and self.tokens.replay == "memory":
            msg = "tokens.replay in memory is for one worker"
            raise ValueError(msg)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given first, then the environment, then the file; no .env file is looked for."""
        del dotenv_settings, file_secret_settings
        path = os.environ.get(CONFIG, "")
        file = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        return (init_settings, env_settings, *file)

    @property
    def secured(self) -> bool:
        """Whether the service itself speaks https."""
        return self.tls.certificate is not None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK

    @property
    def address(self) -> str:
        """The address by which clients call, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ANYWHERE else f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' * self.secured}://{host}:{self.port}"


def read(**given: Any) -> Settings:  # noqa: ANN401 - what pydantic takes
    """Read the options; UsageError with every problem, and none of the values, which may be secrets."""
    path = os.environ.get(CONFIG, "")
    if path and not Path(path).is_file():
        msg = f"the configuration {path} is not a file"
        raise UsageError(msg)
    try:
        return Settings(**given)
    except ValidationError as problem:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'options'}: {_said(one['msg'])}" for one in problem.errors()]
        msg = "the configuration is wrong: " + "; ".join(lines)
        raise UsageError(msg) from None
    except tomllib.TOMLDecodeError as problem:
        msg = f"the configuration {path} is not TOML: {problem}"
        raise UsageError(msg) from None
    except SettingsError as problem:
        msg = f"the configuration cannot be read: {problem}"
        raise UsageError(msg) from None


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")
