"""What somebody stated about the patient: one value of one finding, for one side, with who said so and when."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

Side = Literal["left", "right", "unspecified"]
SIDES: tuple[Side, ...] = ("left", "right", "unspecified")
Scope = Literal["left", "right", "unspecified", "person"]

Sex = Literal["female", "male", "other", "unknown"]


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a fact was read, so that a reader can check it."""

    resource: str = ""  # "Observation/o1", or what the host named
    expression: str = ""  # FHIRPath in the input
    link_id: str = ""  # of a questionnaire item
    time: str = ""  # FHIR dateTime as stated; empty: not stated


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement. `None` as value: it was asked, and is not known."""

    finding: str
    scope: Scope
    value: bool | Decimal | str | None
    origin: Origin = Origin()


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom the assessment is about. Age and sex are also facts (`age_years`, `sex`)."""

    reference: str = ""  # "Patient/p1"
    birth_date: str = ""
    sex: Sex = "unknown"
