"""YAML 1.2 without surprises: `yes` is a word, a repeated key is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class YamlError(ValueError):
    """The file is not YAML, or repeats a key; the message says where."""


def read(path: Path) -> object:
    """Return the content of one file as plain dicts, lists, strings and numbers."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only authors of knowledge need it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    reader = YAML(typ="safe", pure=False)
    reader.allow_duplicate_keys = False
    try:
        content: object = reader.load(path.read_bytes())
    except (YAMLError, UnicodeDecodeError) as error:
        msg = " ".join(str(error).split())
        raise YamlError(msg) from error
    return content
