"""Circles and reach in a graph of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def reach(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    """Return all that can be reached from an id, itself only if there is a way back."""
    seen: set[str] = set()
    todo = list(graph.get(start, ()))
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += graph.get(at, ())
    return seen


def circles(graph: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield each id that can be reached from itself."""
    for start in graph:
        if start in reach(start, graph):
            yield start
