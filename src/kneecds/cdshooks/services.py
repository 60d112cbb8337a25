"""The services on offer, and how they are found.

Templates keep to the subset that the specification recommends: reads, searches by type, and parameters of reference,
token, `_count` and `_sort` (https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions, R-55 to R-59). No parameter
comes twice in one query, which some clients cannot write. Codes are not searched by: what matters of the knee would
be hundreds of them, and a local code that is mapped here would not be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks.model import Query, Service
from kneecds.pipeline import INTAKE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.model import Json

_WHO: Final = "patient={{context.patientId}}"

PATIENT: Final = Query("patient", "Patient/{{context.patientId}}", "the patient", required=True)
OBSERVATIONS: Final = Query(
    "observations", f"Observation?{_WHO}&_sort=-date&_count=200", "symptoms, signs and measurements", required=True
)
RESPONSES: Final = Query(
    "responses",
    f"QuestionnaireResponse?{_WHO}&questionnaire={INTAKE}&_sort=-authored&_count=10",
    "answers to the knee intake form",
)
CONDITIONS: Final = Query("conditions", f"Condition?{_WHO}&_count=200", "diagnoses and problems")
MEDICINES: Final = Query(
    "medicines",
    f"MedicationRequest?{_WHO}&status=active,completed,stopped&_sort=-authoredon&_count=200",
    "medicines",
)
ALLERGIES: Final = Query("allergies", f"AllergyIntolerance?{_WHO}&_count=100", "allergies and intolerances")
PROCEDURES: Final = Query(
    "procedures", f"Procedure?{_WHO}&status=completed&_sort=-date&_count=200", "operations and other procedures"
)

_RAISING: Final = (PATIENT, OBSERVATIONS, RESPONSES, CONDITIONS, MEDICINES, PROCEDURES)
"""What can raise the escalation or decide a criterion; allergies only forbid options."""

_READS: Final = "FHIR R4. Without the patient and the observations there is no answer; all else that is not sent is unknown, and said to be."
_ORDERS: Final = (
    "kneecds-order-appropriateness",
    "orders",
    "Knee orders: do the criteria support this?",
    (
        "Rates draft orders for knee imaging, referral and arthroscopy against published criteria, and shows which are "
        "met, not met and unknown. No rating where that cannot be decided. Red flags come first."
    ),
    f"{_READS} Cards of order-sign replace those of order-select.",
)

SERVICES: Final[tuple[Service, ...]] = (
    Service(
        "kneecds-assessment",
        "patient-view",
        "assessment",
        "Knee assessment",
        "Red flags, ranked hypotheses and options for a knee complaint, from what is recorded and what the patient "
        "answered. Silent if nothing is known of a knee.",
        _READS,
        (*_RAISING, ALLERGIES),
    ),
    Service(
        "kneecds-intake",
        "patient-view",
        "intake",
        "Knee intake form",
        "Offers the intake form if there is a knee complaint without recent answers, and names open answers that could "
        "raise the urgency. A red flag that is met is told of, and left to the knee assessment.",
        _READS,
        _RAISING,
    ),
    Service(_ORDERS[0], "order-select", "orders", _ORDERS[2], _ORDERS[3], _ORDERS[4], _RAISING),
    Service(_ORDERS[0], "order-sign", "orders", _ORDERS[2], _ORDERS[3], _ORDERS[4], _RAISING),
)

# https://build.fhir.org/ig/HL7/cds-hooks/ (3.0.0-ballot): version of the specification, and of each hook
_SPECIFICATION: Final = "3.0.0-ballot"
_HOOK_VERSIONS: Final = {"patient-view": "1.0", "order-select": "1.0", "order-sign": "1.0"}


def discovery(services: Iterable[Service] = SERVICES, *, ballot: bool = False) -> Json:
    """Return what `GET /cds-services` answers: CDS Hooks 2.0 strictly, unless the ballot's additions are wanted."""
    return {"services": [_described(service, ballot=ballot) for service in services]}


def find(service_id: str, hook: str) -> Service | None:
    """Return the service of an id under a hook."""
    return next((one for one in SERVICES if (one.id, one.hook) == (service_id, hook)), None)


def known(service_id: str) -> bool:
    """Whether there is a service of this id, under whatever hook."""
    return any(one.id == service_id for one in SERVICES)


def _described(service: Service, *, ballot: bool) -> Json:
    described: Json = {
        "hook": service.hook,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "prefetch": {query.key: query.template for query in service.queries},
        "usageRequirements": service.usage_requirements,
    }
    if ballot:
        described |= {"version": _SPECIFICATION, "hookVersion": _HOOK_VERSIONS[service.hook]}
    return described
