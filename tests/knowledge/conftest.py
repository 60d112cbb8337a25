"""The knowledge of the repository, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kneecds.knowledge import load

if TYPE_CHECKING:
    from kneecds.core.knowledge import KnowledgeFiles


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeFiles:
    """All knowledge files, checked."""
    return load.read()
