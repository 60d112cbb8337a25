"""0 answered, 1 the input has errors, 2 usage, 3 our fault; and nothing of the patient where it does not belong."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from kneecds.cli import files, screen
from kneecds.errors import InputError, KnowledgeError, UsageError, error, fatal, warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

SECRET = "Mrs Jones, born 1950-01-01"


@pytest.mark.parametrize("form", ["text", "json", "fhir"])
def test_errors_in_the_input_give_one_and_the_answer(
    run: Callable[..., Result], pipeline: Any, bundle: Path, form: str
) -> None:
    pipeline.issues = (error("value", "some-rule", "Bundle.entry[0]", "cannot be read"),)
    result = run("assess", bundle, "--format", form)
    assert result.exit_code == 1
    assert result.stdout
    assert "cannot be read" in (result.stdout if form == "text" else result.stderr)


def test_warnings_leave_zero(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.issues = (warning("value", "some-rule", "", "odd"),)
    assert run("assess", bundle).exit_code == 0
    assert run("validate", bundle).exit_code == 0


def test_validate_gives_one_if_any_input_has_an_error(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.issues = (fatal("structure", "json-syntax", "", "not JSON"),)
    result = run("validate", bundle)
    assert result.exit_code == 1
    assert "has errors (1 fatal)" in result.stdout


@pytest.mark.parametrize("command", [("assess",), ("explain",), ("validate",)])
def test_an_input_that_cannot_be_taken_gives_one(
    run: Callable[..., Result], pipeline: Any, bundle: Path, command: tuple[str, ...]
) -> None:
    pipeline.raises = InputError((fatal("structure", "two-patients", "Bundle", "there are two patients"),))
    result = run(*command, bundle, *(["gout"] if command == ("explain",) else []))
    assert result.exit_code == 1
    assert "there are two patients" in result.output


def test_too_large_an_input_gives_one(
    run: Callable[..., Result], bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 5)
    for source in (bundle, "-"):
        result = run("assess", source, stdin=b"123456")
        assert result.exit_code == 1
        assert "more than 5 bytes" in result.stderr
        assert result.stdout == ""


def test_broken_case_lines_give_one_with_their_numbers(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "a"}\n{\n')
    result = run("evaluate", path)
    assert result.exit_code == 1
    assert "line 1" in result.stderr
    assert "line 2" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["assess"], id="no input"),
        pytest.param(["assess", "missing.json"], id="missing file"),
        pytest.param(["assess", "."], id="a directory"),
        pytest.param(["assess", "BUNDLE", "--format", "pdf"], id="format"),
        pytest.param(["assess", "BUNDLE", "--as-of", "yesterday"], id="day"),
        pytest.param(["assess", "BUNDLE", "--as-of", "2026-02-30"], id="no such day"),
        pytest.param(["assess", "BUNDLE", "--setting", "spa"], id="setting"),
        pytest.param(["assess", "BUNDLE", "--fhir-version", "STU3"], id="release"),
        pytest.param(["assess", "BUNDLE", "--map", "missing.json"], id="missing map"),
        pytest.param(["assess", "BUNDLE", "--map", "BUNDLE"], id="not a ConceptMap"),
        pytest.param(["assess", "-", "--map", "-"], id="stdin twice"),
        pytest.param(["assess", "BUNDLE", "-o", "no/such/place.json"], id="nowhere to write"),
        pytest.param(["assess", "BUNDLE", "--nonsense"], id="unknown option"),
        pytest.param(["validate"], id="nothing to validate"),
        pytest.param(["validate", "-", "-"], id="validate stdin twice"),
        pytest.param(["explain", "BUNDLE", "acl_taer"], id="unknown condition"),
        pytest.param(["explain", "BUNDLE"], id="no condition"),
        pytest.param(["knowledge", "list", "nonsense"], id="unknown kind"),
        pytest.param(["knowledge", "show", "acl_taer"], id="unknown entry"),
        pytest.param(["knowledge", "check", "missing"], id="missing folder"),
        pytest.param(["evaluate", "missing.jsonl"], id="missing cases"),
        pytest.param(["nonsense"], id="unknown command"),
        pytest.param(["schema", "nonsense"], id="unknown schema"),
    ],
)
def test_wrong_usage_gives_two(run: Callable[..., Result], bundle: Path, arguments: list[str]) -> None:
    result = run(*(str(bundle) if each == "BUNDLE" else each for each in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error" in result.stderr


def test_a_name_that_comes_near_is_proposed(run: Callable[..., Result], bundle: Path) -> None:
    assert "acl_tear" in run("explain", bundle, "acl_taer").stderr
    assert "acl_tear" in run("knowledge", "show", "acl_taer").stderr


def test_an_unknown_split_names_those_that_are_there(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({"id": "a", "split": "dev", "gold_diagnosis": "gout", "gold_triage": "routine"}))
    result = run("evaluate", path, "--split", "test")
    assert result.exit_code == 2
    assert "'dev'" in result.stderr


def test_wrong_use_of_the_library_gives_two(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.raises = UsageError("there is no release R6")
    assert run("assess", bundle).exit_code == 2


@pytest.mark.parametrize("raised", [ValueError(SECRET), KeyError(SECRET), RecursionError(SECRET), MemoryError()])
def test_our_fault_gives_three_in_one_line_without_patient_data(
    run: Callable[..., Result], pipeline: Any, bundle: Path, raised: Exception
) -> None:
    pipeline.raises = raised
    result = run("assess", bundle)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert type(raised).__name__ in result.stderr
    assert "report" in result.stderr
    assert "Jones" not in result.stderr


def test_debugging_shows_the_traceback(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.raises = ValueError("inner")
    result = run("assess", bundle, KNEECDS_DEBUG="1")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_damaged_knowledge_gives_three(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.raises = KnowledgeError(("compiled.msgpack: damaged",))
    result = run("assess", bundle)
    assert result.exit_code == 3
    assert "damaged" in result.stderr


def test_hostile_messages_do_not_reach_the_terminal(run: Callable[..., Result], pipeline: Any, bundle: Path) -> None:
    pipeline.issues = (error("value", "some-rule", "\x1b[2J", "\x1b]0;x\x07 [bold]<b>\n\u202e"),)
    for result in (run("assess", bundle), run("assess", bundle, "--format", "json"), run("validate", bundle)):
        assert result.exit_code == 1
        assert "\x1b" not in result.stderr
        assert "\x1b" not in result.stdout
        assert "[bold]<b>" in result.output


def test_hostile_file_names_do_not_reach_the_terminal(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2Jb.json"
    path.write_text("{}")
    assert "\x1b" not in run("validate", path).output


def test_version_is_quick_and_plain(run: Callable[..., Result]) -> None:
    assert run("--version").stdout.startswith("kneecds ")
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, kneecds.cli; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert not {"msgspec", "rich", "ruamel", "jsonschema", "kneecds.core", "kneecds.fhir"} & set(loaded)


@pytest.mark.parametrize(
    ("environment", "terminal", "color"),
    [({}, True, True), ({"NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, True, False), ({}, False, False)],
)
def test_colour_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, terminal: bool, color: bool
) -> None:
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert screen.look().color is color
    assert screen.look("answer.txt").color is False


def test_a_narrow_terminal_is_used_as_it_is_and_a_wide_one_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("60", 60), ("10", screen.NARROWEST), ("500", screen.WIDEST)):
        monkeypatch.setenv("COLUMNS", columns)
        assert screen.look().width == width
