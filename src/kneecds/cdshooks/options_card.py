"""The card of options: what can be weighed, what was left out and why, and what guidelines advise against."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.cdshooks import data_notes, suggestions
from kneecds.cdshooks.card import Draft, Suggestion
from kneecds.cdshooks.case import URGENT
from kneecds.cdshooks.phrases import place
from kneecds.core.knowledge import TIER_RANK
from kneecds.fhir.emit.request_group import STRENGTHS
from kneecds.render.options import by_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.case import Case
    from kneecds.core.assessment import Blocked, Option

_MOST_OF_A_GROUP: Final = 2
_MOST_WHILE_URGENT: Final = 3
_MOST_AGAINST: Final = 3
_MOST_REQUESTS: Final = 3
_MOST_ADVICE: Final = 2
_IN_SUMMARY: Final = 3
_HEADINGS: Final = {"Do": "Advice, medicines and aids"}
"""Headings of groups that would read as orders."""


def draft(case: Case, taken: frozenset[str]) -> Draft | None:
    """Return the card; None if nothing is left to offer. `taken`: what the red-flag card already suggests."""
    answer = case.answer
    sides = _sides(case)
    left = tuple(one for one in answer.options if one.scope in sides and suggestions.identified(one) not in taken)
    blocked = [one for one in answer.blocked if one.scope in sides]
    if not left and not blocked:
        return None
    lines = ["Options for your decision, none of them an order."]
    if case.rank >= URGENT:
        lines.append("While an urgent question is open, only what helps to settle it is listed.")
    notes = list(data_notes.not_supplied(case))
    lines += ["", *notes] if notes else []
    most = _MOST_WHILE_URGENT if case.rank >= URGENT else _MOST_OF_A_GROUP
    for group, options in by_group(left).items():
        told = _by_side(_option(case, one) for one in options)
        lines += ["", f"**{_HEADINGS.get(group, group)}**", "", *told[:most]]
        if len(told) > most:
            lines.append(f"- and {len(told) - most} more")
    if blocked:  # never shortened: what forbids something must be seen
        lines += ["", "**Left out**", "", *_by_side(_blocked(case, one) for one in blocked)]
    titles = dict.fromkeys(one.text for one in answer.against if one.scope in sides)
    if titles:
        lines += ["", "**Guidelines advise against or caution**", ""]
        lines += [f"- {case.phrases.said(text)}" for text in list(titles)[:_MOST_AGAINST]]
        if len(titles) > _MOST_AGAINST:
            lines.append(f"- and {len(titles) - _MOST_AGAINST} more")
    return Draft(
        "options",
        "info",
        _summary(left),
        "\n".join(lines),
        tuple(dict.fromkeys(one.action for one in left)),
        _suggested(case, left),
    )


def _sides(case: Case) -> set[str]:
    """Return the sides that options are shown for: while one knee is urgent, the other one waits."""
    knees = case.answer.knees
    if case.rank >= URGENT:
        return {knee.side for knee in knees if knee.tier is not None and TIER_RANK[knee.tier] >= URGENT}
    return {knee.side for knee in knees}


def _summary(left: tuple[Option, ...]) -> str:
    scopes = dict.fromkeys(one.scope for one in left)
    where = " and ".join(place(scope) for scope in scopes)
    if not left:
        return "No option is left to offer: each has something against it"
    return f"Options to weigh, {where}: {'; '.join(dict.fromkeys(one.text for one in left[:_IN_SUMMARY]))}"


def _suggested(case: Case, left: tuple[Option, ...]) -> tuple[Suggestion, ...]:
    found = suggestions.of_options(case, left, _MOST_REQUESTS, _MOST_ADVICE)
    raising = [one for one in case.answer.counterfactuals if one.direction == "raise"]
    net = suggestions.safety_net(case, raising)
    return (*found, net) if net is not None else found


class Said(NamedTuple):
    """What is said of an option: the same of both knees is said once, with both named."""

    scope: str
    before: str
    after: str


def _by_side(every: Iterable[Said]) -> list[str]:
    """Return each text once, in the order of the first, with the knees that it is said of."""
    scopes: dict[tuple[str, str], dict[str, None]] = {}
    for one in every:
        scopes.setdefault((one.before, one.after), {})[one.scope] = None
    return [
        f"{before}{' and '.join(place(scope) for scope in each)}{after}" for (before, after), each in scopes.items()
    ]


def _option(case: Case, one: Option) -> Said:
    said = case.phrases
    amount = one.dosage.strip("- ")
    repeats = re.search(rf"\b{re.escape(amount)}\b", one.text, re.IGNORECASE) if amount else None
    text = f"{one.text}; {one.dosage}" if amount and not repeats else one.text
    strength = STRENGTHS.get(one.strength, one.strength)
    cited = f"; {said.sources(one.sources)}" if one.sources else ""
    caution = f"\n  - Review first: {said.said('; '.join(one.caution))}" if one.caution else ""
    return Said(one.scope, f"- {said.said(text)} (", f"; evidence: {said.said(strength)}{cited}){caution}")


def _blocked(case: Case, one: Blocked) -> Said:
    said = case.phrases
    because = ", ".join(said.label(name) for name in one.because)
    unknown = ", ".join(said.label(name) for name in one.unknown)
    reasons = [f"because of {because}" if because else "", f"not known: {unknown}" if unknown else ""]
    return Said(one.scope, f"- {said.said(one.text)} (", f"): {'; '.join(reason for reason in reasons if reason)}")
