"""The items of an element into the slices of a profile (https://hl7.org/fhir/R4/profiling.html#slicing)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kneecds.fhir.validate.profiles.element import Element, Item, Slice, Slicing
    from kneecds.fhir.validate.profiles.walk import Walk


def look(walk: Walk, element: Element, items: list[Item], parent: Item) -> None:
    """Say which slices lack items, have too many or faulty ones, and which items belong to none."""
    slicing = element.slicing
    assert slicing is not None
    members: list[list[Item]] = [[] for _ in slicing.slices]
    rest: list[Item] = []
    is_open = 0
    furthest = -1
    after_rest = False
    for index, item in enumerate(items):
        numbers, is_unsure = _belongs(walk, slicing, item, index)
        if is_unsure:
            is_open += 1
            continue
        if not numbers:
            rest.append(item)
            after_rest = True
            if slicing.rest is None and slicing.rules == "closed":
                message = f"fits none of the slices of {element.step} that the profile allows: {_named(slicing)}"
                walk.error("structure", "profile-slice-closed", item.path, message)
            continue
        if len(numbers) > 1:
            names = " and ".join(slicing.slices[number].name[:40] for number in numbers[:3])
            walk.error("structure", "profile-slice-ambiguous", item.path, f"belongs to more than one slice: {names}")
        number = numbers[0]
        members[number].append(item)
        if after_rest and slicing.rules == "openAtEnd":
            message = f"{slicing.slices[number].name[:40]} must stand before what belongs to no slice"
            walk.error("structure", "profile-slice-order", item.path, message)
        elif slicing.is_ordered and number < furthest:
            message = f"{slicing.slices[number].name[:40]} must stand before {slicing.slices[furthest].name[:40]}"
            walk.error("structure", "profile-slice-order", item.path, message)
        furthest = max(furthest, number)
    for one, found in zip(slicing.slices, members, strict=True):
        _count(walk, one, found, parent, is_open)
        _each(walk, one.element, found, parent)
    if slicing.rest is not None:
        _count(walk, slicing.rest, rest, parent, is_open)
        _each(walk, slicing.rest.element, rest, parent)


def _belongs(walk: Walk, slicing: Slicing, item: Item, index: int) -> tuple[list[int], bool]:
    """Return the numbers of the slices that an item belongs to, and whether that could not be said."""
    if slicing.by_url is not None:
        url = item.value.get("url") if isinstance(item.value, dict) else None
        number = slicing.by_url.get(url) if isinstance(url, str) else None
        return ([] if number is None else [number]), False
    found: list[int] = []
    is_unsure = False
    for number, one in enumerate(slicing.slices):
        if one.criteria is None:
            is_unsure = True
            continue
        verdict: bool | None = True
        for criterion in one.criteria:
            said = criterion(walk, item, index)
            if said is False:
                verdict = False
                break
            if said is None:
                verdict = None
        if verdict:
            found.append(number)
        elif verdict is None:
            is_unsure = True
    return found, is_unsure and not found


def _count(walk: Walk, one: Slice, found: list[Item], parent: Item, is_open: int) -> None:
    element = one.element
    if len(found) + is_open < element.least:
        message = f"the slice {one.name[:60]} is wanted {element.least} times and is here {len(found)} times"
        if element.least == 1:
            message = f"the slice {one.name[:60]} of {element.step} is missing"
        walk.error("required", "profile-slice-min", f"{parent.path}.{element.step}", message)
    if element.most is not None and len(found) > element.most:
        message = f"the slice {one.name[:60]} is allowed {element.most} times and is here {len(found)} times"
        walk.error("structure", "profile-slice-max", found[element.most].path, message)


def _each(walk: Walk, element: Element, found: list[Item], parent: Item) -> None:
    for item in found:
        walk.one(element, item)
    if element.slicing is not None and found:
        look(walk, element, found, parent)


def _named(slicing: Slicing) -> str:
    names = ", ".join(one.name[:30] for one in slicing.slices[:5])
    return names if len(slicing.slices) <= 5 else f"{names}, …"  # noqa: PLR2004 - as many as are shown
