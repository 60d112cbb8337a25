"""SMART scopes of backend services: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters in the order c r u d s, each at most once; a scope narrowed by a query grants less than all and is not taken
_SCOPE: Final = re.compile(r"system/(\*|[A-Z][A-Za-z]{0,63})\.(\*|read|write|(?=[cruds])c?r?u?d?s?)")
_FIRST_VERSION: Final = {"read": "rs", "write": "cud", "*": "cruds"}
"""Permissions of SMART v1 and what v2 says they are."""


class Scope(NamedTuple):
    """What may be done with resources of one type, or of all."""

    type: str
    may: frozenset[str]

    def covers(self, wanted: Scope) -> bool:
        """Whether this grants all that is wanted."""
        return self.type in ("*", wanted.type) and wanted.may <= self.may


def read_scope(text: str) -> Scope | None:
    """Read one scope of a backend service; None for any other."""
    match = _SCOPE.fullmatch(text)
    return None if match is None else Scope(match[1], frozenset(_FIRST_VERSION.get(match[2], match[2])))


def missing(granted: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that are wanted and not granted."""
    held = [scope for text in granted if (scope := read_scope(text)) is not None]
    return tuple(text for text in wanted if not _is_granted(read_scope(text), held))


def _is_granted(wanted: Scope | None, held: Iterable[Scope]) -> bool:
    return wanted is not None and any(scope.covers(wanted) for scope in held)
