"""The whole description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds._version import __version__
from kneecds.service.openapi import fhir_paths, fhir_schemas, hook_paths, hook_schemas, operation_paths
from kneecds.service.openapi.examples import examples
from kneecds.service.openapi.parts import problem_responses

if TYPE_CHECKING:
    from kneecds.service.openapi.parts import Json
    from kneecds.service.settings import Settings

_BEARER: Final = {"type": "http", "scheme": "bearer"}
_ABOUT: Final = (
    "Decision support for knee complaints, for clinicians and the systems they use: options, not orders. "
    "Whatever cannot be answered is an OperationOutcome with a status that says so, never empty guidance. "
    "Nothing of a patient is kept unless the site asks for it."
)


def document(settings: Settings) -> Json:
    """Return the description of a service with these options."""
    open_to_all = settings.insecure_demo
    paths = {
        **hook_paths.paths(open_to_all=open_to_all),
        **(fhir_paths.paths(open_to_all=open_to_all) if settings.fhir else {}),
        **operation_paths.paths(metrics=settings.metrics.enabled),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kneecds", "version": __version__, "summary": "CDS Hooks and FHIR operations for knee complaints",
            "description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.address}],
        "paths": paths,
        "components": {
            "schemas": {
                **hook_schemas.schemas(), **fhir_schemas.schemas(), **operation_paths.SCHEMAS,
                **(fhir_paths.schemas() if settings.fhir else {}),
            },
            "responses": problem_responses(),
            "examples": examples(),
            "securitySchemes": _schemes(),
        },
    }  # fmt: skip


def document_json() -> bytes:
    """Return the description of a service that nothing was set for, as it is checked in."""
    from kneecds.service.settings import Settings  # noqa: PLC0415 - heavy

    return msgspec.json.format(msgspec.json.encode(document(Settings.model_construct())), indent=2) + b"\n"


def _schemes() -> dict[str, Any]:
    return {
        hook_paths.SCHEME: {
            **_BEARER, "bearerFormat": "JWT",
            "description": "The JWT of a CDS client, ES384 or RS384: https://cds-hooks.hl7.org/2.0/#trusting-cds-clients",
        },
        fhir_paths.SCHEME: {
            **_BEARER, "bearerFormat": "JWT",
            "description": "An access token of a SMART backend service with the scopes that are listed: "
            "https://hl7.org/fhir/smart-app-launch/backend-services.html",
        },
        operation_paths.SCHEME: {**_BEARER, "description": "The token in `metrics.token` of the configuration"},
    }  # fmt: skip
