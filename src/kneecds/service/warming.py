"""The first call of all, made by ourselves: whatever is built when first used is built before anybody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import prefetch, record, services, wire
from kneecds.cdshooks.advise import advise
from kneecds.errors import InputError, KneecdsError

if TYPE_CHECKING:
    from datetime import date

    from kneecds.cdshooks.model import Presentation
    from kneecds.core.knowledge import Setting
    from kneecds.knowledge import Knowledge

_CALL: Final = b"""{"hook":"patient-view","hookInstance":"00000000-0000-4000-8000-000000000000",
"context":{"userId":"Practitioner/warm","patientId":"warm"},"prefetch":{
"patient":{"resourceType":"Patient","id":"warm","gender":"female","birthDate":"1960-01-01"},
"observations":{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"a",
"status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"30989003"}]},
"subject":{"reference":"Patient/warm"},"effectiveDateTime":"%s","valueBoolean":true,
"bodySite":{"coding":[{"system":"http://snomed.info/sct","code":"82169009"}]}}}]}}}"""
"""An invented patient with a painful right knee."""

_TIMES: Final = 2  # the first document goes another way than those after it


def warm(knowledge: Knowledge, today: date, setting: Setting, presentation: Presentation) -> None:
    """Answer an invented call of each kind; what goes wrong here would go wrong for everybody, and is raised."""
    body = _CALL.replace(b"%s", today.isoformat().encode())
    for service in services.SERVICES:
        if service.hook != "patient-view":
            continue
        for _ in range(_TIMES):
            request = wire.read_request(body, service.id)
            known = record.record(prefetch.supplies(service, request), request)
            try:
                advise(
                    service,
                    request,
                    known,
                    knowledge=knowledge,
                    as_of=today,
                    setting=setting,
                    presentation=presentation,
                )
            except InputError as problem:
                msg = "the service cannot answer its own first call"
                raise KneecdsError(msg) from problem
