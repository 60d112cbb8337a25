"""Options that several commands have."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import click

from kneecds.cli import files
from kneecds.core.knowledge import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401
        """Read the day, or refuse."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-01-31", param, ctx)


class Release(click.ParamType[str]):
    """A FHIR release, by name or by number."""

    name = "release"
    names: ClassVar[dict[str, str]] = {
        "R4": "R4", "4.0": "R4", "4.0.1": "R4",
        "R4B": "R4B", "4.3": "R4B", "4.3.0": "R4B",
        "R5": "R5", "5.0": "R5", "5.0.0": "R5",
    }  # fmt: skip

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return R4, R4B or R5."""
        release = self.names.get(str(value).upper())
        if release is None:
            self.fail(f"{value!r} is not one of R4, R4B, R5 or their numbers 4.0.1, 4.3.0, 5.0.0", param, ctx)
        return release


def today() -> date:
    """Return the day on which the command runs: the only clock, and only here."""
    return date.today()  # noqa: DTZ011 - the reader's own day


def input_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what says how an input is to be read."""
    for option in reversed(
        (
            as_of_option,
            setting_option,
            map_option,
            release_option,
        )
    ):
        command = option(command)
    return command


def format_option(*formats: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--format`; the first is the default, also in a pipe."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)


as_of_option = click.option("--as-of", type=Day(), default=today, show_default="today", help="Day the answer is for.")
map_option = click.option(
    "--map",
    "maps",
    type=files.INPUT,
    multiple=True,
    help="FHIR ConceptMap from your form's codes to ours; may be repeated.",
)
setting_option = click.option(
    "--setting", type=click.Choice(SETTINGS), default=SETTINGS[0], show_default=True, help="Where the patient is seen."
)
release_option = click.option(
    "--fhir-version", "release", type=Release(), help="FHIR release of the input; by default found from the input."
)
output_release_option = click.option(
    "--output-version",
    "output_release",
    type=Release(),
    help="FHIR release of the answer with --format fhir; by default that of --fhir-version, else R4.",
)
output_option = click.option(
    "-o", "--output", type=files.OUTPUT, help="Write to this file, whole or not at all, instead of stdout."
)
