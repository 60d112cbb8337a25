"""Profiles on the types of elements: an extension of a certain kind, a quantity with a unit, a contained patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.profiles.snapshot import CORE

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.validate.profiles.element import Check, Item
    from kneecds.fhir.validate.profiles.walk import Walk


def profiled(definition: Definition, base: tuple[tuple[str, str], ...]) -> Check | None:
    """Check `type.profile`, without those that the specification itself asks for (`base`)."""
    known = set(base)
    asked: dict[str, tuple[str, ...]] = {}
    for of in definition.get("type", ()):
        if isinstance(of, dict) and isinstance(of.get("code"), str) and isinstance(of.get("profile"), list):
            code = of["code"].removeprefix(CORE)
            profiles = [
                one for one in of["profile"] if isinstance(one, str) and (code, one.partition("|")[0]) not in known
            ]
            if profiles:
                asked[code] = (*asked.get(code, ()), *profiles)
    if not asked:
        return None

    def check(walk: Walk, item: Item) -> None:
        profiles = asked.get(item.type) or asked.get("Resource")
        if profiles is None or not isinstance(item.value, dict):
            return
        if len(profiles) == 1:
            _one(walk, item, profiles[0])
        elif all(walk.conforms(item, one) is False for one in profiles):
            names = ", ".join(one.rpartition("/")[2][:40] for one in profiles[:5])
            walk.error(
                "structure", "profile-none-fits", item.path, f"fits none of the profiles that are allowed: {names}"
            )

    return check


def _one(walk: Walk, item: Item, canonical: str) -> None:
    core = walk.compiler.core_type(canonical)
    if core is not None:
        if walk.conforms(item, canonical) is False:
            message = f"is a {item.type}; the profile wants {core}"
            walk.error("structure", "profile-wrong-type", item.path, message)
        return
    profile = walk.compiler.profile(canonical)
    if profile is not None:
        walk.against(item, profile)
