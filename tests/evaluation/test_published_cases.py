"""The published cases in examples/: figures may get better, and must not get much worse unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kneecds.cli import kneecds

CASES = Path(__file__).parents[2] / "examples" / "published_cases.jsonl"


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    result = CliRunner().invoke(kneecds, ["evaluate", str(CASES), "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("figure", "least"), [("top1", 0.70), ("top3", 0.82), ("in_list", 0.86), ("triage_acceptable", 0.94)]
)
def test_found(report: dict[str, dict[str, float]], figure: str, least: float) -> None:
    assert report[figure]["value"] >= least


def test_the_list_stays_short(report: dict[str, float]) -> None:
    assert report["median_list_length"] <= 4


def test_hardly_any_urgent_case_is_told_to_wait(report: dict[str, dict[str, int]]) -> None:
    """One case states only knee pain and an effusion, with nothing that a rule could read."""
    assert sum(report["under_triaged"].values()) <= 1


def test_every_id_is_known(report: dict[str, object]) -> None:
    assert report["unknown_ids"] in ([], {})
