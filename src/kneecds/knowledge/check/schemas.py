"""Whether each file has the shape that `knowledge/schema/` describes."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA_OF: dict[str, str] = {
    "findings": "finding",
    "conditions": "condition",
    "red_flags": "red_flag",
    "instruments": "instrument",
    "appropriateness": "appropriateness",
    "factors": "factor",
    "management": "action",
    "sources": "source",
    "about.yaml": "about",
    "reasoning.yaml": "reasoning",
}
"""What stands at the start of a path, and the schema of such a file."""

ELSEWHERE = frozenset({"intake"})
"""Folders with a reader and checks of their own."""

ONE_FILE = ("about.yaml", "reasoning.yaml")


def problems(contents: Mapping[str, object]) -> Iterator[str]:
    """Yield what is wrong with the shape of single files, and which files are missing or out of place."""
    for name in ONE_FILE:
        if name not in contents:
            yield f"{name}: file: is missing"
    for name, content in contents.items():
        kind = name.partition("/")[0]
        if kind in ELSEWHERE:
            continue
        if kind not in SCHEMA_OF:
            yield f"{name}: file: no kind of knowledge file lives here"
            continue
        errors = sorted(_validator(SCHEMA_OF[kind]).iter_errors(content), key=lambda error: error.json_path)
        for error in errors:
            yield f"{name}: {error.json_path.removeprefix('$').lstrip('.') or 'file'}: {_told(error)}"


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind of file."""
    text = resources.files("kneecds.knowledge").joinpath(f"schema/{kind}.schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


@cache
def _validator(kind: str) -> Any:  # noqa: ANN401 - jsonschema has no types
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only for authors

    return Draft202012Validator(schema(kind))


def _told(error: Any) -> str:  # noqa: ANN401 - jsonschema has no types
    if error.validator == "anyOf" and all("required" in branch for branch in error.validator_value):
        return f"has none of {', '.join(branch['required'][0] for branch in error.validator_value)}"
    if error.validator == "pattern" and error.validator_value == r"\S$":
        return "ends in white space"
    if error.validator is None:  # a field that another field rules out
        return f"{error.instance!r} has no place here"
    message: str = error.message
    longest = 200
    return message if len(message) <= longest else f"{message[:longest]} ..."
