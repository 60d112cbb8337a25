"""What the standards ask of a CDS service, numbered, and what of it cannot be seen from outside.

`R-n` are the numbers that Inferno's CRD kit gives to the statements of https://cds-hooks.hl7.org/2.0/; `I-…` are that
kit's own tests of a server; `cds-…` are constraints of the 3.0 ballot's models that restate rules of 2.0; `RFC-…` are
sections of RFCs; `S-…` are this suite's own: what safety needs and no kit checks.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Level = Literal["SHALL", "SHOULD", "MAY"]

SPECIFICATION: Final = "https://cds-hooks.hl7.org/2.0/"
_INFERNO: Final = (
    "https://github.com/inferno-framework/davinci-crd-test-kit/tree/main/lib/davinci_crd_test_kit/server_tests"
)
_MODELS: Final = "https://build.fhir.org/ig/HL7/cds-hooks/artifacts.html"


class Requirement(NamedTuple):
    """One thing asked of a service."""

    id: str
    level: Level
    link: str


# Section of the specification: what it asks of a service by SHALL (and SHALL NOT), by SHOULD (and SHOULD NOT), by MAY.
_SECTIONS: Final[tuple[tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]], ...]] = (
    ("use-of-json", (1, 2, 3), (), ()),
    ("discovery", (4,), (), ()),
    ("http-request", (5,), (), ()),
    ("response", (6, 7, 9, 10), (8,), (11, 12)),
    ("http-status-codes", (13,), (), (14,)),
    ("http-request_1", (16,), (), ()),
    ("providing-fhir-resources-to-a-cds-service", (29,), (27, 34), (28,)),
    ("prefetch-template", (36, 54), (52,), (35,)),
    ("prefetch-tokens", (55, 56, 57), (), ()),
    ("prefetch-query-restrictions", (), (58,), ()),
    ("example-prefetch-token", (59,), (), ()),
    ("fhir-resource-access", (61,), (), (60,)),
    ("cds-service-response", (74, 75), (77, 78), (76,)),
    (
        "card-attributes",
        (80, 83, 85, 87, 88, 89, 90, 92, 93, 95, 96, 98, 100, 103),
        (),
        (81, 82, 84, 94, 99, 104),
    ),
    ("source", (105, 107, 111, 115), (109, 110, 112), (106, 108, 113, 116)),
    ("suggestion", (117, 119, 121, 124, 125), (), (118, 120, 122, 123)),
    ("action", (127, 128, 130, 131, 132, 133, 134, 135), (), (129,)),
    ("reasons-for-rejecting-a-card", (136,), (), ()),
    ("link", (138, 139, 141, 142, 144, 147), (146,), (140, 145)),
    ("feedback", (), (), (148,)),
    ("security-and-safety", (168,), (), ()),
    ("trusting-cds-clients", (176, 199), (177, 195), (175, 179)),
    ("jwt-signing-algorithm", (201, 203), (200, 205, 206), ()),
    ("cross-origin-resource-sharing", (208,), (), ()),
    ("update-stale-guidance", (211, 213), (212,), (210,)),
    ("extensions", (214,), (215,), ()),
    ("coding", (216, 217, 218, 219, 220), (), ()),
)

_OTHERS: Final[tuple[Requirement, ...]] = (
    Requirement("R-53", "SHALL", f"{SPECIFICATION}#prefetch-template"),  # asked of clients; a service meets it
    Requirement("I-tls", "SHALL", _INFERNO),
    Requirement("I-discovery-endpoint", "SHALL", _INFERNO),
    Requirement("I-discovery-services", "SHALL", _INFERNO),
    Requirement("I-service-call", "SHALL", _INFERNO),
    Requirement("I-request-required", "SHALL", _INFERNO),
    Requirement("I-request-context", "SHALL", _INFERNO),
    Requirement("I-request-optional", "SHALL", _INFERNO),
    Requirement("I-response", "SHALL", _INFERNO),
    Requirement("I-card-optional", "SHALL", _INFERNO),
    Requirement("cds-r-1", "SHALL", _MODELS),
    Requirement("cds-resp-1", "SHALL", _MODELS),
    Requirement("cds-resp-2", "SHALL", _MODELS),
    Requirement("cds-resp-3", "SHALL", _MODELS),
    Requirement("cds-resp-4", "SHALL", _MODELS),
    Requirement("cds-resp-6", "SHALL", _MODELS),
    Requirement("cds-fb-1", "SHALL", _MODELS),
    Requirement("cds-fb-2", "SHALL", _MODELS),
    Requirement("cds-fb-3", "SHALL", _MODELS),
    Requirement("3.0-outcome", "SHOULD", "https://cds-hooks.hl7.org/3.0.0-ballot/#http-status-codes"),
    Requirement("3.0-elements", "SHOULD", "https://cds-hooks.hl7.org/3.0.0-ballot/"),
    Requirement("CRD-performance", "SHALL", "https://hl7.org/fhir/us/davinci-crd/STU2/foundation.html#performance"),
    Requirement("RFC-7515-5.2", "SHALL", "https://www.rfc-editor.org/rfc/rfc7515#section-5.2"),
    Requirement("RFC-7519-aud", "SHALL", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3"),
    Requirement("RFC-7519-exp", "SHALL", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4"),
    Requirement("RFC-7519-nbf", "SHALL", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5"),
    Requirement("RFC-7519-jti", "SHOULD", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.7"),
    Requirement("RFC-7519-claims", "SHALL", "https://www.rfc-editor.org/rfc/rfc7519#section-4"),
    Requirement("RFC-8259-names", "SHOULD", "https://www.rfc-editor.org/rfc/rfc8259#section-4"),
    Requirement("RFC-9110-401", "SHALL", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2"),
    Requirement("RFC-9110-404", "SHALL", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.5"),
    Requirement("RFC-9110-405", "SHALL", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6"),
    Requirement("RFC-9110-415", "SHOULD", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16"),
    Requirement("S-request-rules", "SHOULD", f"{SPECIFICATION}#http-request_1"),
    Requirement("S-failure-is-seen", "SHALL", f"{SPECIFICATION}#cds-service-response"),
    Requirement("S-input-used", "SHOULD", f"{SPECIFICATION}#providing-fhir-resources-to-a-cds-service"),
    Requirement("S-paging", "SHOULD", f"{SPECIFICATION}#prefetch-template"),
    Requirement("S-one-patient", "SHALL", f"{SPECIFICATION}#security-and-safety"),
    Requirement("S-same-answer", "SHOULD", f"{SPECIFICATION}#update-stale-guidance"),
    Requirement("S-text-is-text", "SHALL", f"{SPECIFICATION}#card-attributes"),
    Requirement("S-no-secrets", "SHALL", f"{SPECIFICATION}#security-and-safety"),
    Requirement("S-hostile-input", "SHALL", f"{SPECIFICATION}#security-and-safety"),
    Requirement("S-real-client", "SHALL", "https://github.com/cds-hooks/sandbox"),
)


def _numbered() -> dict[str, Requirement]:
    found: dict[str, Requirement] = {}
    for section, shall, should, may in _SECTIONS:
        levels: tuple[tuple[Level, tuple[int, ...]], ...] = (("SHALL", shall), ("SHOULD", should), ("MAY", may))
        for level, numbers in levels:
            for number in numbers:
                found[f"R-{number}"] = Requirement(f"R-{number}", level, f"{SPECIFICATION}#{section}")
    return found


REQUIREMENTS: Final[dict[str, Requirement]] = _numbered() | {one.id: one for one in _OTHERS}
"""Every requirement on a service, by id."""

_ALLOWS: Final = "permits and asks nothing"
NOT_CHECKED: Final[dict[str, str]] = {
    "R-14": _ALLOWS,
    "R-28": _ALLOWS,
    "R-76": _ALLOWS,
    "R-82": _ALLOWS,
    "R-89": "is about what the client shows",
    "R-106": _ALLOWS,
    "R-109": "whether an address is a drill-down is for a reader to judge",
    "R-110": "whether an address is a drill-down is for a reader to judge",
    "R-112": "the picture is at another address, which the suite does not call",
    "R-122": _ALLOWS,
    "R-125": "is about what the client does with actions",
    "R-129": _ALLOWS,
    "R-140": _ALLOWS,
    "R-175": _ALLOWS,
    "R-179": _ALLOWS,
    "R-199": "is an agreement outside the protocol",
    "R-200": "is advice to implementers",
    "R-206": "is advice to implementers",
    "R-210": _ALLOWS,
    "R-213": "is an agreement outside the protocol",
}
"""Requirements without a check, each with the reason."""
