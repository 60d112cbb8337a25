"""A report on feedback as text: a chart, a table, and why cards were overridden."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from kneecds.render.feedback_report import BECAME, NOTES, Became
from kneecds.render.page import Look, Page
from kneecds.render.words import FULL, TIMES, clean, counted, humanised, interval, percent

if TYPE_CHECKING:
    from kneecds.render.feedback_report import FeedbackReport, Line, Share

MARKS: Final[dict[Became, tuple[str, str]]] = {
    "accepted": (FULL, "green"), "overridden": (TIMES, "yellow"), "no_response": ("·", "dim"),
}  # fmt: skip
CELLS: Final = 40
MOST_REASONS: Final = 5
COLUMNS: Final = ("shown", "accepted", "overridden", "no response")

FIELDS: Final = (
    "rule", "role", "knowledge_version", "knowledge_hash", "shown", "times", "accepted", "overridden", "no_response",
)  # fmt: skip


def to_text(report: FeedbackReport, look: Look) -> str:
    """Return the report as text."""
    page = Page(look)
    total = report.total
    page.line((f"Feedback on {counted(total.shown, 'card')}", "bold"), f" · shown {report.period}")
    page.line(f"{_counts(total)}; shown {counted(total.times, 'time')} in all")
    if report.unknown_cards:
        said = f"Not counted: entries of feedback about cards that are not on record: {report.unknown_cards}"
        page.line((said, "yellow"))
    if report.rules:
        _chart(page, report)
        _table(page, report)
        _reasons(page, report)
    page.gap()
    for note in NOTES:
        page.line((note, "dim"))
    return page.text()


def to_csv(report: FeedbackReport) -> str:
    """Return one row for each rule and knowledge version; no value starts a formula in a spreadsheet."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        (*FIELDS, *(f"{name}_{part}" for name in ("accepted", "overridden") for part in ("share", "low", "high")))
    )
    for line in report.rules:
        values = [getattr(line, name) for name in FIELDS]
        shares = [
            part
            for share in (line.accepted_share, line.overridden_share)
            for part in (share.value, share.low, share.high)
        ]
        writer.writerow([_harmless(value) if isinstance(value, str) else value for value in (*values, *shares)])
    return out.getvalue()


def _harmless(text: str) -> str:
    safe = clean(text)
    return f"'{safe}" if safe.startswith(("=", "+", "-", "@")) else safe


def _chart(page: Page, report: FeedbackReport) -> None:
    legend = [piece for became, (mark, style) in MARKS.items() for piece in ((mark, style), f" {BECAME[became]}  ")]
    page.heading("Share of the cards shown")
    page.line(*legend, indent=2)
    for line in report.rules:
        page.gap()
        page.line((line.title, "bold"), f"  {about(line)}", indent=2, hang=2)
        cells = min(CELLS, page.look.width - 4)
        page.line(
            *((MARKS[became][0] * length, MARKS[became][1]) for became, length in _lengths(line, cells)), indent=2
        )
        page.line(_counts(line), indent=2)


def _lengths(line: Line, cells: int) -> list[tuple[Became, int]]:
    """Divide a bar; whatever happened at all has at least one cell."""
    lengths: dict[Became, int] = {
        name: max(round(cells * line.of(name) / line.shown), line.of(name) > 0) for name in MARKS
    }
    longest = max(lengths, key=lambda name: lengths[name])
    lengths[longest] += cells - sum(lengths.values())
    return list(lengths.items())


def _table(page: Page, report: FeedbackReport) -> None:
    page.heading("Accepted and overridden, of the cards shown")
    wide = min(40, max(16, page.look.width - 64))
    head = "".join(name.rjust(len(name) + 2) for name in COLUMNS)
    page.line((f"{'':<{wide}}{head}   accepted (95 %)", "dim"), indent=2)
    for line in (*report.rules, report.total):
        figures = (line.shown, line.accepted, line.overridden, line.no_response)
        cells = "".join(str(figure).rjust(len(name) + 2) for figure, name in zip(figures, COLUMNS, strict=True))
        title = clean(line.title)
        short = title if len(title) < wide else f"{title[: wide - 2]}…"
        page.line(f"{short:<{wide}}{cells}   {_share(line.accepted_share)}", indent=2)
        if line is not report.total:
            page.line((about(line), "dim"), indent=4)


def _reasons(page: Page, report: FeedbackReport) -> None:
    page.heading("Why cards were overridden")
    for line in (report.total, *report.rules):
        if line.reasons:
            page.line((line.title, "bold"), "" if line is report.total else f"  {about(line)}", indent=2, hang=2)
            for reason in line.reasons[:MOST_REASONS]:
                page.entry(f"{reason.entries} {TIMES}", reason.words, indent=4, column=6)
            page.more(len(line.reasons) - MOST_REASONS, indent=4)
    if not report.total.reasons:
        page.line("no card was", indent=2)


def about(line: Line) -> str:
    """Say what kind of card it is, and of which knowledge."""
    return f"{humanised(line.role)} · knowledge {line.knowledge}"


def _counts(line: Line) -> str:
    parts = ", ".join(f"{line.of(became)} {word}" for became, word in BECAME.items())
    return f"{line.shown} shown: {parts}"


def _share(share: Share) -> str:
    return f"{percent(share.value):>3} % ({interval(share.low, share.high)})"
