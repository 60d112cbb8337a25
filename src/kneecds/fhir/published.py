"""Where the FHIR artefacts that we publish lie: in the installed package, or beside the sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kneecds.fhir.version import Release

_PACKAGE: Final = Path(__file__).parents[1]


@cache
def folder(release: Release) -> Path:
    """Return the folder of a release; what is published for R4 holds for R4B."""
    installed = _PACKAGE / "profiles"
    found = installed if installed.is_dir() or _PACKAGE.parent.name != "src" else _PACKAGE.parents[1] / "profiles"
    return found / ("R5" if release == "R5" else "R4")
