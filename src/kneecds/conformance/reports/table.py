"""For people: what needs attention with its evidence, and a line for each check."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kneecds.conformance.requirements import NOT_CHECKED
from kneecds.render.words import clean, in_ascii

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.conformance.result import Report, Result, Status
    from kneecds.conformance.table import Check
    from kneecds.render.page import Look

_STYLES: Final[dict[Status, str]] = {
    "fail": "bold red",
    "error": "bold magenta",
    "warning": "yellow",
    "skip": "dim",
    "pass": "green",
}
_WIDEST: Final = 24
_SHOWN: Final = 300  # characters of what was sent and received; the JSON report has more


def to_table(report: Report, look: Look) -> str:
    """Write a table of all checks, then what went wrong."""
    console = _console(look)
    console.print(_clean(f"{report.url}: {', '.join(report.services) or 'no service'}"))
    table = Table(box=None, padding=(0, 1), show_edge=False)
    for name in ("status", "check", "rests on", "what is asked; what was seen"):
        widest = _WIDEST if name == "rests on" else None
        table.add_column(name, overflow="fold", no_wrap=name == "status", max_width=widest)
    for result in report.results:
        said = f"{result.title}" + (f" - {result.reason}" if result.reason else "")
        table.add_row(
            Text(result.status, _STYLES[result.status]),
            _clean(result.check),
            _clean(" ".join(result.requirements)),
            _clean(said),
        )
    console.print(table)
    for result in report.results:
        if result.status in ("fail", "error", "warning"):
            _evidence(console, result)
    counts = report.counts
    console.print(_clean(", ".join(f"{counts[status]} {status}" for status in counts if counts[status])))
    return _text(console, look)


def listing(checks: Sequence[Check], look: Look) -> str:
    """Write what each check asks, and which requirements have none and why."""
    console = _console(look)
    table = Table(box=None, padding=(0, 1), show_edge=False)
    for name in ("level", "check", "rests on", "what is asked"):
        table.add_column(name, overflow="fold", no_wrap=name == "level")
    for check in checks:
        table.add_row(check.level, check.id, " ".join(check.requirements), _clean(check.title))
    for name, why in NOT_CHECKED.items():
        table.add_row("-", "not checked", name, _clean(why))
    console.print(table)
    return _text(console, look)


def _evidence(console: Console, result: Result) -> None:
    console.print()
    console.print(Text(f"{result.status}: {result.check}", _STYLES[result.status]), _clean(result.link))
    if not result.evidence:
        console.print(_clean(f"  {result.reason}"))
    for one in result.evidence:
        console.print(_clean(f"  {one.message}"))
        if one.request:
            console.print(_clean(f"    {one.request}"))
            console.print(_clean(f"    sent {one.sent[:_SHOWN] or 'nothing'}"))
            console.print(_clean(f"    received {one.status} {one.received[:_SHOWN]}"))


def _console(look: Look) -> Console:
    return Console(
        file=StringIO(), width=look.width, force_terminal=look.color, no_color=not look.color, highlight=False,
        color_system="standard" if look.color else None, emoji=False, markup=False,
    )  # fmt: skip


def _clean(text: str) -> Text:
    return Text(clean(text))


def _text(console: Console, look: Look) -> str:
    written: str = console.file.getvalue()  # type: ignore[attr-defined]
    lines = "\n".join(line.rstrip() for line in written.splitlines()) + "\n"
    return in_ascii(lines) if look.ascii_only else lines
