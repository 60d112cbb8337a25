"""Calls: what a sound one is answered with, and a faulty one (https://cds-hooks.hl7.org/2.0/#calling-a-cds-service)."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from kneecds.conformance import changes, patient, requests
from kneecds.conformance.checks.discovery import not_json
from kneecds.conformance.result import Problem, Unseen
from kneecds.conformance.suite import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Suite

_SERVER_FAULT: Final = 500


def sound(suite: Suite) -> Iterator[Problem]:
    """Yield sound calls that are not answered with 200."""
    for call in suite.sound:
        if call.exchange.status != 200:  # noqa: PLR2004
            lacking = "; the request lacks data that it needs" if call.exchange.status == 412 else ""  # noqa: PLR2004
            yield Problem(f"{call.offered}: a sound call was answered {call.exchange.status}{lacking}", call.exchange)


def json(suite: Suite) -> Iterator[Problem]:
    """Yield answers that are not JSON, or not declared as such."""
    for call in suite.answered:
        yield from not_json(call.exchange)


def cards_array(suite: Suite) -> Iterator[Problem]:
    """Yield answers that are no object with an array of cards."""
    for call in suite.answered:
        document = call.exchange.document
        if not isinstance(document, dict) or not isinstance(document.get("cards"), list):
            yield Problem(f"{call.offered}: the answer is no object with an array `cards`", call.exchange)


def rule(of: Callable[[Json], Iterator[str]], suite: Suite) -> Iterator[Problem]:
    """Yield what is wrong with the requests that were sent as sound ones."""
    for call in suite.sound:
        for message in of(call.request):
            yield Problem(f"{call.offered}: in the request {message}", call.exchange)


def authorization_kept(suite: Suite) -> Iterator[Problem]:
    """Yield answers that repeat the access token."""
    for call in _authorized(suite):
        if ACCESS_TOKEN in call.body.decode(errors="replace"):
            yield Problem("the answer repeats the access token", call)


def authorization_taken(suite: Suite) -> Iterator[Problem]:
    """Yield sound calls with an access token that are not answered, although all was prefetched."""
    for exchange in _authorized(suite):
        if exchange.status != 200:  # noqa: PLR2004
            yield Problem(f"a sound call with fhirAuthorization was answered {exchange.status}", exchange)


def _authorized(suite: Suite) -> list[Exchange]:
    def change(made: Json) -> Json:
        allowed = requests.authorization(ACCESS_TOKEN, str(made["context"].get("patientId", "")))
        return {"fhirServer": "https://ehr.example.org/fhir"} | made | {"fhirAuthorization": allowed}

    return [suite.changed("authorized", call.offered, change).exchange for call in suite.answered]


def extensions_taken(suite: Suite) -> Iterator[Problem]:
    """Yield calls that are refused for an extension, or a field of the context, that the service does not know."""

    def change(made: Json) -> Json:
        return changes.at(made, "context.org_example_more", "x") | {"extension": {"org.example.ehr": {"site": "x"}}}

    for call in suite.answered:
        made = suite.changed("extended", call.offered, change)
        if made.exchange.status != 200:  # noqa: PLR2004
            yield Problem(
                f"{call.offered}: a call with an extension was answered {made.exchange.status}", made.exchange
            )


def sandbox_drafts(suite: Suite) -> Iterator[Problem]:
    """Yield calls that are refused for drafts as the public sandbox sends them: a Bundle without type and fullUrl."""

    def change(made: Json) -> Json:
        entries = [{"resource": one["resource"]} for one in made["context"]["draftOrders"]["entry"]]
        return changes.at(made, "context.draftOrders", {"resourceType": "Bundle", "entry": entries})

    for call in suite.called_with("draftOrders"):
        made = suite.changed("sandbox drafts", call.offered, change)
        if made.exchange.status != 200:  # noqa: PLR2004
            yield Problem(f"{call.offered}: drafts of the sandbox were answered {made.exchange.status}", made.exchange)


def drafts_used(suite: Suite) -> Iterator[Problem]:
    """Yield services that say the same of other orders."""

    def change(made: Json) -> Json:
        who = suite.who
        others = patient.other_orders(str(made["context"]["patientId"]), who.user, who.today)
        return made | {"context": requests.with_orders(made["context"], others)}

    looked = False
    for call in suite.called_with("draftOrders"):
        if not call.exchange.cards:
            continue
        looked = True
        made = suite.changed("other orders", call.offered, change)
        if changes.gist(made.exchange.cards) == changes.gist(call.exchange.cards):
            yield Problem(f"{call.offered}: other orders get the same cards", made.exchange)
    if not looked:
        msg = "no card on draft orders was seen"
        raise Unseen(msg)


def same_id(suite: Suite) -> Iterator[Problem]:
    """Yield hooks that a service of several does not answer to (R-211)."""
    hooks: dict[str, list[str]] = defaultdict(list)
    for offered in suite.offered:
        hooks[offered.id].append(offered.hook)
    if all(len(found) == 1 for found in hooks.values()):
        msg = "no service is offered under several hooks"
        raise Unseen(msg)
    for call in suite.sound:
        if len(hooks[call.offered.id]) > 1 and call.exchange.status != 200:  # noqa: PLR2004
            yield Problem(f"{call.offered}: answered {call.exchange.status}", call.exchange)


def nothing_to_say(suite: Suite) -> Iterator[Problem]:
    """Yield calls about a patient of whom nothing is known that are not answered with 200 (R-77)."""
    for exchange, name in _nothing(suite):
        if exchange.status != 200:  # noqa: PLR2004
            yield Problem(f"{name}: searches that found nothing were answered {exchange.status}", exchange)


def input_used(suite: Suite) -> Iterator[Problem]:
    """Yield services that say the same whatever was prefetched."""
    looked = False
    empty = {name: exchange for exchange, name in _nothing(suite)}
    for call in suite.advised:
        if not call.request.get("prefetch"):
            continue
        looked = True
        exchange = empty[str(call.offered)]
        if exchange.status == 200 and changes.gist(exchange.cards) == changes.gist(call.exchange.cards):  # noqa: PLR2004
            yield Problem(f"{call.offered}: an empty record gets the same cards", exchange)
    if not looked:
        msg = "no card on prefetched data was seen"
        raise Unseen(msg)


def _nothing(suite: Suite) -> list[tuple[Exchange, str]]:
    found = []
    for call in suite.answered:

        def change(made: Json, wanted: dict[str, str] = call.offered.prefetch) -> Json:
            return changes.empty(made, wanted)

        made = suite.changed("nothing known", call.offered, change)
        found.append((made.exchange, str(call.offered)))
    return found


def same_answer(suite: Suite) -> Iterator[Problem]:
    """Yield services that give the same question another answer."""
    for call in suite.advised:
        again = suite.changed("again", call.offered, lambda request: request)
        if changes.gist(again.exchange.document) != changes.gist(call.exchange.document):
            yield Problem(f"{call.offered}: the same question got another answer", again.exchange)


def other_record(suite: Suite) -> Iterator[Problem]:
    """Yield services that do not notice that the record is not of the patient in the context."""
    looked = False
    for call in suite.advised:
        mine = str(call.request["context"].get("patientId", ""))
        if not _tells_whose(call.request.get("prefetch"), mine):
            continue
        looked = True

        def change(made: Json, mine: str = mine) -> Json:
            record = changes.of_patient(made["prefetch"], mine, requests.OTHER_PATIENT)
            return made | {"prefetch": record}

        made = suite.changed("record of another", call.offered, change).exchange
        if made.status >= _SERVER_FAULT or (made.status == 200 and not made.cards):  # noqa: PLR2004
            yield Problem(f"{call.offered}: the record of another patient was answered {made.status}, no card", made)
        elif changes.gist(made.cards) == changes.gist(call.exchange.cards):
            yield Problem(f"{call.offered}: the record of another patient was taken for this one's", made)
    if not looked:
        msg = "no card on a record that says whose it is was seen"
        raise Unseen(msg)


def parallel(suite: Suite) -> Iterator[Problem]:
    """Yield services that answer otherwise when two patients are asked about at once."""
    call = suite.advised[0]
    old = str(call.request["context"].get("patientId", ""))
    asked = [suite.sound_request(call.offered) for _ in range(8)]
    asked[1::2] = [changes.of_patient(one, old, requests.OTHER_PATIENT) for one in asked[1::2]]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: suite.call(call.offered, one).exchange, asked))
    for whose, exchange in zip((old, requests.OTHER_PATIENT) * 4, answers, strict=True):
        wanted = changes.of_patient(call.exchange.cards, old, whose)
        if changes.gist(exchange.cards) != changes.gist(wanted):
            yield Problem(f"{call.offered}: calls at the same time got another answer than alone", exchange)


def _tells_whose(prefetch: Any, whose: str) -> bool:  # noqa: ANN401 - what was sent
    return bool(prefetch) and changes.of_patient(prefetch, whose, requests.OTHER_PATIENT) != prefetch
