"""What `intake.yaml` says, and what the form needs to know of a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


class CodeLike(Protocol):
    """What the form needs to know of a published code."""

    @property
    def system(self) -> str:
        """The canonical of the code system."""

    @property
    def code(self) -> str:
        """The code."""

    @property
    def display(self) -> str:
        """How the system names it."""

    @property
    def means(self) -> str:
        """How it stands to the finding."""

    @property
    def side(self) -> str:
        """Of which side alone it is."""

    @property
    def emit(self) -> bool:
        """Whether it was seen in a published source and may be written."""


class FindingLike(Protocol):
    """What the form needs to know of a finding."""

    @property
    def label(self) -> str:
        """A short name for clinicians."""

    @property
    def value_type(self) -> str:
        """Either boolean, quantity or choice."""

    @property
    def scope(self) -> str:
        """Either knee or person."""

    @property
    def asked_of(self) -> str:
        """Who can answer it."""

    @property
    def unit(self) -> str:
        """The UCUM unit of a quantity."""

    @property
    def choices(self) -> Sequence[str]:
        """The values of a choice."""

    @property
    def codes(self) -> Sequence[CodeLike]:
        """Codes of published systems."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group or a question of the content; the head of `intake.yaml` says what the keys mean."""

    text: str
    group: str = ""
    finding: str = ""
    gate: str = ""
    items: tuple[Entry, ...] = ()
    each: Literal["", "knee"] = ""
    opened_by_any: tuple[str, ...] = msgspec.field(default=(), name="any")
    opened_by_all: tuple[str, ...] = msgspec.field(default=(), name="all")
    help: str = ""
    clinician: str = ""
    options: dict[str, str] = {}
    denies: dict[str, tuple[str, ...]] = {}
    unsure: str = ""
    several: bool = False
    means: Literal["", "symptom", "history"] = ""
    site: Literal["", "leg"] = ""
    required: bool = False
    kind: Literal["", "integer", "decimal"] = ""
    units: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    control: str = ""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    title: str
    purpose: str
    items: tuple[Entry, ...]
