"""The FHIR interface under /fhir: artefacts to read, and operations that keep nothing of what they are sent."""

from __future__ import annotations

from kneecds.service.fhir.routes import routes

__all__ = ["routes"]
