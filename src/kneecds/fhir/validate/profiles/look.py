"""Look at each resource with the profiles that it claims, that were asked for, and that the specification asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.structure import definitions
from kneecds.fhir.structure.extensions import extension as published_extension
from kneecds.fhir.validate.profiles import extensions, vital_signs
from kneecds.fhir.validate.profiles.compile import Compiler
from kneecds.fhir.validate.profiles.element import Item
from kneecds.fhir.validate.profiles.walk import Walk

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

_KEPT_AS: Final = "profiles"


def look(context: Context) -> None:
    """Say what of a document does not fit its profiles."""
    walk: Walk | None = None
    for node in context.resources:
        asked = _claims(node)
        if node.property is None:
            asked += [(one, "") for one in context.claimed]
        applied = context.supplied.applied
        implied = vital_signs.implied(node) if node.type == "Observation" else ()
        if not (asked or applied or implied):
            continue
        walk = walk or _walk(context)
        _resource(walk, node, asked, implied)
    knows_extensions = any(one.get("type") == "Extension" for one in context.supplied.all("StructureDefinition"))
    if knows_extensions:
        walk = walk or _walk(context)
        extensions.look(walk)
    if walk is not None:
        context.found.extend(walk.issues())


def _walk(context: Context) -> Walk:
    key = f"{_KEPT_AS} {context.release} {context.best_practice}"
    compiler = context.supplied.kept.get(key)
    if not isinstance(compiler, Compiler):
        compiler = Compiler(context.supplied, context.release, with_advice=context.best_practice)
        context.supplied.kept[key] = compiler
    return Walk(context, compiler)


def _claims(node: Node) -> list[tuple[str, str]]:
    """Return the canonicals in `meta.profile`, each with its place."""
    meta = node.value.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return [
        (one, f"{node.path}.meta.profile[{number}]")
        for number, one in enumerate(profiles if isinstance(profiles, list) else ())
        if isinstance(one, str) and one
    ]


def _resource(walk: Walk, node: Node, asked: list[tuple[str, str]], implied: tuple[str, ...]) -> None:
    item = Item(node.path, node.value, None, node.type, node.holder)
    done: set[str] = set()
    for canonical, place in asked:
        if canonical not in done:
            done.add(canonical)
            _claimed(walk, item, canonical, place or node.path)
    for canonical in walk.context.supplied.applied:
        if canonical not in done and walk.compiler.type_of(canonical) == node.type:
            done.add(canonical)
            profile = walk.compiler.profile(canonical)
            if profile is not None:
                walk.against(item, profile)
    for canonical in implied:
        profile = walk.compiler.profile(canonical) if canonical not in done else None
        if profile is not None:
            walk.add(one for one in walk.unsaid(item, profile) if vital_signs.counts(one))


def _claimed(walk: Walk, item: Item, canonical: str, place: str) -> None:
    core = walk.compiler.core_type(canonical)
    if core is not None:
        if core != item.type:
            message = f"claims to be a {core[:40]}, but is a {item.type}"
            walk.error("structure", "profile-wrong-type", item.path, message)
        return
    profile = walk.compiler.profile(canonical)
    if profile is not None:
        if profile.is_abstract:
            message = f"the profile {profile.name[:60]} is abstract: claim one that stands on it"
            walk.warn("invalid", "profile-abstract", place, message)
        walk.against(item, profile)
        return
    if published_extension(canonical.partition("|")[0], walk.context.release) is not None:
        walk.error("structure", "profile-wrong-type", item.path, f"claims to be an Extension, but is a {item.type}")
        return
    problem = walk.compiler.problems.get(canonical)
    if problem is not None:
        walk.warn("processing", "profile-unusable", place, problem)
    elif canonical.partition("|")[0] not in definitions.profile_urls(walk.context.release):
        message = f"the profile {canonical[:80]} is not known, so the resource was not checked with it"
        walk.warn("not-found", "profile-unknown", place, message)
