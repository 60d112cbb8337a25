"""One resource in several versions: which of them is read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kneecds.cdshooks.envelope import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHOLE: Final = msgspec.json.Decoder(dict[str, object], float_hook=str)


def once(keys: Sequence[tuple[str, str]], texts: Sequence[bytes]) -> tuple[list[int], list[tuple[int, str]]]:
    """Return the numbers of the resources to read, and of those that differ from one of the same type and id, and how.

    The later of two versions is read; both, where it cannot be told which that is: what contradicts itself is then
    read the careful way.
    """
    kept: dict[tuple[str, str] | int, int] = {}
    differing: list[tuple[int, str]] = []
    for number, key in enumerate(keys):
        other = kept.get(key) if key[1] else None
        if other is None:
            kept[key if key[1] else number] = number
            continue
        order = later(texts[other], texts[number])
        if order == "second":
            kept[key] = number
        elif order == "unknown":
            kept[number] = number
        if order != "same":
            differing.append((number, "both are read" if order == "unknown" else "the later one is read"))
    return list(kept.values()), differing


def later(first: bytes, second: bytes) -> Literal["same", "first", "second", "unknown"]:
    """Say which of two texts of a resource was written later, by `meta.lastUpdated`; same if they say the same."""
    if first == second:
        return "same"
    try:
        one, other = _WHOLE.decode(first), _WHOLE.decode(second)
    except UNREADABLE:
        return "unknown"
    if one == other:
        return "same"
    times = (_updated(one), _updated(other))
    if times[0] is None or times[1] is None or times[0] == times[1]:
        return "unknown"
    return "first" if times[0] > times[1] else "second"


def _updated(resource: dict[str, object]) -> datetime | None:
    meta = resource.get("meta")
    stamp = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
