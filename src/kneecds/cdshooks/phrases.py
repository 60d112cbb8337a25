"""What the knowledge says, as markdown: escaped, with its sources linked, and made once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from kneecds.cdshooks.markdown import escaped
from kneecds.render.words import SIDE_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from kneecds.core.assessment import Answer
    from kneecds.pipeline import Prepared

TITLES: Final[dict[str, str]] = {
    "emergency": "Emergency",
    "urgent_same_day": "Same day",
    "soon_within_days": "Within days",
    "routine": "Routine",
    "self_care": "Self-care",
}
"""A tier in the fewest words, for the beginning of a summary."""

_MOST_KEPT: Final = 4096
_MOST_CITED: Final = 3

T = TypeVar("T")


class Phrases:
    """The texts of one version of the knowledge, ready for the detail of a card."""

    def __init__(self, prepared: Prepared) -> None:
        """Begin with none; they are made as they are used."""
        self.catalogue = prepared.catalogue
        self._kept: dict[Hashable, object] = {}

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for a key, making it at the first time."""
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = make()
        return found  # type: ignore[return-value] # the key names what is kept

    def said(self, text: str) -> str:
        """Return a text of the knowledge as markdown."""
        found = self._kept.get(text)
        if found is None:
            found = self.keep(text, lambda: escaped(text))
        return found  # type: ignore[return-value] # texts are kept by themselves

    def label(self, name: str) -> str:
        """Return what a condition, rule or finding is called."""
        return self.said(self.catalogue.label(name))

    def listed(self, texts: Iterable[str], most: int, joined: str = "; ") -> str:
        """Return the first of some texts, and how many more there are."""
        every = list(texts)
        shown = joined.join([self.said(text) for text in every[:most]])
        return f"{shown}{joined}{len(every) - most} more" if len(every) > most else shown

    def answers(self, wanted: Iterable[Answer], joined: str) -> str:
        """Return answers that would make a difference: "Fever: present"."""
        return joined.join(
            [self.said(f"{one.label}{':' if one.answer.isalpha() else ''} {one.answer}") for one in wanted]
        )

    def sources(self, names: Iterable[str]) -> str:
        """Return sources as links where they have an address, the same one once."""
        unique = tuple(dict.fromkeys(name for name in names if name))
        return self.keep(("sources", unique), lambda: self._sources(unique))

    def _sources(self, names: tuple[str, ...]) -> str:
        shown = list(dict.fromkeys(self._source(name) for name in names))
        more = f"; {len(shown) - _MOST_CITED} more" if len(shown) > _MOST_CITED else ""
        return "; ".join(shown[:_MOST_CITED]) + more

    def _source(self, name: str) -> str:
        short = self._short(name)
        address = self.catalogue.web_address((name,))
        if not address:
            return short
        return f"[{short}]({address.replace('(', '%28').replace(')', '%29')})"

    def _short(self, name: str) -> str:
        """Return authors and year, or the title of what has no author."""
        short = self.catalogue.cite((name,))
        if short == "none":
            short = str(self.catalogue.documentation((name,))[0]["display"]).removeprefix("none: ")
        return escaped(short)


def place(scope: str) -> str:
    """Name a side: "left knee"."""
    return SIDE_WORDS.get(scope, SIDE_WORDS["unspecified"])


def figure(probability: float) -> str:
    """Write a probability in per cent; what is neither impossible nor certain is never written as such."""
    value = 100.0 * probability
    if value > 99:  # noqa: PLR2004 - what an estimate can say at most
        return "over 99 %"
    if value < 1:
        return "under 1 %"
    return f"{value:.0f} %"


def interval(low: float, high: float) -> str:
    """Write an interval of probabilities in per cent."""
    lower, upper = figure(low), figure(high)
    return lower if lower == upper else f"{lower.removesuffix(' %')} to {upper}"


@lru_cache(maxsize=8)
def phrases(prepared: Prepared) -> Phrases:
    """Return the phrases of some prepared knowledge."""
    return Phrases(prepared)
