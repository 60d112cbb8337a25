"""fhirpath.js evaluates the published constraints: none is broken in what we publish and emit, and what it finds broken in
resources changed at random is what our own functions find."""

from __future__ import annotations

import copy
import json
import re
from random import Random
from typing import TYPE_CHECKING, Any, Final

import definitions
import node
import ours
import pytest
from material import EXAMPLES, emitted, parts, published

if TYPE_CHECKING:
    from collections.abc import Iterator

    from material import Release

pytestmark = pytest.mark.usefixtures("javascript")
Json = dict[str, Any]

KEY: Final = re.compile(r"(?:[a-z]+-)?([a-z]{2,4}-\d+[a-z]?)\Z")
"""A rule that is a constraint of the specification; a key that several types use has the type before it."""

STRUCTURE: Final = "structure-"
"""What does not fit the structure is not looked at further; so a constraint that we do not name there is not missed."""

CHANGED: Final = 1500

DIFFERENT: Final[dict[str, str]] = {
    "ele-1": "an empty object is a fault of structure with us, found before any constraint",
    "ext-1": "an extension without a value is a fault of structure with us",
}
"""Constraints that are not compared, and why."""


def asked_of(resources: dict[str, Json], release: Release) -> list[Json]:
    questions = [{"name": name, "resource": resource} for name, resource in resources.items()]
    if release == "R4":
        return node.ask("invariants", questions, "R4")
    return node.ask("invariants", questions, release, str(definitions.r5()))


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_nothing_that_is_published_or_emitted_breaks_a_constraint(
    release: Release, request: pytest.FixtureRequest
) -> None:
    if release == "R5":
        request.getfixturevalue("hapi")  # whose jars hold the definitions
    answers = asked_of(published(release) | emitted(release), release)
    assert {one["name"]: one["broken"] for one in answers if one["broken"]} == {}
    assert {key: why for one in answers for key, why in one["unasked"].items()} == {}


# ---- resources changed at random -----------------------------------------------------------------


def originals() -> list[Json]:
    """Return resources with something to break: inputs, guidance and artefacts, and the examples of every rule."""
    from kneecds.fhir.validate import catalogue  # noqa: PLC0415 - not before a judge has been found

    inputs = [json.loads((folder / "input.json").read_bytes()) for folder in EXAMPLES]
    bundles = [*inputs, *emitted("R4").values()]
    single = [part for bundle in bundles for part in parts(bundle)]
    rules = [rule for rule in catalogue.rules().values() if rule.layer == "invariant" and rule.release == "R4"]
    examples = [one for rule in rules for one in (rule.accepted, rule.refused) if isinstance(one, dict)]
    found = {json.dumps(one): one for one in (*bundles[:3], *single, *published("R4").values(), *examples)}
    return [one for text, one in found.items() if len(text) < 20_000]


def places(value: object, inside: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything in a resource."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*inside, key)
        yield from places(member, (*inside, key))


def changed(original: Json, random: Random, donors: list[Json]) -> Json:
    """Leave something out, double something, or put in something that stands elsewhere under the same name."""
    resource = copy.deepcopy(original)
    for _ in range(random.randint(1, 3)):
        ways = list(places(resource))
        *way, last = random.choice(ways)
        owner: Any = resource
        for step in way:
            owner = owner[step]
        match random.randrange(3):
            case 0:
                del owner[last]
            case 1 if isinstance(owner, list):
                owner.append(copy.deepcopy(owner[last]))
            case _:
                donor = random.choice(donors)
                same = [found for found in places(donor) if found[-1] == last and isinstance(last, str)]
                if same:
                    taken: Any = donor
                    for step in random.choice(same):
                        taken = taken[step]
                    owner[last] = copy.deepcopy(taken)
    return resource


def ours_broken(resource: Json) -> tuple[set[str], bool]:
    """Return the constraints that we find broken, and whether the structure is sound, so that all were looked at."""
    rules = {issue.rule for issue in ours.errors({"release": "R4", "resource": resource})}
    keys = {found[1] for rule in rules if (found := KEY.match(rule))}
    return keys, not any(rule.startswith(STRUCTURE) for rule in rules)


def test_we_find_broken_what_it_finds_broken() -> None:
    random, donors = Random(20260115), originals()
    resources = [*donors, *(changed(random.choice(donors), random, donors) for _ in range(CHANGED))]
    named = {str(at): resource for at, resource in enumerate(resources)}
    different: dict[str, object] = {}
    broken: set[str] = set()
    for answer in asked_of(named, "R4"):
        try:
            mine, is_sound = ours_broken(named[answer["name"]])
        except Exception as failed:  # noqa: BLE001 - it shall not hide the other resources
            different[answer["name"]] = repr(failed)
            continue
        theirs = {one["key"] for one in answer["broken"]}
        broken |= theirs
        missed = theirs - mine if is_sound else set()
        extra = mine - theirs - set(answer["unasked"])
        if names := sorted((missed | extra) - set(DIFFERENT)):
            different[answer["name"]] = (names, named[answer["name"]])
    assert different == {}
    assert len(broken) > 20, "resources must break constraints of many kinds"
