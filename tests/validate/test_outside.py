"""Data and cases that others wrote: real records have no error, and verdicts agree with the reference validator's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import kneecds

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[2].parent / "shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="data of others lies in ../shared/data")
AS_OF = "2026-01-15"
RELEASES = {"4.0": "R4", "4.3": "R4B", "5.0": "R5"}
LEAST_FOUND = {"core": 0.75, "questionnaire": 0.90}
LEAST_LEFT_ALONE = {"core": 0.98, "questionnaire": 0.94}


def records() -> Iterator[Any]:
    for folder in ("synthea", "us-core"):
        for path in sorted((DATA / folder).glob("*.json")):
            yield pytest.param(path, id=f"{folder}/{path.stem}")


@pytest.mark.parametrize("path", list(records()))
def test_real_records_have_no_error(path: Path) -> None:
    assert [issue for issue in kneecds.validate(path.read_bytes(), as_of=AS_OF) if issue.is_error] == []


@pytest.mark.parametrize("path", sorted((DATA / "bulk").glob("*.ndjson")), ids=lambda path: path.stem)
def test_bulk_data_has_no_error(path: Path) -> None:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        found = [issue for issue in kneecds.validate(line, as_of=AS_OF) if issue.is_error]
        assert found == [], f"line {number}"


def test_a_bulk_export_has_no_error_when_it_is_one_searchset() -> None:
    lines = (DATA / "bulk/Condition.000.ndjson").read_text("utf-8").splitlines()
    resources = [json.loads(line) for line in lines]
    entries = [
        {"fullUrl": f"https://example.org/fhir/Condition/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    assert [issue for issue in kneecds.validate(bundle, as_of=AS_OF) if issue.is_error] == []


def cases(scope: str) -> list[dict[str, Any]]:
    lines = (DATA / "fhir-test-cases/cases.jsonl").read_text("utf-8").splitlines()
    return [case for line in lines if (case := json.loads(line))["scope"] == scope]


def verdict(case: dict[str, Any]) -> tuple[str, list[kneecds.Issue]]:
    folder = DATA / "fhir-test-cases"
    beside = [json.loads((folder / name).read_text("utf-8")) for name in case["supporting"]]
    issues = kneecds.validate(
        (folder / case["file"]).read_bytes(), as_of=AS_OF, release=RELEASES[case["fhir_version"]], questionnaires=beside
    )
    errors = [issue for issue in issues if issue.is_error]
    return ("invalid" if errors else "valid"), errors


@pytest.mark.parametrize("scope", ["core", "questionnaire"])
def test_verdicts_are_those_of_the_reference_validator(scope: str) -> None:
    shown = cases(scope)
    wrong: dict[str, list[str]] = {"valid": [], "invalid": []}
    for case in shown:
        found, errors = verdict(case)
        if found != case["expected"]:
            said = ", ".join(f"{issue.rule} at {issue.expression}" for issue in errors[:3])
            wrong[case["expected"]].append(f"{case['name']} ({said})")
    counted = {kind: sum(case["expected"] == kind for case in shown) for kind in wrong}
    assert len(wrong["invalid"]) <= (1 - LEAST_FOUND[scope]) * counted["invalid"], wrong["invalid"]
    assert len(wrong["valid"]) <= (1 - LEAST_LEFT_ALONE[scope]) * counted["valid"], wrong["valid"]


JSON_SUITE = DATA / "json-suite"


@pytest.mark.parametrize("path", sorted(JSON_SUITE.glob("*.json")), ids=lambda path: path.stem)
def test_the_json_suite(path: Path) -> None:
    """What must be refused is refused as JSON; what must be taken is refused only for not being FHIR."""
    issues = kneecds.validate(path.read_bytes())
    assert issues, "none of these files is FHIR"
    as_json = {issue.rule for issue in issues if issue.rule.startswith("json-") and issue.is_error}
    if path.name.startswith("n_"):
        assert as_json
    elif path.name.startswith("y_"):
        # names that stand twice are legal JSON and refused all the same: FHIR has no use for them, and readers differ
        assert as_json <= {"json-duplicate-key"}
    assert all(issue.message for issue in issues)


def test_naughty_strings_survive_untouched() -> None:
    from kneecds.fhir.strict_json import parse  # noqa: PLC0415

    (path,) = (DATA / "naughty-strings").glob("*.json")
    for text in json.loads(path.read_text("utf-8")):
        body = json.dumps({"resourceType": "Patient", "name": [{"text": text or "x"}]}).encode()
        document, issues = parse(body)
        if any(issue.rule == "json-surrogate" for issue in issues):
            continue
        assert document == json.loads(body)
        said = kneecds.validate(body)
        assert not any(issue.rule.startswith("json-") for issue in said)
