"""What is said, and with which exit code, when a command cannot go on. Never a traceback, never patient data."""

from __future__ import annotations

import os
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from kneecds._version import __version__
from kneecds.errors import InputError, Issue, KnowledgeError, UsageError
from kneecds.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

ANSWERED, INPUT_ERRORS, USAGE, OUR_FAULT = 0, 1, 2, 3


def report(problem: Exception) -> int:
    """Say on stderr what went wrong, and return the exit code."""
    match problem:
        case InputError(issues=issues):
            show_issues(issues)
            return INPUT_ERRORS
        case UsageError():
            click.echo(f"Error: {clean(str(problem))}", err=True)
            return USAGE
        case KnowledgeError(problems=problems):
            show_problems(problems)
            return OUR_FAULT
        case _:
            _show_ours(problem)
            return OUR_FAULT


def show_problems(problems: Iterable[str]) -> None:
    """List on stderr everything that is wrong with knowledge files."""
    listed = [clean(problem) for problem in problems]
    click.echo(f"Error: the knowledge files have {len(listed)} problem{'s' * (len(listed) != 1)}:", err=True)
    for problem in listed:
        click.echo(f"  {problem}", err=True)


def show_issues(issues: Iterable[Issue], where: str = "") -> None:
    """List issues on stderr, one a line."""
    for issue in issues:
        click.echo(line_of(issue, where), err=True)


def line_of(issue: Issue, where: str = "") -> str:
    """Write one issue as one line."""
    place = ": ".join(part for part in (where, issue.severity, issue.expression) if part)
    return clean(f"{place}: {issue.message} [{issue.rule}]")


def _show_ours(problem: Exception) -> None:
    """Name the kind of the exception and where it arose; its message may hold patient data and is left out."""
    if os.environ.get("KNEECDS_DEBUG") == "1":
        click.echo("".join(traceback.format_exception(problem)), err=True, nl=False)
    click.echo(
        f"Error: kneecds {__version__} failed ({type(problem).__name__} at {_place(problem)}); there is no answer. "
        "Please report this line to the maintainers, without patient data; "
        "KNEECDS_DEBUG=1 shows the traceback, which may hold patient data.",
        err=True,
    )


def _place(problem: Exception) -> str:
    """Return the innermost line of ours that the exception passed through."""
    place = "unknown place"
    for frame in traceback.extract_tb(problem.__traceback__):
        parts = PurePath(frame.filename).parts
        if "kneecds" in parts:
            last = len(parts) - 1 - parts[::-1].index("kneecds")
            place = f"{'/'.join(parts[last:])}:{frame.lineno}"
    return place
