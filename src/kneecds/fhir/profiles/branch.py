"""The elements of a StructureDefinition as a tree: a flat list is read into it and written from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_ELEMENTS: Final = 20_000
"""In one snapshot; the largest published ones have a few thousand."""

Definition = dict[str, Any]
Step = tuple[str, str]
"""A name and, of a slice, its name."""


class Branch:
    """One ElementDefinition with the elements below it and the slices of it."""

    __slots__ = ("children", "definition", "name", "slice_name", "slices")

    def __init__(self, name: str, definition: Definition, slice_name: str = "") -> None:
        """Stand alone."""
        self.name = name
        """The last step of its path, such as `value[x]`."""
        self.definition = definition
        self.slice_name = slice_name
        self.children: dict[str, Branch] = {}
        self.slices: dict[str, Branch] = {}

    def copy(self, *, slices: bool = True) -> Branch:
        """Return the same tree with definitions of its own (the values in them are shared and never changed in place)."""
        made = Branch(self.name, dict(self.definition), self.slice_name)
        made.children = {name: child.copy() for name, child in self.children.items()}
        if slices:
            made.slices = {name: one.copy() for name, one in self.slices.items()}
        return made

    def choice(self, name: str) -> tuple[Branch, str] | None:
        """Return the choice below that a name such as `valueQuantity` means, and the name of its type with a capital."""
        for stem, child in self.children.items():
            if stem.endswith("[x]") and name.startswith(stem[:-3]) and name[len(stem) - 3 :][:1].isupper():
                return child, name[len(stem) - 3 :]
        return None

    def size(self) -> int:
        """Count the elements."""
        return 1 + sum(one.size() for one in (*self.children.values(), *self.slices.values()))


def grown(elements: Sequence[object]) -> Branch | None:
    """Read a snapshot into a tree; None where its first element is no root."""
    root: Branch | None = None
    for element, steps in located(elements):
        if root is None:
            if len(steps) != 1:
                return None
            root = Branch(steps[0][0], dict(element))
            continue
        at = root
        for name, slice_name in steps[1:]:
            at = _below(at, name, slice_name)
        if at is not root:
            at.definition = dict(element)
    return root


def _below(at: Branch, name: str, slice_name: str) -> Branch:
    found = at.children.get(name)
    if found is None:
        choice = at.choice(name)
        if choice is not None:
            found, slice_name = choice[0], slice_name or name
        else:
            found = at.children[name] = Branch(name, {})
    return slice_of(found, slice_name) if slice_name else found


def slice_of(sliced: Branch, name: str) -> Branch:
    """Return a slice, an empty one where there is none yet; `a/b` is a slice of the slice `a`."""
    outer = name.rpartition("/")[0]
    if outer and outer in sliced.slices:
        sliced = sliced.slices[outer]
    found = sliced.slices.get(name)
    if found is None:
        found = sliced.slices[name] = Branch(sliced.name, {}, name)
    return found


def located(elements: Sequence[object]) -> Iterator[tuple[Definition, list[Step]]]:
    """Yield each element with the steps that lead to it, slices included: by its id, else by its place in the list.

    An id is `Observation.component:systolic.code`. Ids are believed where every slice is named in its own.
    """
    sound = [one for one in elements[:MOST_ELEMENTS] if isinstance(one, dict) and isinstance(one.get("path"), str)]
    believed = all(
        str(one.get("id", "")).endswith(f":{one['sliceName']}")
        for one in sound
        if isinstance(one.get("sliceName"), str)
    )
    here: list[Step] = []
    for element in sound:
        names = element["path"].split(".")
        steps = _by_id(element.get("id"), names) if believed else None
        if steps is None:
            steps = [(name, "") for name in names]
            for index in range(min(len(steps) - 1, len(here))):
                if steps[index][0] != here[index][0]:
                    break
                steps[index] = here[index]
        own = element.get("sliceName")
        if isinstance(own, str) and own:
            steps[-1] = (steps[-1][0], own)
        here = steps
        yield element, list(steps)


def _by_id(identifier: object, names: list[str]) -> list[Step] | None:
    """Read the steps from an id that, without its slices, is the path."""
    if not isinstance(identifier, str):
        return None
    parts = [part.partition(":") for part in identifier.split(".")]
    if [part[0] for part in parts] != names:
        return None
    return [(part[0], part[2]) for part in parts]


def flat(root: Branch) -> list[Definition]:
    """Write a tree as the list of a snapshot, with paths and ids made anew."""
    written: list[Definition] = []
    waiting = [(root, root.name, root.name)]
    while waiting:
        branch, path, identifier = waiting.pop()
        own = {"id": identifier, "path": path}
        if branch.slice_name:
            own["sliceName"] = branch.slice_name
        written.append(
            own | {key: value for key, value in branch.definition.items() if key not in own and key != "sliceName"}
        )
        below = [(child, f"{path}.{child.name}", f"{identifier}.{child.name}") for child in branch.children.values()]
        stem = identifier.rpartition(".")[0]
        prefix = f"{stem}." if stem else ""
        beside = [(one, path, f"{prefix}{one.name}:{one.slice_name}") for one in branch.slices.values()]
        waiting.extend(reversed(below + beside))
    return written
