"""`kneecds profiles`: build writes what check finds right, and pack writes a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from kneecds.cli import kneecds as command

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_built_is_right_until_it_is_changed(tmp_path: Path) -> None:
    run = CliRunner().invoke
    stale = tmp_path / "R4" / "ValueSet-of-yesterday.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    other = tmp_path / "R4" / "README.md"
    other.write_text("kept")
    built = run(command, ["profiles", "build", str(tmp_path)])
    assert built.exit_code == 0, built.output
    assert not stale.exists()
    assert other.exists()
    good = run(command, ["profiles", "check", str(tmp_path)])
    assert good.exit_code == 0, good.output
    assert good.stdout.endswith("artefacts: ok\n")

    changed = tmp_path / "R4" / "ValueSet-kneecds-tier.json"
    changed.write_bytes(changed.read_bytes().replace(b"draft", b"active"))
    (tmp_path / "R5" / "ValueSet-kneecds-tier.json").unlink()
    stale.write_text("{}")
    bad = run(command, ["profiles", "check", str(tmp_path)])
    assert bad.exit_code == 1
    assert "R4/ValueSet-kneecds-tier.json: is not what the knowledge makes" in bad.stderr
    assert "R5/ValueSet-kneecds-tier.json: is missing" in bad.stderr
    assert "ValueSet-of-yesterday.json: belongs to no artefact" in bad.stderr
    assert "3 problems" in bad.stdout


def test_pack(tmp_path: Path) -> None:
    file = tmp_path / "r5.tgz"
    result = CliRunner().invoke(command, ["profiles", "pack", "--fhir-version", "R5", "-o", str(file)])
    assert result.exit_code == 0, result.output
    assert file.read_bytes()[:2] == b"\x1f\x8b"
