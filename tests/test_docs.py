"""The documents are true: commands they show print what stands there, links lead somewhere, every command is named.

`python tests/test_docs.py --write` puts the present output of each shown command into README.md, and the options of the service
into docs/service.md.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from kneecds.cli import kneecds as command
from kneecds.service import options

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCUMENTS = sorted(
    path for folder in (".", "docs", "docs/adr", "examples", "examples/*") for path in ROOT.glob(f"{folder}/*.md")
)
SHOWN = re.compile(
    r"<!-- shown: (?:first (?P<lines>\d+) lines|(?P<all>all)) -->\n```console\n\$ (?P<command>kneecds [^\n]*)\n(?P<output>.*?)```\n",
    re.DOTALL,
)
CUT = "[...]\n"
SERVICE = ROOT / "docs/service.md"
OPTIONS = re.compile(r"(<!-- options: begin[^\n]*-->\n)(.*?)(<!-- options: end -->\n)", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


def output_of(words: str) -> str:
    """Return what a command prints, run beside a copy of the examples."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        os.chdir(folder)
        try:
            result = CliRunner().invoke(command, shlex.split(words)[1:], env={"COLUMNS": None})
        finally:
            os.chdir(before)
    assert result.exit_code in (0, 1), result.output
    return result.output


def part(match: re.Match[str]) -> str:
    """Return the present output of a shown command, cut as the document cuts it."""
    lines = output_of(match["command"]).splitlines(keepends=True)
    if match["all"] or len(lines) <= int(match["lines"]):
        return "".join(lines)
    kept = lines[: int(match["lines"])]
    while kept and not kept[-1].strip():
        kept.pop()
    return "".join(kept) + CUT


def commands(group: click.Command = command, name: str = "kneecds") -> Iterator[tuple[str, click.Command]]:
    if isinstance(group, click.Group):
        for each in group.commands.values() if not hasattr(group, "list_commands") else names(group):
            yield from commands(each, f"{name} {each.name}")
    else:
        yield name, group


def names(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        assert found is not None
        yield found


ALL = dict(commands())


@pytest.mark.parametrize(
    "match", [pytest.param(match, id=match["command"]) for match in SHOWN.finditer(README.read_text("utf-8"))]
)
def test_shown_output_is_what_is_printed(match: re.Match[str]) -> None:
    assert match["output"] == part(match), "changed on purpose? python tests/test_docs.py --write"


def test_outputs_are_shown() -> None:
    assert len(SHOWN.findall(README.read_text("utf-8"))) == README.read_text("utf-8").count("```console") >= 3


def test_every_option_of_the_service_is_documented() -> None:
    match = OPTIONS.search(SERVICE.read_text("utf-8"))
    assert match is not None
    assert match[2] == options.table(), "changed on purpose? python tests/test_docs.py --write"


def test_python_in_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert (failed, tried > 0) == (0, True)


def test_main_command_of_the_readme_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (line,) = re.findall(r"^python3 -m venv .*\.venv/bin/(kneecds assess .*)$", README.read_text("utf-8"), re.MULTILINE)
    result = CliRunner().invoke(command, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    assert "Patellofemoral pain" in result.stdout


def test_test_command_of_the_readme_is_what_ci_runs() -> None:
    (needed,) = re.findall(
        r"&& \.venv/bin/pip install '(tox[^']*)' && \.venv/bin/tox$", README.read_text("utf-8"), re.MULTILINE
    )
    assert f"install '{needed}'" in (ROOT / ".ci/run").read_text("utf-8")


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = CliRunner().invoke(command, [*name.split()[1:], "--help"])
    assert result.exit_code == 0
    assert f"Example: {name}" in " ".join(result.output.split())


@pytest.mark.parametrize("name", ALL)
def test_every_command_is_in_the_readme(name: str) -> None:
    table = " ".join(re.findall(r"^\| (`kneecds .*) \|", README.read_text("utf-8"), re.MULTILINE))
    group, _, last = name.rpartition(" ")
    assert f"`{name}" in table or (f"`{group} " in table and f"`{last}`" in table)


@pytest.mark.parametrize("document", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCUMENTS])
def test_links_lead_somewhere(document: Path) -> None:
    for target, anchor in LINK.findall(document.read_text("utf-8")):
        there = (document.parent / target).resolve() if target else document
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{target}{anchor}"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_named_in_the_text_exist(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for name in re.findall(r"`((?:src|tests|tools|examples|docs|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`((?:core|fhir|knowledge|render|cli|evaluation)/[\w./]+)`", text):
        assert (ROOT / "src/kneecds" / name).exists(), name


def main() -> None:
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    text = README.read_text("utf-8")
    text = SHOWN.sub(lambda match: match[0][: match.start("output") - match.start()] + part(match) + "```\n", text)
    README.write_text(text, encoding="utf-8")
    text = OPTIONS.sub(lambda match: match[1] + options.table() + match[3], SERVICE.read_text("utf-8"))
    SERVICE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
