"""An assessment as text that a clinician reads in seconds: what is urgent and why, then each knee, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.render import hypotheses, options
from kneecds.render.page import TIER_STYLES, Names, Page
from kneecds.render.words import ASKED_OF, SIDE_WORDS, TIER_TITLES, TIER_WORDS, counted, humanised, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.assessment import Answer, Assessment, Counterfactual, Knee, RuleResult
    from kneecds.render.page import Look, Piece

STATUS_WORDS: Final[dict[str, str]] = {
    "success": "No unanswered question could raise this.",
    "data-requested": "Answers to open questions could still raise this.",
    "data-required": "Too little is known for an answer that can be relied on; see what to ask next.",
}

SEVERITY_STYLES: Final[dict[str, str]] = {
    "fatal": "bold red",
    "error": "red",
    "warning": "yellow",
    "information": "dim",
}

INTENDED: Final = (
    "For clinicians, to support and not to replace their judgement. Each percentage is the estimated probability "
    "of that condition by itself, with its interval; they do not add up to 100. "
    "~ marks weights that were judged, not measured."
)

FEW: Final = 6
"""How many entries of a list are shown before the rest is only counted."""


def render(assessment: Assessment, names: Names, look: Look, *, full: bool = False) -> str:
    """Return the answer as text; `full` leaves nothing out of the long lists."""
    page = Page(look)
    names = _with_own_labels(assessment, names)
    most = 10_000 if full else FEW
    _headline(page, assessment)
    for knee in assessment.knees:
        _knee(page, knee, names, most)
    hypotheses.instruments(page, "Whole patient", assessment.person_instruments, most)
    _questions(page, assessment, most)
    options.render(page, assessment, names, most)
    _counterfactuals(page, assessment, names, most)
    _conflicts(page, assessment)
    _issues(page, assessment)
    _sources(page, names)
    _footer(page, assessment)
    return page.text()


def met_rules(assessment: Assessment) -> Iterator[RuleResult]:
    """Yield every rule that is met or met unless something cancels it."""
    yield from assessment.person_rules
    for knee in assessment.knees:
        yield from knee.rules


def place(scope: str) -> str:
    """Name a side in brackets."""
    return f" ({SIDE_WORDS[scope]})"


def answer(wanted: Answer) -> str:
    """Write one answer that would make a difference."""
    return f"{wanted.label}{':' if wanted.answer.isalpha() else ''} {wanted.answer}"


def _with_own_labels(assessment: Assessment, names: Names) -> Names:
    """Add what the assessment itself calls things, for answers made with other knowledge."""
    labels = {finding.finding: finding.label for finding in assessment.findings}
    labels |= {question.finding: question.label for question in assessment.questions}
    labels |= {rule.rule: rule.title for rule in met_rules(assessment)}
    for knee in assessment.knees:
        for hypothesis in (*knee.hypotheses, *knee.named, *knee.not_excluded):
            labels[hypothesis.condition] = hypothesis.label
    return Names({**labels, **names.labels}, names.titles)


def _headline(page: Page, assessment: Assessment) -> None:
    tier = assessment.tier
    if assessment.status == "failure":
        page.line((" NOT ASSESSED ", "bold white on red"), "  This is not an all-clear: the input could not be used.")
        page.line("What is wrong with it is listed below.")
        if tier is None:
            return
    if tier is None:
        page.line((" NO ESCALATION WORKED OUT ", "bold black on yellow"), "  This is not an all-clear.")
    else:
        page.line((f" {TIER_TITLES[tier]} ", TIER_STYLES[tier]), (f"  {TIER_WORDS[tier]}", "bold"))
    subject = assessment.subject
    about = (subject.reference, subject.sex if subject.sex != "unknown" else "", humanised(assessment.setting))
    page.line((" · ".join(part for part in (*about, f"as of {assessment.as_of}") if part), "dim"))
    if assessment.status in STATUS_WORDS:
        page.line(STATUS_WORDS[assessment.status])
    rules = list(met_rules(assessment))
    setting = [rule for rule in rules if rule.tier == tier]
    for rule in setting:
        _rule(page, rule)
    if tier is not None and not setting:
        page.line(_why_without_rule(assessment))
    others = [rule for rule in rules if rule.tier != tier]
    if others:
        page.gap()
        page.line(("Also met, less urgent:", "bold"))
        for rule in others:
            _rule(page, rule)


def _why_without_rule(assessment: Assessment) -> str:
    for knee in assessment.knees:
        for hypothesis in knee.hypotheses:
            if (
                knee.raised_by_probability in (hypothesis.condition, *hypothesis.includes)
                and knee.raised_by_probability
            ):
                usual = f"{percent(hypothesis.probability)} % for {hypothesis.label}{place(knee.side)}"
                return f"No red flag of this tier is met; raised because of {usual}."
    return "No red flag is met. Routine is where an answer stands until rules or answers move it."


def _rule(page: Page, rule: RuleResult) -> None:
    style = "bold red" if rule.tier in ("emergency", "urgent_same_day") else "bold"
    page.entry(
        "!", (rule.title, style), place(rule.scope), f" {TIER_TITLES[rule.tier]}", page.cite(rule.sources), style=style
    )
    if rule.because:
        page.entry("because", "; ".join(rule.because), indent=2, column=9, style="dim")
    if rule.status == "met_unless":
        page.entry("unless", "; ".join(answer(each) for each in rule.cancelled_by), indent=2, column=9, style="dim")
    if rule.action:
        page.entry("do", (rule.action, "bold"), indent=2, column=9, style="dim")


def _knee(page: Page, knee: Knee, names: Names, most: int) -> None:
    tier: Piece = (f" {TIER_TITLES[knee.tier]} ", TIER_STYLES[knee.tier]) if knee.tier else "no escalation worked out"
    side = SIDE_WORDS[knee.side]
    page.heading(f"{side[0].upper()}{side[1:]}  ", tier)
    if not knee.enough_known:
        page.line("Not enough is known to rank what it could be.", indent=2)
    hypotheses.ranked(page, knee.hypotheses, names)
    hypotheses.unranked(page, "Raised by a red flag, less probable:", knee.named, names, most)
    hypotheses.unranked(page, "Dangerous, not raised, not yet excluded:", knee.not_excluded, names, most)
    hypotheses.instruments(page, "", knee.instruments, most)
    hypotheses.factors(page, knee.factors, most)
    if knee.undecided:
        page.line((f"{counted(len(knee.undecided), 'red flag')} undecided for want of answers.", "dim"), indent=2)


def _questions(page: Page, assessment: Assessment, most: int) -> None:
    if not assessment.questions:
        return
    page.heading("Ask or examine next")
    for number, question in enumerate(assessment.questions[:most], 1):
        could = f", could become {TIER_TITLES[question.tier]}" if question.tier else ""
        how = ASKED_OF.get(question.asked_of, question.asked_of)
        scope = "" if question.scope == "person" else place(question.scope)
        page.entry(f"{number}", (question.label, "bold"), f"{scope} · {how}{could}", indent=2, column=3)
        if question.why:
            page.line((question.why, "dim"), indent=5)
    page.more(len(assessment.questions) - most, indent=2)


def _counterfactuals(page: Page, assessment: Assessment, names: Names, most: int) -> None:
    if not assessment.counterfactuals:
        return
    page.heading("What would change the escalation")
    for change in assessment.counterfactuals[:most]:
        page.entry(_arrow(change), *_changed(change, names), indent=2, column=6)
    page.more(len(assessment.counterfactuals) - most, indent=2)


def _arrow(change: Counterfactual) -> str:
    return "up" if change.direction == "raise" else "down"


def _changed(change: Counterfactual, names: Names) -> Iterable[Piece]:
    yield (TIER_TITLES[change.tier], "bold")
    yield f"{place(change.scope)} if " + " and ".join(answer(each) for each in change.changes)
    if change.rule:
        yield (f" · {names.of(change.rule)}", "dim")


def _conflicts(page: Page, assessment: Assessment) -> None:
    states = {"contradicted": "stated both ways", "stale": "too old to count"}
    odd = [finding for finding in assessment.findings if finding.state in states]
    if not odd:
        return
    page.heading("Findings to check")
    for finding in odd:
        where = ", ".join(dict.fromkeys(origin.resource for origin in finding.origins if origin.resource))
        said = f"{finding.label}{place(finding.scope)}: {states[finding.state]}"
        page.entry("-", said, (f" · {where}" if where else "", "dim"), indent=2)


def _issues(page: Page, assessment: Assessment) -> None:
    if not assessment.issues:
        return
    page.heading("Issues in the input")
    for issue in assessment.issues:
        where = (f" · {issue.expression}" if issue.expression else "", "dim")
        page.entry(issue.severity, issue.message, where, indent=2, column=12, style=SEVERITY_STYLES[issue.severity])


def _sources(page: Page, names: Names) -> None:
    if not page.cited:
        return
    page.heading("Sources")
    for source, number in page.cited.items():
        title = names.titles.get(source, "")
        page.entry(f"[{number}]", source, (f"  {title}", "dim"), indent=2, column=5)


def _footer(page: Page, assessment: Assessment) -> None:
    software = assessment.software
    page.gap()
    made = f"kneecds {software.version}, knowledge {software.knowledge_version} ({software.knowledge_hash[:12]})"
    page.line((f"{made}, as of {assessment.as_of}", "dim"))
    page.line((INTENDED, "dim"))
