"""A page of text for a terminal or a file: every string that goes on it is cleaned, none is read as markup."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rich.console import Console
from rich.text import Text

from kneecds.render.words import EMPTY, FULL, clean, humanised, in_ascii

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Piece: TypeAlias = str | tuple[str, str]
"""Text, or text with its style."""

TIER_STYLES = {
    "emergency": "bold white on red",
    "urgent_same_day": "bold black on yellow",
    "soon_within_days": "bold black on cyan",
    "routine": "bold white on blue",
    "self_care": "bold black on green",
}


class Look(NamedTuple):
    """What the place where a page is shown can do."""

    width: int = 100
    color: bool = False
    ascii_only: bool = False


class Names(NamedTuple):
    """What ids are called: findings, conditions, rules and instruments by `labels`, sources by `titles`."""

    labels: Mapping[str, str] = {}
    titles: Mapping[str, str] = {}

    def of(self, name: str) -> str:
        """Return the label of an id, or the id in words."""
        return self.labels.get(name) or humanised(name)


class Page:
    """Lines with hanging indents, and the sources that they refer to by number."""

    def __init__(self, look: Look) -> None:
        """Start an empty page."""
        self.look = look
        self.cited: dict[str, int] = {}
        self._lines: list[Text] = []
        self._console = Console(
            file=StringIO(),
            width=look.width,
            force_terminal=look.color,
            color_system="standard" if look.color else None,
            no_color=not look.color,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )

    def gap(self) -> None:
        """Leave one empty line, never two."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text(""))

    def heading(self, *pieces: Piece) -> None:
        """Begin a section."""
        self.gap()
        self.line(*((piece, "bold") if isinstance(piece, str) else piece for piece in pieces))

    def line(self, *pieces: Piece, indent: int = 0, hang: int = 0) -> None:
        """Add one line; what does not fit goes on below, `hang` columns further in."""
        text = Text.assemble(*(self._styled(piece) for piece in pieces))
        first = Text(" " * indent)
        room = max(self.look.width - indent - hang, 10)
        head, rest = (text[:hang], text[hang:]) if hang else (Text(""), text)
        for part in rest.wrap(self._console, room):
            part.rstrip()
            self._lines.append(Text.assemble(first, head, part))
            head = Text(" " * hang)

    def entry(self, marker: str, *pieces: Piece, indent: int = 0, column: int = 0, style: str = "") -> None:
        """Add a line that starts with a marker, and whose text stays right of it."""
        wide = max(len(marker) + 1, column)
        self.line((marker.ljust(wide), style), *pieces, indent=indent, hang=wide)

    def more(self, hidden: int, indent: int = 0) -> None:
        """Say how many entries were left out for brevity."""
        if hidden > 0:
            self.line((f"and {hidden} more (--full shows them)", "dim"), indent=indent)

    def cite(self, sources: Iterable[str]) -> str:
        """Return the numbers of sources in brackets, giving new ones their number."""
        numbers = sorted({self.cited.setdefault(source, len(self.cited) + 1) for source in sources if source})
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def bar(self, share: float, cells: int = 10) -> str:
        """Draw a share of one; anything above nothing shows."""
        full = min(cells, max(round(share * cells), 1 if share > 0 else 0))
        return FULL * full + EMPTY * (cells - full)

    def text(self) -> str:
        """Return the whole page, with terminal colours if it has them."""
        with self._console.capture() as capture:
            for line in self._lines:
                self._console.print(line, soft_wrap=True)
        return capture.get()

    def _styled(self, piece: Piece) -> tuple[str, str]:
        said, style = (piece, "") if isinstance(piece, str) else piece
        safe = clean(said)
        return (in_ascii(safe) if self.look.ascii_only else safe), style
