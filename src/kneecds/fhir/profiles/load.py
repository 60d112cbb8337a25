"""Conformance resources from a file, a folder or a FHIR NPM package; what cannot be taken is refused, or said.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.errors import InputError, Issue, fatal, warning
from kneecds.fhir import strict_json
from kneecds.fhir.profiles import package

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final = frozenset({"Questionnaire", "StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap"})
"""What is taken; everything else in a package or folder is passed over."""
MOST_FILES: Final = 50_000
DEEPEST: Final = 12
MOST_BYTES: Final = 500_000_000
"""Of a folder's files together."""

_KIND: Final = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')


class Loaded(NamedTuple):
    """What was read, and what of it could not be."""

    resources: list[dict[str, Any]]
    issues: list[Issue]


def load(path: str | Path) -> Loaded:
    """Read `FILE.json`, a folder, or `PACKAGE.tgz`. Raises InputError where there is nothing that could be read."""
    where = Path(path)
    if where.is_dir():
        return _folder(where)
    try:
        with where.open("rb") as file:
            start = file.read(2)
        if start == package.GZIP:
            return _package(where)
        size = where.stat().st_size
        if size > strict_json.MAX_BYTES:
            raise InputError(
                (_refusal("too-long", where.name, f"{size} bytes; at most {strict_json.MAX_BYTES} are read"),)
            )
        body = where.read_bytes()
    except OSError as problem:
        raise InputError((_refusal("not-found", where.name, problem.strerror or "it cannot be read"),)) from problem
    return _file(where.name, body)


def _file(name: str, body: bytes) -> Loaded:
    found = Loaded([], [])
    value, issues = strict_json.parse(body)
    if value is None:
        raise InputError(tuple(_named(one, name) for one in issues))
    found.issues.extend(_named(one, name) for one in issues)
    if not _take(value, found):
        message = f"there is none of {', '.join(sorted(KINDS))} in it"
        raise InputError((_refusal("not-supported", name, message),))
    return found


def _folder(where: Path) -> Loaded:
    found = Loaded([], [])
    total = 0
    for number, file in enumerate(_files(where)):
        name = str(file.relative_to(where))
        if number >= MOST_FILES:
            raise InputError((_refusal("too-costly", where.name, f"more than {MOST_FILES} files"),))
        try:
            size = file.stat().st_size
            total += size
            if total > MOST_BYTES:
                raise InputError((_refusal("too-costly", where.name, f"more than {MOST_BYTES} bytes"),))
            if size > strict_json.MAX_BYTES:
                found.issues.append(_passed_over(name, f"{size} bytes; at most {strict_json.MAX_BYTES} are read"))
                continue
            body = file.read_bytes()
        except OSError as problem:
            found.issues.append(_passed_over(name, problem.strerror or "it cannot be read"))
            continue
        _one_of_many(name, body, found)
    return found


def _files(where: Path) -> Iterator[Path]:
    """Yield the JSON files of a folder and of those in it, in order; links are not followed."""
    for folder, folders, names in os.walk(where, followlinks=False):
        depth = len(Path(folder).relative_to(where).parts)
        folders[:] = sorted(one for one in folders if not one.startswith(".")) if depth < DEEPEST else []
        for name in sorted(names):
            file = Path(folder) / name
            if name.endswith(".json") and not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield file


def _package(where: Path) -> Loaded:
    found = Loaded([], [])
    for name, body in package.files(where):
        _one_of_many(name, body, found)
    return found


def _one_of_many(name: str, body: bytes, found: Loaded) -> None:
    """Take what a file among others has; one that is no conformance resource is passed over without being read."""
    kinds = set(_KIND.findall(body))
    if not any(one.decode() in KINDS for one in kinds):
        return
    value, issues = strict_json.parse(body)
    if value is None:
        reason = issues[-1].message if issues else "it is no JSON"
        found.issues.append(_passed_over(name, reason))
        return
    _take(value, found)


def _take(value: object, found: Loaded) -> bool:
    """Add a resource, or those in a Bundle; say whether there was any."""
    if not isinstance(value, dict):
        return False
    if value.get("resourceType") in KINDS:
        found.resources.append(value)
        return True
    if value.get("resourceType") != "Bundle":
        return False
    entries = value.get("entry")
    inside = [
        one["resource"]
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("resource"), dict)
        and one["resource"].get("resourceType") in KINDS
    ]
    found.resources.extend(inside)
    return bool(inside)


def _refusal(code: str, name: str, reason: str) -> Issue:
    return fatal(code, "package-refused", "", f"{name[-80:]}: {reason}")


def _passed_over(name: str, reason: str) -> Issue:
    return warning("incomplete", "package-file", "", f"{name[-80:]} was passed over: {reason}")


def _named(issue: Issue, name: str) -> Issue:
    return Issue(issue.severity, issue.code, issue.rule, issue.expression, f"{name[-80:]}: {issue.message}", issue.fix)
