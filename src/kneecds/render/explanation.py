"""One hypothesis explained in full: where its probability comes from, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.render.hypotheses import known, most_telling, strongest
from kneecds.render.page import Page
from kneecds.render.text import answer, place
from kneecds.render.words import SIDE_WORDS, TIER_TITLES, humanised, interval, percent, ratio, shifted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kneecds.core.assessment import Assessment, Contribution, Hypothesis, RuleResult
    from kneecds.core.facts import Side
    from kneecds.render.page import Look, Names


def render(
    assessment: Assessment, condition: str, found: Sequence[tuple[Side, Hypothesis]], names: Names, look: Look
) -> str:
    """Return the explanation as text, one part for each knee."""
    page = Page(look)
    for side, hypothesis in found:
        page.heading(f"{hypothesis.label} ({hypothesis.condition}), {SIDE_WORDS[side]}")
        _figures(page, hypothesis)
        _contributions(page, "Speaks for it", strongest(hypothesis.supporting))
        _contributions(page, "Speaks against it", strongest(hypothesis.opposing))
        _changes(page, hypothesis)
        _rules(page, condition, _rules_of(assessment, side))
        if hypothesis.confirmed_by:
            page.line(("Settled by: ", "bold"), hypothesis.confirmed_by, indent=2)
        if hypothesis.note:
            page.line(("Note: ", "bold"), hypothesis.note, indent=2)
    if not found:
        page.line(f"{names.of(condition)} ({condition}) is not among the hypotheses of this answer.")
        for knee in assessment.knees:
            _rules(page, condition, _rules_of(assessment, knee.side))
    _sources(page, names)
    software = assessment.software
    page.gap()
    page.line((f"kneecds {software.version}, knowledge {software.knowledge_version}, as of {assessment.as_of}", "dim"))
    page.line(("For clinicians. ~ marks weights that were judged, not measured.", "dim"))
    return page.text()


def _figures(page: Page, hypothesis: Hypothesis) -> None:
    rank = f"rank {hypothesis.rank}" if hypothesis.rank else "not ranked"
    bar = (page.bar(hypothesis.probability), "cyan")
    chance = f"{percent(hypothesis.probability)} % ({interval(hypothesis.low, hypothesis.high)})"
    page.line(bar, f"  {chance}, {rank}, usual tier {TIER_TITLES[hypothesis.default_tier]}", indent=2)
    if hypothesis.prior:
        basis = f", {hypothesis.prior_basis}" if hypothesis.prior_basis else ""
        source = page.cite([hypothesis.prior_source])
        page.line(f"Before any finding: {percent(hypothesis.prior)} %{basis}{source}", indent=2)


def _contributions(page: Page, heading: str, contributions: Iterable[Contribution]) -> None:
    listed = list(contributions)
    if not listed:
        return
    page.line((heading, "bold"), indent=2)
    for each in listed:
        note = f" · {each.note}" if each.note else ""
        page.entry("-", known(each), (_basis(each) + note, "dim"), page.cite([each.source]), indent=4)


def _changes(page: Page, hypothesis: Hypothesis) -> None:
    if not hypothesis.missing:
        return
    page.line(("Not known, and what an answer would make of it", "bold"), indent=2)
    for each in most_telling(hypothesis.missing):
        mark = "~" if each.basis == "qualitative" else ""
        could = [
            f"{word} {mark}{ratio(shift)} → {percent(shifted(hypothesis.probability, shift))} %"
            for word, shift in (("present", each.if_present), ("absent", each.if_absent))
            if shift is not None
        ]
        page.entry("-", f"{each.label}: {', '.join(could)}", (_basis(each), "dim"), page.cite([each.source]), indent=4)


def _basis(contribution: Contribution) -> str:
    weight = f", {contribution.weight}" if contribution.weight else ""
    return f" · {humanised(contribution.basis)}{weight}"


def _rules_of(assessment: Assessment, side: Side) -> list[RuleResult]:
    rules = [*assessment.person_rules, *assessment.person_undecided]
    for knee in assessment.knees:
        if knee.side == side:
            rules += [*knee.rules, *knee.undecided]
    return rules


def _rules(page: Page, condition: str, rules: Iterable[RuleResult]) -> None:
    raising = [rule for rule in rules if condition in rule.raises]
    if raising:
        page.line(("Red flags that raise it", "bold"), indent=2)
    for rule in raising:
        said = rule.status.replace("_", " ")
        page.entry("-", f"{rule.title}{place(rule.scope)}: ", (said, "bold"), page.cite(rule.sources), indent=4)
        if rule.because:
            page.entry("because", "; ".join(rule.because), indent=6, style="dim")
        if rule.cancelled_by:
            page.entry("unless", "; ".join(answer(each) for each in rule.cancelled_by), indent=6, style="dim")
        if rule.decided_by:
            page.entry("met if", " and ".join(answer(each) for each in rule.decided_by), indent=6, style="dim")


def _sources(page: Page, names: Names) -> None:
    if page.cited:
        page.heading("Sources")
    for source, number in page.cited.items():
        page.entry(f"[{number}]", source, (f"  {names.titles.get(source, '')}", "dim"), indent=2, column=5)
