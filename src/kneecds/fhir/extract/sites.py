"""Which knee a resource is about, from its body site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from kneecds.fhir.concepts import SNOMED
from kneecds.fhir.extract.run import PERSON, UNSPECIFIED, Resource, Run

if TYPE_CHECKING:
    from kneecds.core.facts import Scope
    from kneecds.fhir.concepts import CodeSide, Meaning

Region = Literal["", "knee", "leg", "elsewhere"]

SCOPES: Final[dict[str, tuple[Scope, ...]]] = {
    "": UNSPECIFIED,
    "left": ("left",),
    "right": ("right",),
    "both": ("left", "right"),
}


class Site(NamedTuple):
    """A side and a region, as far as stated."""

    side: CodeSide = ""
    region: Region = ""
    stated: bool = False


NOWHERE: Final = Site()

# SNOMED CT, codes of the project's verified list: structures of the knee and the leg, and the side qualifiers
_SITES: Final[dict[str, Site]] = {
    "82169009": Site("left", "knee", stated=True),
    "6757004": Site("right", "knee", stated=True),
    "36701003": Site("both", "knee", stated=True),
    "7771000": Site("left", "", stated=True),
    "24028007": Site("right", "", stated=True),
    "51440002": Site("both", "", stated=True),
    **dict.fromkeys(
        (
            "72696002", "49076000", "129160003", "64234005", "18033002", "895007", "1627004", "49390008", "70567001",
            "32361000", "306783000", "43653007", "10013000", "75415000",
        ),
        Site("", "knee", stated=True),
    ),
    **dict.fromkeys(("53840002", "68367000", "30021000", "61685007", "24136001"), Site("", "leg", stated=True)),
}  # fmt: skip

# compiled at the first site that is only named in words, and then kept by `re`
_LEFT: Final = r"(?i)\b(left|links?)\b"
_RIGHT: Final = r"(?i)\b(right|rechts?)\b"
_BOTH: Final = r"(?i)\b(both|bilateral)\b"
_KNEE: Final = r"(?i)knee|patell|menisc|cruciate|poplite"
_LEG: Final = r"(?i)\b(leg|thigh|calf|shin|hip|groin|foot|lower limb|lower extremity)"


def known_site(concept: Resource) -> Site | None:
    """Return what a body site of one known code says."""
    codings = concept.get("coding")
    if codings is None or len(codings) != 1 or "text" in concept or codings[0].get("system") != SNOMED:
        return None
    return _SITES.get(codings[0].get("code", ""))


def site_of(run: Run, concept: Resource | None, path: str) -> Site | None:
    """Return what a body site says; None if it contradicts itself, which is said."""
    if not concept:
        return NOWHERE
    known = known_site(concept)
    if known is not None:
        return known
    codings = concept.get("coding", ())
    sides: set[CodeSide] = set()
    region: Region = ""
    for coding in codings:
        site = _SITES.get(coding.get("code", "")) if coding.get("system") == SNOMED else None
        if site is not None:
            sides.add(site.side)
            region = site.region or region
    text = str(concept.get("text", ""))
    sides.add(_side_in(text))
    region = region or (_region_in(text))
    sides.discard("")
    if len(sides) > 1:
        message = f"the site says {' and '.join(sorted(sides))}; not used, as left is not right"
        run.refuse("conflict", "laterality-conflict", path, message)
        return None
    side: CodeSide = sides.pop() if sides else ""
    return Site(side, region or ("" if side else "elsewhere"), stated=True)


def _region_in(text: str) -> Region:
    if not text:
        return ""
    return "knee" if re.search(_KNEE, text) else "leg" if re.search(_LEG, text) else ""


def _side_in(text: str) -> CodeSide:
    if not text:
        return ""
    left, right = bool(re.search(_LEFT, text)), bool(re.search(_RIGHT, text))
    if re.search(_BOTH, text) or (left and right):
        return "both"
    return "left" if left else "right" if right else ""


def sites_of(run: Run, concepts: list[Resource], path: str) -> Site | None:
    """Return what several body sites say together; a left and a right one are both knees."""
    if not concepts:
        return NOWHERE
    found: list[Site] = []
    for index, concept in enumerate(concepts):
        site = site_of(run, concept, f"{path}[{index}]")
        if site is None:
            return None
        found.append(site)
    sides = {site.side for site in found} - {""}
    side: CodeSide = "both" if len(sides) > 1 else sides.pop() if sides else ""
    regions = {site.region for site in found}
    region: Region = next((region for region in ("knee", "leg", "") if region in regions), "elsewhere")
    return Site(side, region, stated=True)


def scopes_for(run: Run, meaning: Meaning, site: Site, path: str, *, of_person: bool) -> tuple[Scope, ...] | None:
    """Return the sides a statement is about; None if none can be named, which is said."""
    if of_person:
        return PERSON
    if site.region == "elsewhere" and not meaning.ours:
        message = "the body site is not known as a part of the knee or leg, so this is not taken as a finding of a knee"
        run.warn("code-invalid", "site-unknown", f"{path}.bodySite", message)
        return None
    if site.side and meaning.side and site.side != meaning.side:
        message = f"the code says {meaning.side} and the body site {site.side}; not used, as left is not right"
        run.refuse("conflict", "laterality-conflict", f"{path}.bodySite", message)
        return None
    side = meaning.side or site.side
    if not side:
        message = "neither code nor body site says which knee; taken as one knee, side not stated"
        run.warn("incomplete", "laterality-missing", path, message)
    return SCOPES[side]
