"""The conditions considered for one knee, with bars and with what speaks for and against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.render.words import interval, percent, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kneecds.core.assessment import Contribution, FactorPresent, Hypothesis, InstrumentResult
    from kneecds.render.page import Names, Page

TOP: Final = 3
"""How many reasons of a kind are shown for a hypothesis."""

NARROW: Final = 70
"""Below this width the bar goes on a line of its own."""

BAR_STYLE: Final = "cyan"


def ranked(page: Page, hypotheses: Iterable[Hypothesis], names: Names) -> None:
    """Show the list: rank, label, bar, probability, interval, and the best reasons."""
    listed = list(hypotheses)
    figures = 34  # bar, per cent, interval
    room = page.look.width - 5 - figures
    column = min(room, max((len(hypothesis.label) for hypothesis in listed), default=0) + 2)
    for hypothesis in listed:
        bar = (page.bar(hypothesis.probability), BAR_STYLE)
        figure = f"  {percent(hypothesis.probability):>3} %  ({interval(hypothesis.low, hypothesis.high)})"
        if page.look.width >= NARROW and len(hypothesis.label) <= column:
            label = (hypothesis.label.ljust(column), "bold")
            page.entry(f"{hypothesis.rank}", label, bar, figure, indent=2, column=3)
        else:
            page.entry(f"{hypothesis.rank}", (hypothesis.label, "bold"), indent=2, column=3)
            page.line(bar, figure, indent=5)
        _raised(page, hypothesis, names)
        if hypothesis.includes:
            narrower = ", ".join(names.of(each) for each in hypothesis.includes)
            page.entry("includes", narrower, indent=5, column=10, style="dim")
        _reasons(page, hypothesis)


def unranked(page: Page, heading: str, hypotheses: tuple[Hypothesis, ...], names: Names, most: int) -> None:
    """Show conditions that are named for safety, without rank."""
    if not hypotheses:
        return
    page.line((heading, "bold"), indent=2)
    for hypothesis in hypotheses[:most]:
        figure = f"  {percent(hypothesis.probability)} %" if hypothesis.raised_by and hypothesis.probability else ""
        page.entry("-", hypothesis.label, figure, indent=4)
        _raised(page, hypothesis, names, indent=6)
    page.more(len(hypotheses) - most, indent=4)


def instruments(page: Page, heading: str, results: Iterable[InstrumentResult], most: int) -> None:
    """Show decision rules that say something: met or not met, or undecided with what would decide."""
    shown = [result for result in results if result.status != "not_applicable"]
    if not shown:
        return
    if heading:
        page.heading(heading)
    page.line(("Decision rules:", "bold"), indent=2)
    order = {"met": 0, "not_met": 1, "undecided": 2}
    shown.sort(key=lambda result: order[result.status])  # stable: else as given
    for result in shown[:most]:
        said = result.status.replace("_", " ")
        page.entry("-", f"{result.title}: ", (said, "bold"), _score(result), page.cite(result.sources), indent=4)
        if result.meaning and result.status != "undecided":
            page.line((result.meaning, "dim"), indent=6)
        if result.status == "undecided" and result.decided_by:
            wanted = ", ".join(answer.label for answer in result.decided_by[:TOP])
            rest = len(result.decided_by) - TOP
            page.line((f"decided by: {wanted}{f' and {rest} more' if rest > 0 else ''}", "dim"), indent=6)
    page.more(len(shown) - most, indent=4)


def factors(page: Page, present: tuple[FactorPresent, ...], most: int) -> None:
    """Show what contributes and can be changed."""
    if not present:
        return
    page.line(("Contributing factors:", "bold"), indent=2)
    for factor in present[:most]:
        advice = (f" · {factor.advice}" if factor.advice else "", "dim")
        page.entry("-", factor.text, advice, page.cite(factor.sources), indent=4)
    page.more(len(present) - most, indent=4)


def strongest(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Order what is known by how much it counts."""
    return sorted(contributions, key=lambda each: (-abs(each.log_odds), each.finding))


def most_telling(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Order what is missing by how much an answer could count."""
    return sorted(contributions, key=lambda each: (-_swing(each), each.finding))


def known(contribution: Contribution) -> str:
    """Write a finding that is known, with the factor by which it changes the odds; ~ if that was judged."""
    absent = "absent: " if contribution.state == "absent" else ""
    return f"{absent}{contribution.label} {_mark(contribution)}{ratio(contribution.log_odds)}"


def missing(contribution: Contribution) -> str:
    """Write a finding that is not known, with what either answer would do."""
    could = []
    if contribution.if_present is not None:
        could.append(f"if present {_mark(contribution)}{ratio(contribution.if_present)}")
    if contribution.if_absent is not None:
        could.append(f"if absent {_mark(contribution)}{ratio(contribution.if_absent)}")
    return f"{contribution.label} ({', '.join(could)})" if could else contribution.label


def _mark(contribution: Contribution) -> str:
    return "~" if contribution.basis == "qualitative" else ""


def _swing(contribution: Contribution) -> float:
    return max(abs(contribution.if_present or 0.0), abs(contribution.if_absent or 0.0))


def _raised(page: Page, hypothesis: Hypothesis, names: Names, indent: int = 5) -> None:
    if hypothesis.raised_by:
        by = ", ".join(names.of(rule) for rule in hypothesis.raised_by)
        page.entry("raised by", (by, "red"), indent=indent, column=10, style="dim")


def _reasons(page: Page, hypothesis: Hypothesis) -> None:
    _few(page, "for", strongest(hypothesis.supporting), known)
    _few(page, "against", strongest(hypothesis.opposing), known)
    _few(page, "not known", most_telling(hypothesis.missing), missing)


def _few(page: Page, marker: str, contributions: list[Contribution], write: Callable[[Contribution], str]) -> None:
    if not contributions:
        return
    shown, rest = contributions[:TOP], len(contributions) - TOP
    sources = page.cite(each.source for each in shown)
    said = "; ".join(write(each) for each in shown) + (f"; {rest} more" if rest > 0 else "")
    page.entry(marker, said, (sources, "dim"), indent=5, column=10, style="dim")


def _score(result: InstrumentResult) -> str:
    if result.score_low is None or result.score_high is None:
        return f" {result.band}" if result.band else ""
    low, high = f"{result.score_low:g}", f"{result.score_high:g}"
    score = low if low == high else f"{low} to {high}"
    return f", {score}{f': {result.band}' if result.band else ''}"
