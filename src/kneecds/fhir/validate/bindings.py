"""Layer 3: coded elements against the value sets they are bound to, and codes against their code systems.

What no list at hand decides is never an error. https://hl7.org/fhir/R4/terminologies.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.structure.definitions import Binding, binding
from kneecds.fhir.structure.terminology_facts import code_system
from kneecds.fhir.terminology import ucum, value_sets
from kneecds.fhir.validate.attachments import check_attachment
from kneecds.fhir.validate.identifiers import NAMES, check_identifier, check_labels, check_oid
from kneecds.fhir.validate.vital_signs import wrong_dimension

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

UCUM: Final = ucum.UCUM
_LANGUAGES: Final = frozenset({"http://hl7.org/fhir/ValueSet/languages", "http://hl7.org/fhir/ValueSet/all-languages"})
_TAGS: Final = "urn:ietf:bcp:47"
_MIME: Final = "http://hl7.org/fhir/ValueSet/mimetypes"
_CURRENCIES: Final = "http://hl7.org/fhir/ValueSet/currencies"
_SHOWN: Final = 60

# https://www.rfc-editor.org/rfc/rfc5646#section-2.1; no language has a code of more than three letters so far
_LANGUAGE: Final = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[A-WYZa-wyz0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?|[xX](?:-[A-Za-z0-9]{1,8})+|[iI](?:-[A-Za-z0-9]{3,8})+"
)
# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
_MIME_TYPE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(?: *;.*)?"
)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_VALUE_SET_URL: Final = re.compile(r"https?://(?:hl7\.org/fhir|terminology\.hl7\.org)/(?:[^|]*/)?ValueSet/.+")


def look(context: Context) -> None:
    """Say which codes are none, and which are not of the value set that the element takes its codes from."""
    release = context.release
    for node in context.nodes:
        kind = node.type
        look_at = _TYPES.get(kind)
        if look_at is None:
            alone = _ALONE.get(kind)
            if alone is not None and node.value is not None:
                alone(context, node)
            continue
        of = node.property
        if node.value is None:
            _without_code(context, node)
        elif of is None or of.codes is None:  # else it is a code of a list that the structure knows
            look_at(context, node, _binding(node.element, release))


def _without_code(context: Context, node: Node) -> None:
    """Say where an extension stands for a code that is required.

    An assessment reads what else the resource says; but the specification lets no code be absent where its value set is required.
    """
    bound = _binding(node.element, context.release)
    if (
        bound is not None
        and bound.strength == "required"
        and node.companion is not None
        and "extension" in node.companion
    ):
        message = f"a code of {_name(bound)} is required here; an extension does not stand for it"
        context.error("code-invalid", "code-absent", node.path, message)


@lru_cache(maxsize=8192)
def _binding(element: str, release: Release) -> Binding | None:
    return binding(element, release)


class _Code(NamedTuple):
    """One coding, as far as it is text."""

    system: str | None
    code: str | None


def _code_of(coding: object) -> _Code:
    if not isinstance(coding, dict):
        return _Code(None, None)
    system, code = coding.get("system"), coding.get("code")
    return _Code(system if isinstance(system, str) else None, code if isinstance(code, str) else None)


def _shown(code: _Code) -> str:
    return f"{code.system or 'no system'}#{code.code or 'no code'}"[:_SHOWN]


def _coding(context: Context, node: Node, bound: Binding | None) -> None:
    value: dict[str, Any] = node.value
    code = _code_of(value)
    _known(context, node, code, is_bound=bound is not None)
    if bound is not None and code.code is not None and not _inside_concept(node):
        _bound(context, node, bound, [code])


def _inside_concept(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "CodeableConcept"


def _known(context: Context, node: Node, code: _Code, *, is_bound: bool) -> None:
    """Look at a coding for itself: has it a system that can be one, and does the system have the code."""
    system = code.system
    if system is None:
        if code.code is not None:
            message = f"the code {code.code[:_SHOWN]} has no system, and so no meaning that others know"
            context.warn("incomplete", "coding-system-missing", node.path, message)
        return
    # other codings of a concept, or its text, may do; where there is a binding, that says whether the code may stand
    say = context.warn if is_bound or _inside_concept(node) else context.error
    if _is_faulty(node, system, say):
        return
    if code.code is None:
        return
    if system == UCUM:
        _unit(context, f"{node.path}.code", code.code)
    elif _has_code(context, system, code.code) is False:
        message = f"{code.code[:_SHOWN]!r} is not a code of {system[:_SHOWN]}"
        context.error("code-invalid", "code-unknown", f"{node.path}.code", message)


def _is_faulty(node: Node, system: str, say: Callable[[str, str, str, str], None]) -> bool:
    """Say what is wrong with a system itself."""
    fault = _fault(system)
    if fault == "relative":
        message = f"the system {system[:_SHOWN]} is no absolute URI that starts with http:, https: or urn:"
        say("code-invalid", "coding-system-relative", f"{node.path}.system", message)
    elif fault == "value set":
        message = f"{system[:_SHOWN]} is a value set; name the code system that the code is of"
        say("code-invalid", "coding-system-value-set", f"{node.path}.system", message)
    return fault != ""


@lru_cache(maxsize=1024)
def _fault(system: str) -> str:
    """Say what a system is that is none; empty where it may be one."""
    if not system.startswith(NAMES):
        return "relative"
    return "value set" if _VALUE_SET_URL.fullmatch(system) else ""


def _has_code(context: Context, system: str, code: str) -> bool | None:
    """Whether a code system has a code; None where it is not at hand as a whole."""
    key = f"codes of {system}"
    kept: tuple[object, frozenset[str] | None] | None = context.supplied.kept.get(key)
    supplied = context.supplied.find("CodeSystem", system)
    if supplied is not None:
        if kept is None or kept[0] is not supplied:
            kept = context.supplied.kept[key] = (supplied, _codes_of(supplied))
        codes = kept[1]
        return None if codes is None else code in codes or (_folds(supplied) and code.casefold() in _folded(codes))
    fact = code_system(system, context.release)
    if fact is None or not fact.complete:
        return None
    return code in fact.codes or (not fact.case_sensitive and code.casefold() in _folded(fact.codes))


def _folds(resource: dict[str, Any]) -> bool:
    return resource.get("caseSensitive") is not True


@lru_cache(maxsize=64)
def _folded(codes: frozenset[str]) -> frozenset[str]:
    return frozenset(code.casefold() for code in codes)


def _codes_of(resource: dict[str, Any]) -> frozenset[str] | None:
    """Return every code of a supplied code system; None when it does not claim to be complete."""
    if resource.get("content") != "complete":
        return None
    codes: set[str] = set()
    waiting: list[object] = [resource.get("concept")]
    while waiting:
        level = waiting.pop()
        for concept in level if isinstance(level, list) else ():
            if isinstance(concept, dict):
                if isinstance(concept.get("code"), str):
                    codes.add(concept["code"])
                waiting.append(concept.get("concept"))
    return frozenset(codes)


def _concept(context: Context, node: Node, bound: Binding | None) -> None:
    if bound is None:
        return
    listed = node.value.get("coding")
    codes = [_code_of(coding) for coding in listed] if isinstance(listed, list) else []
    codes = [code for code in codes if code.code is not None]
    if codes:
        _bound(context, node, bound, codes)
    elif bound.strength == "required":
        message = f"a code of {_name(bound)} is needed here; neither text nor an extension stands for it"
        context.error("code-invalid", "binding-required", node.path, message)


def _name(bound: Binding) -> str:
    return bound.value_set.rpartition("/")[2][:_SHOWN]


def _bound(context: Context, node: Node, bound: Binding, codes: list[_Code]) -> None:
    if bound.strength == "preferred":
        return
    if bound.value_set in _LANGUAGES:
        if bound.strength == "required":
            _language(context, node, codes)
        return
    for code in codes:
        if _member(context, bound.value_set, code.system, code.code or "") is not False:
            return
    if bound.strength == "required":
        message = f"{_shown(codes[0])} is not in the value set {_name(bound)}, from which a code is required"
        context.error("code-invalid", "binding-required", node.path, message)
    else:
        message = f"{_shown(codes[0])} is not in the value set {_name(bound)}; use a code of it where one fits"
        context.warn("code-invalid", "binding-extensible", node.path, message)


def _language(context: Context, node: Node, codes: list[_Code]) -> None:
    """Look for a language among codes, where a release requires one."""
    tags = ((one.code or "").replace("_", "-") for one in codes if one.system == _TAGS)
    if not any(_LANGUAGE.fullmatch(one) for one in tags):
        message = f"{_shown(codes[0])} is not a language: a tag such as de or en-US, of the system {_TAGS}"
        context.error("code-invalid", "language-required", node.path, message)


def _member(context: Context, url: str, system: str | None, code: str) -> bool | None:
    return value_sets.contains(url, context.supplied, context.release, system=system or "", code=code)


def _quantity(context: Context, node: Node, bound: Binding | None) -> None:
    code = _code_of(node.value)
    if code.code is None or (code.system is not None and _is_faulty(node, code.system, context.error)):
        return
    if code.system == UCUM:
        unit = ucum.parse(code.code)
        if unit is None:
            _unit(context, f"{node.path}.code", code.code)
            return
        message = wrong_dimension(node, unit)
        if message:
            context.error("code-invalid", "unit-dimension", f"{node.path}.code", message)
    if bound is not None and bound.strength == "required" and node.type == "Quantity":
        _bound(context, node, bound, [code])


def _unit(context: Context, path: str, code: str) -> None:
    if ucum.parse(code) is None:
        message = f"{code[:_SHOWN]!r} is not a unit of UCUM"
        context.error("code-invalid", "ucum-unit", path, message)


def _plain_code(context: Context, node: Node, bound: Binding | None) -> None:
    """Look at an element that is a code alone, where its list is not one that the structure knows."""
    code = node.value
    if bound is None or not isinstance(code, str):
        return
    if bound.value_set in _LANGUAGES:
        if not _LANGUAGE.fullmatch(code):
            message = f"{code[:_SHOWN]!r} has not the form of a language tag such as de or en-US"
            if bound.strength == "required" and not _LANGUAGE.fullmatch(code.replace("_", "-")):
                context.error("code-invalid", "language-required", node.path, message)
            else:
                context.warn("code-invalid", "language-tag", node.path, message)
    elif bound.value_set == _MIME:
        if not _MIME_TYPE.fullmatch(code):
            message = f"{code[:_SHOWN]!r} has not the form of a media type such as text/plain"
            context.warn("code-invalid", "media-type", node.path, message)
    elif bound.value_set == _CURRENCIES:
        if not _CURRENCY.fullmatch(code):
            message = f"{code[:_SHOWN]!r} is not a currency of ISO 4217: three capital letters, such as EUR"
            context.error("code-invalid", "currency-code", node.path, message)
    elif (
        bound.strength == "required"
        and value_sets.contains(bound.value_set, context.supplied, context.release, system=None, code=code) is False
    ):
        message = f"{code[:_SHOWN]!r} is not in the value set {_name(bound)}, from which a code is required"
        context.error("code-invalid", "binding-required", node.path, message)


_TYPES: Final[dict[str, Callable[[Context, Node, Binding | None], None]]] = {
    "Coding": _coding,
    "CodeableConcept": _concept,
    "Quantity": _quantity,
    "Age": _quantity,
    "Count": _quantity,
    "Distance": _quantity,
    "Duration": _quantity,
    "code": _plain_code,
}
_ALONE: Final[dict[str, Callable[[Context, Node], None]]] = {
    "Identifier": check_identifier,
    "Attachment": check_attachment,
    "Meta": check_labels,
    "uri": check_oid,
    "url": check_oid,
    "canonical": check_oid,
    "oid": check_oid,
    "System.Uri": check_oid,
}
"""Types that say of themselves whose or what they are, without a binding."""
