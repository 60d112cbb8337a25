"""Identifiers, OIDs and labels: spelled so that they mean the same to everybody, and given once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

# https://hl7.org/fhir/R4/datatypes.html#Identifier: the value is then a URI itself
_ANY_URI: Final = "urn:ietf:rfc:3986"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
NAMES: Final = ("http:", "https:", "urn:")
"""What the URI of a system starts with: the others are no names that a registry gives."""
_OID: Final = "urn:oid:"
_SHORTEST: Final = 4
"""Where the last point of an OID is at least: 2.16.840 is one of a country, 1.2.3 of nobody."""
_SHORT: Final = frozenset({"1.3.88"})  # https://www.gs1.org/services/gs1-oid
_SHOWN: Final = 60


def check_identifier(context: Context, node: Node) -> None:
    """Look whether an identifier says whose it is by an absolute URI, and is a URI itself where its system says so."""
    value: dict[str, Any] = node.value
    system, own = value.get("system"), value.get("value")
    if not isinstance(system, str) or not system:
        return
    if not system.startswith(NAMES):
        context.error(
            "code-invalid", "identifier-system", f"{node.path}.system",
            f"the system {system[:_SHOWN]!r} is not an absolute URI that starts with http:, https: or urn:",
        )  # fmt: skip
    elif system == _ANY_URI and isinstance(own, str) and own and not _SCHEME.match(own):
        context.error(
            "code-invalid", "identifier-uri", f"{node.path}.value",
            f"the system says that the value is a URI; {own[:_SHOWN]!r} has no scheme such as urn: or https:",
        )  # fmt: skip


def check_labels(context: Context, node: Node) -> None:
    """Look whether a resource has each security label once."""
    labels = node.value.get("security")
    if not isinstance(labels, list) or len(labels) < 2 or node.parent is None or node.parent.type != node.holder.kind:  # noqa: PLR2004 - to be given twice
        return
    seen: set[tuple[str, str]] = set()
    for number, label in enumerate(labels):
        system, code = (label.get("system"), label.get("code")) if isinstance(label, dict) else (None, None)
        named = (system if isinstance(system, str) else "", code if isinstance(code, str) else "")
        if named in seen:
            message = f"the security label {named[1][:_SHOWN]!r} of {named[0][:_SHOWN] or 'no system'} is given twice"
            context.error("duplicate", "meta-security-twice", f"{node.path}.security[{number}]", message)
        if any(named):
            seen.add(named)


def check_oid(context: Context, node: Node) -> None:
    """Look whether an OID is long enough to be that of somebody: the first arcs are those of whole registries."""
    value = node.value
    if isinstance(value, str) and value.startswith(_OID):
        own = value.removeprefix(_OID)
        if own.rfind(".") < _SHORTEST and own not in _SHORT:
            message = f"{value[:_SHOWN]!r} is too short for the OID of a system; it names a registry, or nothing"
            context.error("value", "uri-oid-short", node.path, message)
