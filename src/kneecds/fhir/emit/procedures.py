"""Published codes for what an option would have the clinician request, and which options request nothing.

Every pair of code and display was seen in a published value set. What has no code here has none that was verified.
"""

from __future__ import annotations

from typing import Final

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"

Published = tuple[str, str, str]
"""System, code, display."""

# https://hl7.org/fhir/R4/valueset-body-site.html
BODY_SITE: Final[dict[str, Published]] = {
    "left": (SNOMED, "82169009", "Structure of left knee region"),
    "right": (SNOMED, "6757004", "Structure of right knee region"),
    "unspecified": (SNOMED, "72696002", "Knee region structure (body structure)"),
}

_XRAY: Final[dict[str, tuple[Published, ...]]] = {
    "left": ((LOINC, "36636-9", "XR Knee - left Views"),),
    "right": ((LOINC, "37758-0", "XR Knee - right Views"),),
    "": ((LOINC, "28565-0", "XR Knee Views"),),
}
_MRI_SNOMED: Final = (SNOMED, "241641004", "Magnetic resonance imaging of knee (procedure)")
_MRI: Final[dict[str, tuple[Published, ...]]] = {
    "left": ((LOINC, "26257-6", "MR Knee - left"), _MRI_SNOMED),
    "right": ((LOINC, "26258-4", "MR Knee - right"), _MRI_SNOMED),
    "": ((LOINC, "24802-1", "MR Knee"), _MRI_SNOMED),
}
_ULTRASOUND: Final[dict[str, tuple[Published, ...]]] = {
    "": ((SNOMED, "241504009", "Ultrasonography of knee (procedure)"),)
}
_PHYSIOTHERAPY: Final[dict[str, tuple[Published, ...]]] = {
    "": ((SNOMED, "308447003", "Referral to physiotherapist (procedure)"),)
}
_RHEUMATOLOGY: Final[dict[str, tuple[Published, ...]]] = {
    "": ((SNOMED, "306290009", "Referral to rheumatologist (procedure)"),)
}
_ORTHOPAEDICS: Final[dict[str, tuple[Published, ...]]] = {
    "": ((SNOMED, "183545006", "Referral to orthopedic service (procedure)"),)
}

_EMERGENCY: Final[dict[str, tuple[Published, ...]]] = {
    "": ((SNOMED, "306104004", "Referral to accident and emergency service (procedure)"),)
}
_LEG_VEINS: Final[dict[str, tuple[Published, ...]]] = {
    "left": ((LOINC, "39432-0", "US.doppler Lower extremity vein - left"),),
    "right": ((LOINC, "39443-7", "US.doppler Lower extremity vein - right"),),
    "": ((LOINC, "30881-7", "US.doppler Lower extremity vein"),),
}

PROCEDURES: Final[dict[str, dict[str, tuple[Published, ...]]]] = {
    "xray_chronic_first": _XRAY,
    "xray_6_weeks": _XRAY,
    "mri_after_negative_xray": _MRI,
    "ultrasound_superficial": _ULTRASOUND,
    "physio_referral": _PHYSIOTHERAPY,
    "refer_rheumatology_synovitis": _RHEUMATOLOGY,
    "joint_replacement_referral": _ORTHOPAEDICS,
    "knee_film_today": _XRAY,
    "mri_acute_injury": _MRI,
    "mri_locked_knee": _MRI,
    "pvns_mri": _MRI,
    "leg_vein_ultrasound": _LEG_VEINS,
    "extensor_ultrasound": _ULTRASOUND,
    "ed_knee_dislocation": _EMERGENCY,
    "ed_limb_ischaemia": _EMERGENCY,
    "ed_compartment": _EMERGENCY,
    "ed_necrotising_infection": _EMERGENCY,
    "ed_cauda_equina": _EMERGENCY,
    "ed_pulmonary_embolism": _EMERGENCY,
    "hip_fracture_ed": _EMERGENCY,
    "orthopaedics_same_day": _ORTHOPAEDICS,
    "fracture_orthopaedics": _ORTHOPAEDICS,
    "prosthesis_orthopaedics": _ORTHOPAEDICS,
    "osteomyelitis_orthopaedics": _ORTHOPAEDICS,
    "scfe_orthopaedics": _ORTHOPAEDICS,
    "perthes_orthopaedics": _ORTHOPAEDICS,
    "acute_knee_clinic": _ORTHOPAEDICS,
    "refer_aspiration": {"": ()},
    "baker_aspiration": {"": ()},
}
"""By action, then by side; "" is for any side without a row of its own. No rows: only our own code says it."""

AT_THE_KNEE: Final = frozenset(
    {
        "ct_occult_fracture",
        "extensor_ultrasound",
        "knee_film_today",
        "mri_acute_injury",
        "mri_after_negative_xray",
        "mri_locked_knee",
        "osteochondral_films_mri",
        "pvns_mri",
        "refer_aspiration",
        "root_tear_film_mri",
        "ultrasound_superficial",
        "xray_6_weeks",
        "xray_chronic_first",
    }
)
"""Procedures done at the knee itself: these name the body site."""

STATEMENTS: Final = frozenset(
    {
        "dry_needling_not_alone",
        "manual_therapy_adjunct",
        "mri_incidental_caution",
        "mri_not_before_rehab",
        "no_routine_imaging_oa",
        "physio_over_cs_injection",
    }
)
"""Filed under imaging or referral, but saying how to decide: there is nothing to request."""
