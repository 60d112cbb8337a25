"""What the place where text will be shown can do."""

from __future__ import annotations

import os
import shutil
import sys

from kneecds.render.page import Look
from kneecds.render.words import DRAWN

PIPE_WIDTH = 100
NARROWEST, WIDEST = 40, 120


def look(output: str | None = None) -> Look:
    """Return width, colour and characters for stdout, or for a file if one is named."""
    if output not in (None, "-"):
        return Look(width=PIPE_WIDTH, color=False, ascii_only=False)
    terminal = sys.stdout.isatty()
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if terminal or "COLUMNS" in os.environ else PIPE_WIDTH
    return Look(width=min(max(width, NARROWEST), WIDEST), color=color, ascii_only=not _draws())


def _draws() -> bool:
    try:
        DRAWN.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
