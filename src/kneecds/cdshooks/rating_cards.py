"""A card for each order for a knee: how it is rated, by which criteria, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import orders
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.phrases import place
from kneecds.cdshooks.replacements import replacements
from kneecds.core.rating import Rating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Indicator
    from kneecds.cdshooks.orders import Requested
    from kneecds.core.knowledge import OrderKind
    from kneecds.core.rating import OrderSide, StatementResult

_HEADS: Final[dict[str | None, tuple[int, str, Indicator]]] = {
    "not_appropriate": (0, "Not appropriate", "warning"),
    None: (1, "Not rated", "info"),
    "appropriate": (2, "Appropriate", "info"),
    "no_criteria_apply": (3, "No criteria apply", "info"),
}
"""Place among the cards, first words and loudness of each rating."""

_SAYS: Final[dict[tuple[str, str], str]] = {
    ("appropriate", "met"): "speaks for it",
    ("not_appropriate", "met"): "speaks against it",
    ("appropriate", "undecided"): "could speak for it",
    ("not_appropriate", "undecided"): "could speak against it",
    ("appropriate", "not_met"): "would speak for it, and is not met",
    ("not_appropriate", "not_met"): "would speak against it, and is not met",
}
_STATUS_ORDER: Final = ("met", "undecided", "not_met")
_TOLD: Final[dict[str | None, tuple[str, ...]]] = {
    "appropriate": ("met",),
    "not_appropriate": ("met", "not_met"),
    "no_criteria_apply": ("not_met",),
    None: ("met", "undecided"),
}
"""Which statements are told in full with a rating: those that it rests on, and those that could have made it another."""
_BRIEFLY: Final = (("undecided", "Not decided, and not needed for this"), ("not_met", "Looked at, and not met"))
_MOST_LINES: Final = 6
_MOST_ANSWERS: Final = 8


def drafts(case: Case) -> list[Draft]:
    """Return the cards for the orders of a call: first what contradicts itself, then what is not appropriate."""
    asked = orders.requested_in(case.request)
    found = _ratings(case, asked)
    rated = [(one, _refused(one) if one.refused else found[one.order, one.side]) for one in asked]
    rated.sort(key=lambda pair: -1 if pair[0].refused else _HEADS[pair[1].rating][0])
    return [_draft(case, asked, one, rating) for one, rating in rated]


def _ratings(case: Case, asked: Iterable[Requested]) -> dict[tuple[OrderKind, OrderSide], Rating]:
    """Rate every kind of order once for each knee."""
    evaluation = case.evaluation
    pairs = list(dict.fromkeys((one.order, one.side) for one in asked if not one.refused))
    return dict(
        zip(pairs, evaluation.prepared.rater.rated(evaluation.assessment, evaluation.facts, pairs), strict=True)
    )


def _refused(one: Requested) -> Rating:
    return Rating(one.order, one.side, None, f"The order contradicts itself or cannot be read: {one.refused}")


def _draft(case: Case, asked: tuple[Requested, ...], one: Requested, rating: Rating) -> Draft:
    _, head, indicator = _HEADS[rating.rating]
    what = f"{orders.WORDS[one.order]}, {_where(rating)}"
    because = rating.resting_on()
    if rating.rating is None:
        short = rating.reason[:1].lower() + rating.reason[1:]
        shown = [result for result in rating.statements if result.status == "undecided"]
    else:
        short = because[0].title if because else ""
        shown = list(because)
    summary = f"{head}: {what}{f' - {short}' if short else ''}"
    lines = [f"**{head}: {what}.**", "", *_lines(case, rating)]
    suggested = replacements(case, asked, one, rating) if rating.rating == "not_appropriate" else ()
    return Draft(
        "rating", "warning" if one.refused else indicator, summary, "\n".join(lines), tuple(dict.fromkeys(result.statement for result in shown)),
        suggested, "at-most-one", one.reference,
    )  # fmt: skip


def _where(rating: Rating) -> str:
    return "both knees" if rating.side == "both" else place(rating.side)


def _lines(case: Case, rating: Rating) -> Iterator[str]:
    said = case.phrases
    if rating.reason:
        yield f"- {said.said(rating.reason)}"
    if rating.rating is None:
        yield "- No rating: what is not known is not taken as absent"
    results = [result for result in rating.statements if result.status in _STATUS_ORDER]
    results.sort(key=lambda one: _STATUS_ORDER.index(one.status))
    told = _TOLD[rating.rating]
    for result in results:
        if result.status in told:
            yield from _statement(case, rating, result)
    for status, words in _BRIEFLY:
        titles = [result.title for result in results if result.status == status and status not in told]
        if titles:
            yield f"- {words}: {said.listed(dict.fromkeys(titles), _MOST_LINES)}"
    apart = [result.title for result in rating.statements if result.status == "not_applicable"]
    if apart:
        yield f"- Does not apply: {said.listed(dict.fromkeys(apart), _MOST_LINES)}"
    if rating.rating is None and rating.decided_by:
        answers = rating.decided_by[:_MOST_ANSWERS]
        more = len(rating.decided_by) - len(answers)
        yield f"- Would decide it: {said.answers(answers, '; ')}{f'; {more} more' if more else ''}"


def _statement(case: Case, rating: Rating, result: StatementResult) -> Iterator[str]:
    said = case.phrases
    side = f", {place(result.side)}" if rating.side == "both" else ""
    waits = "; waits until what is urgent is settled" if result.waits else ""
    yield f"- **{said.said(result.title)}** ({_SAYS[result.verdict, result.status]}{side}{waits})"
    if result.status == "met":
        yield f"  - {said.said(result.means)}"
    if result.status == "not_met":
        yield f"  - Not met: {said.listed(result.not_met, _MOST_LINES) or 'none of its red flags is'}"
    else:
        for label, texts in (("Met", result.met), ("Not met", result.not_met), ("Unknown", result.unknown)):
            if texts:
                yield f"  - {label}: {said.listed(texts, _MOST_LINES)}"
    yield f"  - Sources: {said.sources(result.sources)}"
