"""What was checked, what was found, and what is known of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kneecds.errors import Issue  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable


class RuleText(Protocol):
    """What a report tells of a rule."""

    @property
    def says(self) -> str:
        """The rule in one sentence."""

    @property
    def source(self) -> str:
        """URL of the specification."""

    @property
    def fix(self) -> str:
        """What to do about it."""

    @property
    def severity(self) -> str:
        """How bad a breach is."""

    @property
    def layer(self) -> str:
        """Where it is looked for."""


Rules = Mapping[str, RuleText]


class Checked(NamedTuple):
    """One input with its issues, and the lines of its text that they point at."""

    name: str
    issues: Sequence[Issue]
    lines: Mapping[int, str] = {}
    failed: bool = False
    """Whether it counts as failed, by what the user asked to fail on."""


class Counts(NamedTuple):
    """How many issues of each severity."""

    fatal: int
    error: int
    warning: int
    information: int

    def __str__(self) -> str:
        """List what there is."""
        names = zip(("fatal", "error", "warning", "remark"), self, strict=True)
        return ", ".join(_many(count, name) for name, count in names if count)


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'s' if count > 1 and name != 'fatal' else ''}"


def counted(inputs: Iterable[Checked]) -> Counts:
    """Count the issues of some inputs."""
    found = {"fatal": 0, "error": 0, "warning": 0, "information": 0}
    for checked in inputs:
        for issue in checked.issues:
            found[issue.severity] += 1
    return Counts(**found)
