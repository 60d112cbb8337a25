"""What each command prints, and where."""

# ruff: noqa: RUF001 - characters as they are shown

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kneecds.cli import files
from kneecds.cli.group import COMMANDS
from kneecds.core.assessment import Assessment
from kneecds.errors import KnowledgeError, warning
from kneecds.knowledge import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

CASES = b"\n".join(
    json.dumps(
        {
            "id": f"c{number}",
            "split": split,
            "age_years": 30,
            "side": "right",
            "findings": {"present": ["pop_at_injury"], "absent": ["no_such_finding"] if number == 2 else []},
            "gold_diagnosis": gold,
            "gold_triage": tier,
        }
    ).encode()
    for number, (split, gold, tier) in enumerate(
        (("dev", "acl_tear", "soon_within_days"), ("dev", "cruciate_injury", "emergency"), ("test", "gout", "routine")),
        1,
    )
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(CASES)
    return path


def test_text_by_default(run: Callable[..., Result], bundle: Path) -> None:
    result = run("assess", bundle)
    assert result.exit_code == 0
    assert "WITHIN DAYS" in result.stdout
    assert "ACL tear" in result.stdout
    assert "\x1b" not in result.stdout


def test_json_is_the_assessment(run: Callable[..., Result], bundle: Path) -> None:
    result = run("assess", bundle, "--format", "json", "--as-of", "2026-02-03", "--setting", "emergency")
    answer = msgspec.json.decode(result.stdout_bytes, type=Assessment)
    assert (answer.as_of, answer.setting) == ("2026-02-03", "emergency")


def test_fhir_is_what_the_pipeline_wrote(run: Callable[..., Result], bundle: Path) -> None:
    assert run("assess", bundle, "--format", "fhir").stdout == '{"resourceType":"Bundle"}\n'


def test_stdin(run: Callable[..., Result], pipeline: Any) -> None:
    assert run("assess", "-", stdin=b"{}").exit_code == 0
    assert pipeline.asked[0][0] == b"{}"


def test_options_reach_the_pipeline(run: Callable[..., Result], pipeline: Any, bundle: Path, tmp_path: Path) -> None:
    table = tmp_path / "map.json"
    table.write_text('{"resourceType": "ConceptMap", "url": "u"}')
    assert run("assess", bundle, "--map", table, "--map", table, "--fhir-version", "4.3.0").exit_code == 0
    (asked,) = (each for _, each in pipeline.asked)
    assert asked["release"] == "R4B"
    assert asked["maps"] == ({"resourceType": "ConceptMap", "url": "u"},) * 2


def test_output_goes_to_a_file_and_keeps_its_permissions(
    run: Callable[..., Result], bundle: Path, tmp_path: Path
) -> None:
    target = tmp_path / "answer.txt"
    target.write_text("old")
    target.chmod(0o640)
    result = run("assess", bundle, "-o", target)
    assert result.stdout == ""
    assert "ACL tear" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.txt", "bundle.json"]


def test_a_link_is_written_through(run: Callable[..., Result], bundle: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    assert run("assess", bundle, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert "ACL tear" in target.read_text()


def test_a_device_is_not_replaced(run: Callable[..., Result], bundle: Path) -> None:
    assert run("assess", bundle, "-o", os.devnull).exit_code == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "answer.txt"
    target.write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Exception, match="No space left"):
        files.write(str(target), b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_validate_lists_issues_for_each_input(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.issues = (warning("value", "some-rule", "Bundle.entry[1]", "odd"),)
    result = run("validate", bundle, "-", stdin=b"{}")
    assert result.exit_code == 0
    assert "bundle.json: warning: odd [some-rule]" in result.stdout
    assert "at  Bundle.entry[1]" in result.stdout
    assert "stdin: ok (1 warning)" in result.stdout
    table = json.loads(run("validate", bundle, "--format", "json").stdout)
    assert table[0]["ok"] is True
    assert table[0]["issues"][0]["rule"] == "some-rule"


@pytest.mark.parametrize("name", ["acl_tear", "ACL_TEAR"])
def test_explain(run: Callable[..., Result], bundle: Path, name: str) -> None:
    result = run("explain", bundle, name)
    assert result.exit_code == 0
    assert "Pop at injury ×2.7" in result.stdout
    explained = json.loads(run("explain", bundle, name, "--format", "json").stdout)
    assert explained["explanations"][0]["hypothesis"]["probability"] == 0.7


def test_explain_what_is_not_in_the_answer(run: Callable[..., Result], bundle: Path) -> None:
    result = run("explain", bundle, "gout")
    assert result.exit_code == 0
    assert "is not among the hypotheses" in result.stdout


def test_questionnaire(run: Callable[..., Result]) -> None:
    form = json.loads(run("questionnaire").stdout)
    assert form["resourceType"] == "Questionnaire"
    assert form["item"]


def test_schema(run: Callable[..., Result]) -> None:
    assert json.loads(run("schema", "assessment").stdout)["$defs"]["Assessment"]


def test_knowledge_list_counts_and_lists(run: Callable[..., Result]) -> None:
    counts = {row["kind"]: row["count"] for row in json.loads(run("knowledge", "list", "--format", "json").stdout)}
    assert counts["conditions"] >= 116
    assert counts["sources"] > 0
    assert "acl_tear" in run("knowledge", "list", "conditions").stdout
    assert str(counts["findings"]) in run("knowledge", "list").stdout


def test_knowledge_show(run: Callable[..., Result]) -> None:
    shown = json.loads(run("knowledge", "show", "acl_tear").stdout)
    assert shown["kind"] == "conditions"
    assert shown["entry"]["evidence"]


def test_knowledge_check_and_compile(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kneecds.knowledge import artefact  # noqa: PLC0415

    known = artefact.shipped().in_full()
    monkeypatch.setattr(load, "read", lambda *_: known)
    assert run("knowledge", "check").stdout.startswith("ok: ")
    assert run("knowledge", "compile", tmp_path).exit_code == 0
    assert (tmp_path / artefact.NAME).read_bytes() == artefact.compile_to(known)


def test_knowledge_check_lists_every_problem(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise KnowledgeError(("a.yaml: wrong", "b.yaml: also wrong"))

    monkeypatch.setattr(load, "read", refuse)
    result = run("knowledge", "check")
    assert result.exit_code == 1
    assert "2 problems" in result.stderr
    assert "a.yaml: wrong" in result.stderr
    assert "b.yaml: also wrong" in result.stderr
    assert run("knowledge", "compile").exit_code == 1


def test_case_to_fhir_as_ndjson_and_as_files(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(CASES.split(b"\n")[0])
    (line,) = run("case", "to-fhir", path).stdout.splitlines()
    assert json.loads(line)["resourceType"] == "Bundle"
    assert run("case", "to-fhir", path, "-o", tmp_path / "out").exit_code == 0
    assert json.loads((tmp_path / "out" / "c1.json").read_text()) == json.loads(line)
    assert run("case", "to-fhir", path, "-o", tmp_path / "out.ndjson").exit_code == 0
    assert (tmp_path / "out.ndjson").read_text() == line + "\n"


@pytest.mark.parametrize("name", ["../evil", ".hidden", "a/b", "", "a\x00b"])
def test_a_case_cannot_name_a_file_elsewhere(run: Callable[..., Result], tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / "cases.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps({"id": name}))
    result = run("case", "to-fhir", path, "-o", tmp_path / "in" / "out")
    assert result.exit_code == 1
    assert "line 1" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["in"]


def test_case_to_fhir_refuses_unknown_findings(run: Callable[..., Result], cases: Path) -> None:
    result = run("case", "to-fhir", cases)
    assert result.exit_code == 1
    assert "line 2 findings.absent[0]" in result.stderr
    assert result.stdout == ""


def test_evaluate_as_json(run: Callable[..., Result], pipeline: Any, cases: Path) -> None:
    result = run("evaluate", cases, "--format", "json")
    assert result.exit_code == 0
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert report["cases"] == 3
    assert report["as_of"] == "2026-01-01"
    assert report["top1"]["count"] == 2
    assert set(report["top1"]) >= {"value", "count", "low", "high"}
    assert report["strict"]["top1"]["count"] == 1
    assert report["under_triaged"]["emergency"] == 1
    assert report["over_triaged"]["routine"] == 1
    assert report["unknown_ids"] == ["no_such_finding"]
    assert [each["rank"] for each in report["per_case"]] == [1, 1, None]
    assert json.loads(pipeline.asked[0][0])["resourceType"] == "Bundle"
    assert {"triage_exact", "triage_acceptable", "median_list_length", "named", "in_list", "top3"} <= set(report)


def test_evaluate_as_text_of_a_split(run: Callable[..., Result], cases: Path) -> None:
    result = run("evaluate", cases, "--split", "test")
    assert result.exit_code == 0
    assert "1 case of the split test" in result.stdout
    assert "c3" in result.stdout


def test_evaluate_twice_gives_the_same(run: Callable[..., Result], cases: Path) -> None:
    first, second = (run("evaluate", cases, "--format", "json").stdout_bytes for _ in range(2))
    assert first == second


def test_every_command_has_help_with_an_example(run: Callable[..., Result]) -> None:
    leaves = [["knowledge", name] for name in ("list", "show", "check", "compile")]
    leaves += [["case", "to-fhir"], ["schema", "assessment"]]
    leaves += [[name] for name in COMMANDS if name not in {"knowledge", "case", "schema"}]
    for leaf in leaves:
        result = run(*leaf, "--help")
        assert result.exit_code == 0
        assert f"Example: kneecds {' '.join(leaf)}" in result.stdout
    overview = run("--help").stdout
    assert all(name in overview for name in COMMANDS)
