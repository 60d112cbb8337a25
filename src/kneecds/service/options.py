"""The table of all options, for the documentation."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from pydantic import BaseModel, SecretStr

from kneecds.service.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


class Option(NamedTuple):
    """One option: its name in the file, its variable, its default, and what it means."""

    name: str
    variable: str
    default: str
    meaning: str


_LISTS: Final = "[]"


def options() -> tuple[Option, ...]:
    """Return every option in the order of the settings; those of list entries are named `list[].option`."""
    return tuple(_of(Settings, "", PREFIX))


def table() -> str:
    """Return the options as a table in markdown."""
    rows = [f"| `{one.name}` | {one.default} | {one.meaning} |" for one in options()]
    return "\n".join(("| option | default | meaning |", "|---|---|---|", *rows)) + "\n"


def _of(model: type[BaseModel], name: str, variable: str) -> Iterator[Option]:
    for key, field in model.model_fields.items():
        inner, is_list = _model(field.annotation)
        if inner is None or is_list:
            yield Option(
                f"{name}{key}", "" if _LISTS in name else f"{variable}{key.upper()}", _default(field), _meaning(field)
            )
        if inner is not None:
            yield from _of(inner, f"{name}{key}{_LISTS * is_list}.", f"{variable}{key.upper()}__")


def _model(annotation: Any) -> tuple[type[BaseModel] | None, bool]:  # noqa: ANN401 - a type
    """Return the group that a type stands for, and whether it is a list of such."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if typing.get_origin(annotation) is tuple:
        inner = get_args(annotation)[0]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner, True
    return None, False


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if field.is_required():
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value in ("", ()):
        return ""
    shown = (
        ", ".join(map(str, value))
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else value
    )
    return f"`{shown}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|").replace("\n", " ")
