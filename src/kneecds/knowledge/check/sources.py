"""Sources: every number names one that exists, and none stands unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.knowledge.check.places import Placed

FIELD = "source"


def problems(placed: Placed) -> Iterator[str]:
    """Yield sources that are cited and do not exist, or exist and are not cited."""
    known = {source.id for _, source in placed.sources}
    cited: set[str] = set()
    for place, record in placed.all():
        for where, named in _cited(record, ""):
            cited.add(named)
            if named not in known:
                yield place.at(where, f"unknown source {named!r}")
    for place, source in placed.sources:
        if source.id not in cited and not source.background:
            yield place.at("id", f"no file cites {source.id}; cite it, drop it or mark it `background: true`")
        if source.id in cited and source.background:
            yield place.at("background", f"{source.id} is cited")


def _cited(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            inside = getattr(value, field)
            here = f"{where}.{field}" if where else field
            if field == FIELD:
                yield from ((here, one) for one in ([inside] if isinstance(inside, str) else inside))
            else:
                yield from _cited(inside, here)
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _cited(one, f"{where}[{number}]")
