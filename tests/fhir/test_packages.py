"""Conformance resources from files, folders and packages; every trick is refused in words."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from kneecds.errors import InputError
from kneecds.fhir.profiles import package
from kneecds.fhir.profiles.load import load

if TYPE_CHECKING:
    from pathlib import Path

VALUE_SET = {"resourceType": "ValueSet", "url": "http://example.org/v", "status": "draft"}
PATIENT = {"resourceType": "Patient", "id": "p"}


def packed(where: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    path = where / "p.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_bytes(text(VALUE_SET))
    assert load(file).resources == [VALUE_SET]


def test_a_bundle_gives_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    entries = [{"resource": VALUE_SET}, {"resource": PATIENT}, {"fullUrl": "x"}, 1]
    file.write_bytes(text({"resourceType": "Bundle", "entry": entries}))
    assert load(file).resources == [VALUE_SET]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(text(PATIENT), "there is none of", id="another resource"),
        pytest.param(b"{", "f.json", id="no JSON"),
        pytest.param(b'{"resourceType":"ValueSet","url":"a","url":"b"}', "twice", id="a repeated key"),
        pytest.param(b"", "no JSON value", id="nothing"),
        pytest.param(b"\x1f\x8bnonsense", "no .tgz", id="no package"),
    ],
)
def test_a_file_that_has_nothing_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        load(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.json"):
        load(tmp_path / "x.json")


def test_a_folder_is_read_with_those_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b" / "v.json").write_bytes(text(VALUE_SET))
    (tmp_path / "patient.json").write_bytes(text(PATIENT))
    (tmp_path / "package.json").write_bytes(b'{"name": "x"}')
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / ".git" / "v.json").write_bytes(text(VALUE_SET))
    (tmp_path / "bad.json").write_bytes(b'{"resourceType": "ValueSet", ')
    (tmp_path / "link.json").symlink_to(tmp_path / "a" / "b" / "v.json")
    found = load(tmp_path)
    assert found.resources == [VALUE_SET]
    assert [(issue.severity, issue.rule) for issue in found.issues] == [("warning", "package-file")]
    assert "bad.json" in found.issues[0].message


def test_a_package(tmp_path: Path) -> None:
    file = packed(
        tmp_path,
        ("package/package.json", b'{"name":"x"}'),
        ("package/.index.json", b'{"files":[]}'),
        ("package/v.json", text(VALUE_SET)),
        ("package/p.json", text(PATIENT)),
        ("package/example/v.json", text(VALUE_SET)),
        ("other/v.json", text(VALUE_SET)),
        ("package/readme.md", b"x"),
    )
    assert load(file).resources == [VALUE_SET]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["p.tgz"], "nothing is written to disk"


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(
    ("member", "said"),
    [
        pytest.param(("../v.json", text(VALUE_SET)), "leads out", id="a parent"),
        pytest.param(("package/../../v.json", text(VALUE_SET)), "leads out", id="a parent inside"),
        pytest.param(("package\\..\\v.json", text(VALUE_SET)), "leads out", id="a parent with backslashes"),
        pytest.param(("C:/v.json", text(VALUE_SET)), "leads out", id="a drive"),
        pytest.param(special("/etc/x", tarfile.REGTYPE), "leads out", id="an absolute path"),
        pytest.param(special("package/v.json", tarfile.SYMTYPE, "/etc/passwd"), "link", id="a symbolic link"),
        pytest.param(special("package/v.json", tarfile.LNKTYPE, "package/w.json"), "link", id="a hard link"),
        pytest.param(special("package/v.json", tarfile.CHRTYPE), "neither", id="a device"),
        pytest.param(special("package/v.json", tarfile.FIFOTYPE), "neither", id="a pipe"),
    ],
)
def test_tricks_are_refused(tmp_path: Path, member: tuple[str, bytes] | tarfile.TarInfo, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(packed(tmp_path, ("package/v.json", text(VALUE_SET)), member))


def test_a_bomb_is_refused_in_time(tmp_path: Path) -> None:
    file = tmp_path / "bomb.tgz"
    info = tarfile.TarInfo("package/v.txt")
    info.size = 2_000_000_000
    with gzip.open(file, "wb", compresslevel=9) as out:
        out.write(info.tobuf())
        zeros = bytes(10_000_000)
        for _ in range(60):
            out.write(zeros)
    start = time.monotonic()
    with pytest.raises(InputError, match="too large"):
        load(file)
    assert time.monotonic() - start < 5


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="at most 10"):
        load(packed(tmp_path, ("package/v.json", text(VALUE_SET))))


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_MEMBERS", 3)
    with pytest.raises(InputError, match="more than 3"):
        load(packed(tmp_path, *((f"package/{number}.txt", b"") for number in range(5))))


def test_a_package_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path, ("package/v.json", text(VALUE_SET) + b" " * 100_000))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"no \.tgz"):
        load(file)
