"""The version of this software."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """Return the installed version; a source tree that is not installed has none."""
    try:
        return installed("kneecds")
    except PackageNotFoundError:
        return "not installed"
