"""A report as text, with pictures of where answers and labels part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.core.knowledge import TIERS
from kneecds.evaluation.report import NO_TIER
from kneecds.render.page import Look, Page
from kneecds.render.words import TIER_TITLES, counted, humanised, interval, percent

if TYPE_CHECKING:
    from kneecds.evaluation.report import Report, Share

CELLS: Final = 30
COLUMN: Final = 12


def render(report: Report, look: Look) -> str:
    """Return the report as text."""
    page = Page(look)
    of_split = f" of the split {report.split}" if report.split else ""
    about = f" · {humanised(report.setting)} · as of {report.as_of}"
    page.line((f"{counted(report.cases, 'case')}{of_split}", "bold"), about)
    page.line((f"knowledge {report.knowledge_version} ({report.knowledge_hash[:12]})", "dim"))
    _diagnosis(page, report)
    _ranks(page, report)
    _triage(page, report)
    _confusion(page, report)
    _misses(page, report)
    return page.text()


def _diagnosis(page: Page, report: Report) -> None:
    page.heading("Diagnosis found")
    rows = (
        ("first of the list", report.top1, report.strict.top1),
        ("first three", report.top3, report.strict.top3),
        ("in the list", report.in_list, report.strict.in_list),
        ("list or met rule", report.named, report.strict.named),
    )
    for name, share, strict in rows:
        page.line(f"{name:<20}{_share(share)}", (f"   strict {percent(strict.value):>3} %", "dim"), indent=2)
    page.line(f"{'list length':<20}{report.median_list_length:>5g}   (median)", indent=2)


def _ranks(page: Page, report: Report) -> None:
    page.heading("Found at rank")
    longest = max((len(each.list) for each in report.per_case), default=0)
    bars = {str(rank): sum(each.rank == rank for each in report.per_case) for rank in range(1, longest + 1)}
    bars["rule only"] = sum(each.rank is None and each.named for each in report.per_case)
    bars["missed"] = sum(not each.named for each in report.per_case)
    most = max(bars.values(), default=0) or 1
    for name, count in bars.items():
        style = {"missed": "red", "rule only": "yellow"}.get(name, "green")
        length = max(round(CELLS * count / most), 1 if count else 0)
        page.line(f"{name:>9} ", ("█" * length, style), f" {count}", indent=2)


def _triage(page: Page, report: Report) -> None:
    page.heading("Escalation")
    rows = (
        ("exact", report.triage_exact),
        ("exact or acceptable", report.triage_acceptable),
        ("too low", report.under_triaged_share),
        ("too high", report.over_triaged_share),
    )
    for name, share in rows:
        page.line(f"{name:<20}{_share(share)}", indent=2)


def _confusion(page: Page, report: Report) -> None:
    """Draw true tiers as rows and given tiers as columns; the diagonal is exact."""
    page.heading("True tier (rows) and given tier (columns)")
    given = [*TIERS, *([NO_TIER] if any(row[NO_TIER] for row in report.confusion.values()) else [])]
    wide = COLUMN if page.look.width >= 2 + COLUMN * (len(given) + 1) else 6
    heads = [TIER_TITLES.get(tier, "no tier")[: wide - 1] for tier in given]
    page.line((" " * COLUMN + "".join(head.rjust(wide) for head in heads), "dim"), indent=2)
    for row, gold in enumerate(TIERS):
        cells: list[tuple[str, str]] = []
        for column, tier in enumerate(given):
            count = report.confusion[gold][tier]
            style = "bold green" if column == row else "red" if column > row else "yellow"
            cells.append((str(count or "·").rjust(wide), style if count else "dim"))
        page.line((TIER_TITLES[gold].ljust(COLUMN), "dim"), *cells, indent=2)


def _misses(page: Page, report: Report) -> None:
    low = [each for each in report.per_case if each.triage == "under"]
    missed = [each for each in report.per_case if each.rank is None]
    refused = [each for each in report.per_case if each.errors]
    if low:
        page.heading("Too low")
        for each in low:
            true = TIER_TITLES[each.gold_tier] if each.gold_tier else "?"
            given = TIER_TITLES[each.tier] if each.tier else "no tier"
            page.entry(each.id, f"{each.gold}: {true}, given {given}", indent=2, style="red")
    if missed:
        page.heading("Not in the list")
        for each in missed:
            note = " (raised by a rule)" if each.named else ""
            page.entry(each.id, f"{each.gold}{note}; list: {', '.join(each.list) or 'empty'}", indent=2)
    if refused:
        page.heading("With errors in their FHIR")
        for each in refused:
            page.entry(each.id, "; ".join(each.errors), indent=2, style="red")
    if report.unknown_ids:
        page.heading("Ids that the knowledge does not have")
        page.line(", ".join(report.unknown_ids), indent=2)


def _share(share: Share) -> str:
    return f"{percent(share.value):>5} % ({interval(share.low, share.high)})  {share.count} of {share.of}"
