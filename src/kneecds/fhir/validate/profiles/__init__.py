"""Resources against profiles: those they claim, those asked for, and those that the specification asks for."""

from __future__ import annotations

from kneecds.fhir.validate.profiles.look import look

__all__ = ["look"]
