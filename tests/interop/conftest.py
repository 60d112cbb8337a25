"""Independent judges: other people's validators, engines and renderers look at what we emit, publish and decide.

They need Java, Maven, Node and Chromium, and minutes. So nothing here is collected by a plain `pytest`: only by a run that
names this folder (`pytest tests/interop`, `tox -e interop`). Where a tool is missing the tests skip and say which; with
CI=true they fail instead, so that no judge is ever absent unnoticed.
"""

from __future__ import annotations

import os
from pathlib import Path

import judge
import node
import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore this folder unless it, or something in it, is named on the command line."""
    named = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    return None if any(path.is_relative_to(HERE) for path in named) else True


def _need(missing: str) -> None:
    if missing and os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"in CI every judge must be there: {missing}")
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def hapi() -> None:
    _need(judge.missing())


@pytest.fixture(scope="session")
def javascript() -> None:
    _need(node.missing())


@pytest.fixture(scope="session")
def chromium(javascript: None) -> None:
    _need(node.chromium_missing())
