"""What draft orders ask for: the kind of order and the knee, by code; words never decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.fhir.emit.codes import ACTION_SYSTEM
from kneecds.fhir.emit.procedures import LOINC, SNOMED
from kneecds.fhir.extract.sites import Site, known_site

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kneecds.cdshooks.model import HookRequest, Json
    from kneecds.core.knowledge import OrderKind
    from kneecds.core.rating import OrderSide

WORDS: Final[dict[OrderKind, str]] = {
    "knee_radiograph": "radiograph",
    "knee_mri": "MRI",
    "knee_ct": "CT",
    "knee_ultrasound": "ultrasound",
    "knee_arthroscopy": "arthroscopy",
    "orthopaedics_referral": "referral to orthopaedics",
    "physiotherapy_referral": "referral to physiotherapy",
    "rheumatology_referral": "referral to rheumatology",
    "emergency_referral": "referral to the emergency department",
}

# Every published code was seen with its display in a public source; the two radiographs of SNOMED CT compete with each
# other and are read, but never written.
PUBLISHED: Final[dict[tuple[str, str], tuple[OrderKind, OrderSide]]] = {
    (LOINC, "28565-0"): ("knee_radiograph", "unspecified"),
    (LOINC, "36636-9"): ("knee_radiograph", "left"),
    (LOINC, "37758-0"): ("knee_radiograph", "right"),
    (LOINC, "36635-1"): ("knee_radiograph", "both"),
    (SNOMED, "1290407002"): ("knee_radiograph", "unspecified"),
    (SNOMED, "74016001"): ("knee_radiograph", "unspecified"),
    (LOINC, "24802-1"): ("knee_mri", "unspecified"),
    (LOINC, "26257-6"): ("knee_mri", "left"),
    (LOINC, "26258-4"): ("knee_mri", "right"),
    (LOINC, "26256-8"): ("knee_mri", "both"),
    (SNOMED, "241641004"): ("knee_mri", "unspecified"),
    (SNOMED, "241504009"): ("knee_ultrasound", "unspecified"),
    (SNOMED, "309431009"): ("knee_arthroscopy", "unspecified"),
    (SNOMED, "183545006"): ("orthopaedics_referral", "unspecified"),
    (SNOMED, "308481009"): ("orthopaedics_referral", "unspecified"),
    (SNOMED, "308447003"): ("physiotherapy_referral", "unspecified"),
    (SNOMED, "306170007"): ("physiotherapy_referral", "unspecified"),
    (SNOMED, "306290009"): ("rheumatology_referral", "unspecified"),
    (SNOMED, "306127007"): ("rheumatology_referral", "unspecified"),
    (SNOMED, "306104004"): ("emergency_referral", "unspecified"),
}

OWN: Final[dict[OrderKind, tuple[str, ...]]] = {
    "knee_radiograph": ("xray_chronic_first", "xray_6_weeks", "knee_film_today", "child_extensor_film"),
    "knee_mri": ("mri_after_negative_xray", "mri_acute_injury", "mri_locked_knee", "pvns_mri"),
    "knee_ct": ("ct_occult_fracture",),
    "knee_ultrasound": ("ultrasound_superficial", "extensor_ultrasound"),
    "orthopaedics_referral": (
        "joint_replacement_referral", "orthopaedics_same_day", "fracture_orthopaedics", "prosthesis_orthopaedics",
        "osteomyelitis_orthopaedics", "scfe_orthopaedics", "perthes_orthopaedics", "acute_knee_clinic",
    ),
    "physiotherapy_referral": ("physio_referral",),
    "rheumatology_referral": ("refer_rheumatology_synovitis", "child_rheumatology"),
    "emergency_referral": (
        "ed_knee_dislocation", "ed_limb_ischaemia", "ed_compartment", "ed_necrotising_infection", "ed_cauda_equina",
        "ed_pulmonary_embolism", "hip_fracture_ed", "hot_joint_hospital",
    ),
}  # fmt: skip
"""Codes of our own actions; those that ask for two tests at once are not among them."""

CODES: Final[dict[tuple[str, str], tuple[OrderKind, OrderSide]]] = {
    **PUBLISHED,
    **{(ACTION_SYSTEM, action): (kind, "unspecified") for kind, actions in OWN.items() for action in actions},
}

TYPES: Final = frozenset({"ServiceRequest", "ProcedureRequest"})
"""The second is the name of STU3."""

# https://hl7.org/fhir/R4/valueset-request-status.html; the last three are of DSTU2 and STU3
OVER: Final = frozenset({"revoked", "completed", "entered-in-error", "cancelled", "rejected", "failed"})

REFERRALS: Final = frozenset(
    {"orthopaedics_referral", "physiotherapy_referral", "rheumatology_referral", "emergency_referral"}
)
"""Their codes name no part of the body."""

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # https://hl7.org/fhir/R4/datatypes.html#id


class Requested(NamedTuple):
    """One order for a knee."""

    reference: str  # "ServiceRequest/o1"; empty: it has no id
    order: OrderKind
    side: OrderSide
    refused: str = ""  # why it cannot be rated


def requested_in(request: HookRequest) -> tuple[Requested, ...]:
    """Return the orders that a call asks about: on order-select only those just selected."""
    selections = request.context.selections if request.hook == "order-select" else None
    return requested(request.context.draft_orders, selections)


def requested(orders: Sequence[Json], selections: Collection[str] | None = None) -> tuple[Requested, ...]:
    """Return what draft orders ask for, if it is for a knee and still asked for; None selects all of them."""
    found = []
    for order in orders:
        if order.get("resourceType") not in TYPES:
            continue
        reference = _reference(order)
        if selections is not None and reference not in selections:
            continue
        one = _asked(order, reference)
        if one is not None:
            found.append(one)
    return tuple(dict.fromkeys(found))


def _asked(order: Json, reference: str) -> Requested | None:
    status = order.get("status")
    if (isinstance(status, str) and status in OVER) or order.get("doNotPerform") is True:
        return None
    meanings = [CODES[key] for key in _codings(order.get("code")) if key in CODES]
    if not meanings:
        return None
    kinds = {kind for kind, _ in meanings}
    kind = meanings[0][0]
    sites = list(_sites(order.get("bodySite")))
    if kind in REFERRALS and any(site is None or site.region not in ("", "knee") for site in sites):
        return None
    sides = _only({side for _, side in meanings})
    where = _joined([site for site in sites if site is not None])
    side = _only(sides | where)
    refused = ""
    if len(kinds) > 1:
        refused = f"its codes name different orders: {' and '.join(sorted(WORDS[one] for one in kinds))}"
    elif len(sides) > 1:
        refused = f"its codes say {' and '.join(sorted(sides))}"
    elif len(side) > 1:
        refused = f"its code says {'/'.join(sides)} and its body site {'/'.join(where)}"
    elif order.get("modifierExtension"):
        refused = "it carries a modifier that is not understood"
    elif order.get("doNotPerform") not in (None, False):
        refused = "it cannot be read whether it is to be done or not"
    return Requested(reference, kind, "unspecified" if refused or not side else next(iter(side)), refused)


def _only(sides: Collection[OrderSide]) -> set[OrderSide]:
    return {side for side in sides if side != "unspecified"}


def _joined(sites: Sequence[Site]) -> set[OrderSide]:
    """Return the side that body sites name together; a left and a right one are both knees."""
    sides: set[OrderSide] = {site.side for site in sites if site.side}
    return {"both"} if len(sides) > 1 else sides


def _sites(concepts: object) -> Iterator[Site | None]:
    """Yield what each body site says by its codes; None for one of no known code."""
    for concept in concepts if isinstance(concepts, list) else [concepts] if concepts else ():
        known = [known_site({"coding": [{"system": system, "code": code}]}) for system, code in _codings(concept)]
        yield from [site for site in known if site is not None] or (None,)


def _codings(concept: object) -> Iterator[tuple[str, str]]:
    """Yield system and code of each coding; of R5 the concept of a CodeableReference."""
    if not isinstance(concept, dict):
        return
    inner = concept.get("concept", concept)
    codings = inner.get("coding") if isinstance(inner, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str):
                yield system, code


def _reference(order: Json) -> str:
    identity = order.get("id")
    return f"{order['resourceType']}/{identity}" if isinstance(identity, str) and _ID.fullmatch(identity) else ""
