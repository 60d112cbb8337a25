"""What draft orders ask for: by code, for a knee, and still to be done."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.cdshooks.model import Context, HookRequest
from kneecds.cdshooks.orders import CODES, OWN, PUBLISHED, WORDS, Requested, requested, requested_in
from kneecds.core.knowledge import OrderKind
from kneecds.fhir.emit.codes import ACTION_SYSTEM
from kneecds.fhir.emit.procedures import LOINC, PROCEDURES, SNOMED
from kneecds.knowledge import shipped

Json = dict[str, Any]
MRI, MRI_LEFT, MRI_RIGHT, MRI_BOTH = ((LOINC, code) for code in ("24802-1", "26257-6", "26258-4", "26256-8"))
MRI_SNOMED, PHYSIOTHERAPY = (SNOMED, "241641004"), (SNOMED, "308447003")
FILM = (LOINC, "28565-0")
LEFT, RIGHT, BOTH, KNEE, HIP = "82169009", "6757004", "36701003", "72696002", "24136001"
LEFT_QUALIFIER = "7771000"


def concept(*codes: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def site(*codes: str) -> Json:
    return concept(*((SNOMED, code) for code in codes))


def order(*codes: tuple[str, str], sites: list[Json] | None = None, **more: Any) -> Json:
    found: Json = {
        "resourceType": "ServiceRequest",
        "id": "o1",
        "status": "draft",
        "intent": "order",
        "code": concept(*codes),
        **({"bodySite": sites} if sites is not None else {}),
    }
    return {name: value for name, value in (found | more).items() if value is not None}


def asked(one: Json) -> tuple[str, str] | None:
    found = requested([one])
    return (found[0].order, found[0].side) if found and not found[0].refused else None


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(order(FILM), ("knee_radiograph", "unspecified"), id="a film"),
        pytest.param(order(MRI_LEFT), ("knee_mri", "left"), id="the code says left"),
        pytest.param(order(MRI_RIGHT), ("knee_mri", "right"), id="the code says right"),
        pytest.param(order(MRI_BOTH), ("knee_mri", "both"), id="the code says both"),
        pytest.param(order(MRI, sites=[site(LEFT)]), ("knee_mri", "left"), id="the body site says left"),
        pytest.param(order(MRI, sites=[site(KNEE, LEFT_QUALIFIER)]), ("knee_mri", "left"), id="a site and a qualifier"),
        pytest.param(order(MRI, sites=[site(LEFT), site(RIGHT)]), ("knee_mri", "both"), id="two sites"),
        pytest.param(order(MRI, sites=[site(BOTH)]), ("knee_mri", "both"), id="both knees"),
        pytest.param(order(MRI, sites=[site(KNEE)]), ("knee_mri", "unspecified"), id="a knee"),
        pytest.param(order(MRI_LEFT, sites=[site(LEFT)]), ("knee_mri", "left"), id="code and site agree"),
        pytest.param(order(MRI_LEFT, MRI_SNOMED), ("knee_mri", "left"), id="two codes of one kind"),
        pytest.param(order(("urn:local", "MRKNEE"), MRI), ("knee_mri", "unspecified"), id="a local code beside"),
        pytest.param(
            order(MRI, sites=[{"text": "left knee"}]), ("knee_mri", "unspecified"), id="words never decide a side"
        ),
        pytest.param(order(MRI, code={"text": "MRI of the left knee"}), None, id="words never decide a kind"),
        pytest.param(
            order(MRI, code=concept(MRI) | {"text": "right knee"}),
            ("knee_mri", "unspecified"),
            id="words beside a code",
        ),
        pytest.param(order((LOINC, "24531-6")), None, id="another examination"),
        pytest.param(order((SNOMED, MRI[1])), None, id="a code of another system"),
        pytest.param(order(("", MRI[1])), None, id="a code without a system"),
        pytest.param(order(PHYSIOTHERAPY), ("physiotherapy_referral", "unspecified"), id="a referral"),
        pytest.param(
            order(PHYSIOTHERAPY, sites=[site(RIGHT)]), ("physiotherapy_referral", "right"), id="a referral for a knee"
        ),
        pytest.param(order(PHYSIOTHERAPY, sites=[site(HIP)]), None, id="a referral for a hip"),
        pytest.param(order(PHYSIOTHERAPY, sites=[site("16982005")]), None, id="a referral for a site of unknown code"),
        pytest.param(order(PHYSIOTHERAPY, sites=[{"text": "shoulder"}]), None, id="a referral for a site in words"),
        pytest.param(order((ACTION_SYSTEM, "knee_film_today")), ("knee_radiograph", "unspecified"), id="our own code"),
        pytest.param(order((ACTION_SYSTEM, "osteochondral_films_mri")), None, id="our own code for two tests"),
        pytest.param(order(FILM, code={"concept": concept(FILM)}), ("knee_radiograph", "unspecified"), id="R5"),
        pytest.param(
            order(FILM, resourceType="ProcedureRequest", status="suspended", bodySite=[site(LEFT)]),
            ("knee_radiograph", "left"),
            id="STU3",
        ),
        pytest.param(order(FILM, resourceType="MedicationRequest"), None, id="another resource"),
        pytest.param(order(FILM, status="active"), ("knee_radiograph", "unspecified"), id="active"),
        pytest.param(order(FILM, status="unknown"), ("knee_radiograph", "unspecified"), id="status unknown"),
        pytest.param(order(FILM, status=None, intent=None), ("knee_radiograph", "unspecified"), id="no status"),
        *(
            pytest.param(order(FILM, status=status), None, id=status)
            for status in ("revoked", "completed", "entered-in-error", "cancelled", "rejected")
        ),
        pytest.param(order(FILM, intent="proposal"), ("knee_radiograph", "unspecified"), id="a proposal"),
        pytest.param(order(FILM, doNotPerform=True), None, id="not to be done"),
        pytest.param(order(FILM, doNotPerform=False), ("knee_radiograph", "unspecified"), id="to be done"),
    ],
)
def test_what_is_asked_for(one: Json, expected: tuple[str, str] | None) -> None:
    assert asked(one) == expected
    assert not any(found.refused for found in requested([one]))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        pytest.param(
            order(MRI_LEFT, sites=[site(RIGHT)]), "its code says left and its body site right", id="code against site"
        ),
        pytest.param(
            order(MRI_LEFT, sites=[site(BOTH)]), "its code says left and its body site both", id="one knee against both"
        ),
        pytest.param(
            order(MRI_LEFT, sites=[site(LEFT), site(RIGHT)]),
            "its code says left and its body site both",
            id="one against two",
        ),
        pytest.param(order(MRI_LEFT, MRI_RIGHT), "its codes say left and right", id="code against code"),
        pytest.param(order(MRI, FILM), "its codes name different orders: MRI and radiograph", id="two kinds"),
        pytest.param(
            order(MRI, modifierExtension=[{"url": "urn:x"}]),
            "it carries a modifier that is not understood",
            id="a modifier",
        ),
        pytest.param(
            order(MRI, doNotPerform="true"),
            "it cannot be read whether it is to be done or not",
            id="a doubtful prohibition",
        ),
    ],
)
def test_contradictions_are_said_and_have_no_side(one: Json, said: str) -> None:
    (found,) = requested([one])
    assert (found.refused, found.side) == (said, "unspecified")


def call(hook: Any, *orders: Json, selections: tuple[str, ...] = ()) -> HookRequest:
    return HookRequest(hook, "id", Context("Practitioner/d", "p", selections=selections, draft_orders=orders))


def test_only_what_was_selected() -> None:
    two = (order(MRI), order(FILM, id="o2"))
    assert [one.reference for one in requested_in(call("order-sign", *two))] == [
        "ServiceRequest/o1",
        "ServiceRequest/o2",
    ]
    picked = requested_in(call("order-select", *two, selections=("ServiceRequest/o2",)))
    assert picked == (Requested("ServiceRequest/o2", "knee_radiograph", "unspecified"),)
    assert requested_in(call("order-select", *two)) == ()


def test_the_same_order_twice_is_one() -> None:
    assert len(requested([order(MRI), order(MRI)])) == 1
    assert len(requested([order(MRI, id=None), order(MRI, id=None)])) == 1
    assert len(requested([order(MRI), order(MRI, id="o2")])) == 2


@pytest.mark.parametrize("identity", ["", "a b", "<script>", "x" * 65, 7, None, ["o1"], "../Patient/1"])
def test_an_id_that_is_none_is_no_reference(identity: Any) -> None:
    assert [one.reference for one in requested([order(MRI, id=identity)])] == [""]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([LOINC, SNOMED, MRI_LEFT[1], LEFT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coding", "system", "code", "text", "concept"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "status", "intent", "code", "bodySite", "doNotPerform", "modifierExtension"]), JUNK
    )
)
def test_nothing_makes_it_raise(junk: Json) -> None:
    requested([{"resourceType": "ServiceRequest", **junk}], ())
    requested([{"resourceType": "ServiceRequest", **junk}])
    requested([{"resourceType": "ServiceRequest", "code": concept(MRI), **junk}])


# --- the table of codes -------------------------------------------------------------------------------------------

TERMINOLOGY = {
    (LOINC, "28565-0"): "XR Knee Views",
    (LOINC, "36636-9"): "XR Knee - left Views",
    (LOINC, "37758-0"): "XR Knee - right Views",
    (LOINC, "36635-1"): "XR Knee - bilateral Views",
    (SNOMED, "1290407002"): "Plain X-ray of knee region (procedure)",
    (SNOMED, "74016001"): "Radiologic examination of knee (procedure)",
    (LOINC, "24802-1"): "MR Knee",
    (LOINC, "26257-6"): "MR Knee - left",
    (LOINC, "26258-4"): "MR Knee - right",
    (LOINC, "26256-8"): "MR Knee - bilateral",
    (SNOMED, "241641004"): "Magnetic resonance imaging of knee (procedure)",
    (SNOMED, "241504009"): "Ultrasonography of knee (procedure)",
    (SNOMED, "309431009"): "Arthroscopy of knee joint (procedure)",
    (SNOMED, "183545006"): "Referral to orthopedic service (procedure)",
    (SNOMED, "308481009"): "Referral to orthopedic surgeon (procedure)",
    (SNOMED, "308447003"): "Referral to physiotherapist (procedure)",
    (SNOMED, "306170007"): "Referral to physiotherapy service (procedure)",
    (SNOMED, "306290009"): "Referral to rheumatologist (procedure)",
    (SNOMED, "306127007"): "Referral to rheumatology service",
    (SNOMED, "306104004"): "Referral to accident and emergency service (procedure)",
}
KIND_WORDS = {
    "knee_radiograph": ("XR Knee", "X-ray of knee", "Radiologic examination of knee"),
    "knee_mri": ("MR Knee", "Magnetic resonance imaging of knee"),
    "knee_ultrasound": ("Ultrasonography of knee",),
    "knee_arthroscopy": ("Arthroscopy of knee",),
    "orthopaedics_referral": ("Referral to orthopedic",),
    "physiotherapy_referral": ("Referral to physiotherap",),
    "rheumatology_referral": ("Referral to rheumatolog",),
    "emergency_referral": ("Referral to accident and emergency",),
}
SIDE_WORDS = {"left": "left", "right": "right", "bilateral": "both"}


@pytest.mark.parametrize("key", sorted(PUBLISHED), ids=lambda key: key[1])
def test_published_codes_mean_what_they_are_taken_for(key: tuple[str, str]) -> None:
    kind, side = PUBLISHED[key]
    display = TERMINOLOGY[key]
    assert any(words in display for words in KIND_WORDS[kind])
    assert side == next((side for word, side in SIDE_WORDS.items() if word in display.split()), "unspecified")


def test_no_published_code_is_missing_from_the_table() -> None:
    assert set(PUBLISHED) == set(TERMINOLOGY)


def test_what_we_write_ourselves_is_read_as_what_it_is() -> None:
    """A draft that we suggest, or an option that we emit, comes back as the order it was."""
    for kind, actions in OWN.items():
        for action in actions:
            for side, codes in PROCEDURES.get(action, {}).items():
                for system, code, _ in codes:
                    assert PUBLISHED[system, code][0] == kind, action
                    assert PUBLISHED[system, code][1] in (side or "unspecified", "unspecified"), action


def test_own_codes_are_actions() -> None:
    actions = {one.id for one in shipped().files.actions}
    assert {action for every in OWN.values() for action in every} <= actions
    assert set(WORDS) == set(get_args(OrderKind))
    assert {kind for kind, _ in CODES.values()} == set(WORDS)
