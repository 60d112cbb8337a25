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

    from kneecds import Issue

pytestmark = pytest.mark.usefixtures("javascript")
Json = dict[str, Any]

KEY: Final = re.compile(r"(?:[a-z]+-)?([a-z]{2,4}-\d+[a-z]?)\Z")
"""A rule that is a constraint of the specification; a key that several types use has the type before it."""

STRUCTURE: Final = "structure-"
"""What does not fit the structure we do not look at further, so what breaks constraints there is not compared."""

CHANGED: Final = 1500

DIFFERENT: Final[dict[str, str]] = {
    "ele-1": "an empty object is a fault of structure with us, found before any constraint",
    "ext-1": "an extension without a value is a fault of structure with us",
    "que-7": "fhirpath.js takes the boolean of FHIR for none of System's; the HL7 engine, like us, takes them for the same",
    "que-12": "the package has it from three conditions up, as printed in 4.0.1; its text and the HL7 engine say more than one",
    "sdf-16": "an element without an id breaks sdf-14, too; we say it once",
    "sdf-17": "an element without an id breaks sdf-14, too; we say it once",
    "rng-2": "fhirpath.js compares only quantities that have a unit's code; the HL7 engine, like us, those without one, too",
}
"""Constraints that are not compared, and why."""


UNASKED: Final[dict[str, str]] = {
    "eld-11": "a quotation mark in its expression that is none of FHIRPath's",
    "eld-16": "an escape in its regular expression that JavaScript refuses",
    "eld-19": "an escape in its regular expression that JavaScript refuses",
    "opd-3": "it asks whether a code is in a value set, which takes a server",
    "prov-1": "it follows a reference, which takes a server",
    "prov-2": "it follows a reference, which takes a server",
    "prov-3": "it follows a reference, which takes a server",
}
"""Constraints that fhirpath.js cannot evaluate, and why."""


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
    assert {key: why for one in answers for key, why in one["unasked"].items() if key not in UNASKED} == {}


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
        if not ways:
            break  # nothing is left of it
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


def key_of(issue: Issue) -> str:
    """Return the constraint that an issue is about, empty if about none; "constraint" is the rule of those without their own."""
    named = issue.message.split()[0] if issue.rule == "constraint" else issue.rule
    found = KEY.match(named)
    return same(found[1]) if found else ""


def same(key: str) -> str:
    """Two constraints have one expression, which holds for neither or for both."""
    return "txt-1" if key == "txt-2" else key


def ours_broken(resource: Json) -> tuple[set[str], bool]:
    """Return the constraints that we find broken, and whether the structure is sound, so that all were looked at."""
    found = ours.errors({"release": "R4", "resource": resource})
    return {key_of(issue) for issue in found} - {""}, not any(issue.rule.startswith(STRUCTURE) for issue in found)


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
        theirs = {same(one["key"]) for one in answer["broken"]}
        broken |= theirs
        names = (mine ^ theirs) - set(DIFFERENT) - set(answer["unasked"])
        if is_sound and names:
            different[answer["name"]] = (sorted(names), named[answer["name"]])
    assert different == {}
    assert len(broken) > 20, "resources must break constraints of many kinds"
