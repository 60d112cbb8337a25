"""Defects of services, each with the one check that is meant to find it.

Each is a change of requests before, or of answers after, a sound application: so they can be put into any.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
from altering import Change, Exchanged, unchanged

if TYPE_CHECKING:
    from kneecds.conformance.tokens import Signer

Json = dict[str, Any]


class Defect(NamedTuple):
    """What is wrong, and which check must say so."""

    check: str
    name: str
    before: Change = unchanged
    after: Change = unchanged


# What comes out


def answers(change: Any, *, where: Any = lambda one: one.is_call) -> Change:
    """Change the JSON of good answers."""

    def after(one: Exchanged) -> None:
        document = one.document
        if where(one) and one.status == 200 and isinstance(document, dict):
            changed = change(document)
            one.document = document if changed is None else changed

    return after


def discovery(change: Any) -> Change:
    return answers(lambda document: change(document["services"]), where=lambda one: one.is_discovery)


def service(**changed: Any) -> Change:
    """Change the first service of the discovery."""
    return discovery(lambda services: _set(services[0], changed))


def card(**changed: Any) -> Change:
    return answers(lambda document: [_set(one, changed) for one in document["cards"]] and None)


def another(**changed: Any) -> Change:
    """Add a card that is the first one but for what is changed."""
    return answers(
        lambda document: document["cards"] and document["cards"].append(_copy(document["cards"][0], **changed))
    )


def source(**changed: Any) -> Change:
    return answers(lambda document: [_set(one["source"], changed) for one in document["cards"]] and None)


def topic(**changed: Any) -> Change:
    return answers(lambda document: [_set(one["source"]["topic"], changed) for one in document["cards"]] and None)


def each(name: str, **changed: Any) -> Change:
    """Change each member of an array of the cards."""
    return answers(
        lambda document: [_set(part, changed) for one in document["cards"] for part in one.get(name, ())] and None
    )


def action(kind: str, **changed: Any) -> Change:
    def change(document: Json) -> None:
        for one in _actions(document):
            if one["type"] == kind:
                _set(one, changed)

    return answers(change)


def resource(kind: str, **changed: Any) -> Change:
    def change(document: Json) -> None:
        for one in _actions(document):
            if one["type"] == kind:
                _set(one["resource"], changed)

    return answers(change)


def about_somebody_else(document: Json) -> None:
    for one in _actions(document):
        for name in ("subject", "for"):
            if one["type"] == "create" and name in one["resource"]:
                one["resource"][name] = {"reference": "Patient/somebody-else"}


def _actions(document: Json) -> list[Json]:
    given = [one for card in document["cards"] for two in card.get("suggestions", ()) for one in two.get("actions", ())]
    return given + document.get("systemActions", [])


def _set(of: Json, changed: Json) -> None:
    for name, value in changed.items():
        if value is GONE:
            of.pop(name, None)
        else:
            of[name] = value(of) if callable(value) else value


GONE = object()

# What is asked, and what of it the service looks at


def mended(mend: Any, *, where: Any = lambda one: one.is_call) -> Change:
    """Mend a faulty request before the sound application sees it: the fault is overlooked."""

    def before(one: Exchanged) -> None:
        sent = one.sent
        if where(one) and isinstance(sent, dict):
            mend(sent)
            if sent != one.sent:
                one.sent = sent

    return before


def overlooked(name: str, value: Any, wrong: Any) -> Change:
    """Put a sound value where a member is wrong."""

    def mend(sent: Json) -> None:
        *path, last = name.split(".")
        inner = sent
        for step in path:
            inner = inner.get(step)
            if not isinstance(inner, dict):
                return
        if wrong(inner.get(last, GONE)):
            if value is GONE:
                inner.pop(last, None)
            else:
                inner[last] = value(sent) if callable(value) else value

    return mended(mend)


def is_gone(value: Any) -> bool:
    return value is GONE


def prefetched(change: Any) -> Change:
    """Change each value of the prefetch."""

    def mend(sent: Json) -> None:
        if isinstance(sent.get("prefetch"), dict):
            sent["prefetch"] = {key: change(value) for key, value in sent["prefetch"].items()}

    return mended(mend)


def a_failure_is_nothing(value: Any) -> Any:
    return None if isinstance(value, dict) and value.get("resourceType") == "OperationOutcome" else value


def a_page_is_the_whole(value: Any) -> Any:
    if not isinstance(value, dict) or "link" not in value:
        return value
    return {name: one for name, one in value.items() if name != "link"} | {"total": len(value["entry"])}


def no_guidance(*statuses: int, where: Any = lambda one: True) -> Change:
    """Answer failures by an empty list of cards."""

    def after(one: Exchanged) -> None:
        if one.is_call and one.status in statuses and where(one):
            one.status, one.document = 200, {"cards": []}

    return after


def status(to: int, where: Any) -> Change:
    def after(one: Exchanged) -> None:
        if where(one):
            one.status = to

    return after


def has_failure(one: Exchanged) -> bool:
    given = (one.sent or {}).get("prefetch")
    return isinstance(given, dict) and any(
        isinstance(v, dict) and v.get("resourceType") == "OperationOutcome" for v in given.values()
    )


def all_failures(one: Exchanged) -> bool:
    given = (one.sent or {}).get("prefetch")
    return isinstance(given, dict) and len(given) > 0 and all(
        isinstance(v, dict) and v.get("resourceType") == "OperationOutcome" for v in given.values()
    )  # fmt: skip


def is_broken(one: Exchanged) -> bool:
    return "none of this can be read" in one.body.decode(errors="replace")


def without_key(one: Exchanged) -> bool:
    given = (one.sent or {}).get("prefetch")
    return isinstance(given, dict) and not {"patient", "observations"} <= given.keys()


def of_another(one: Exchanged) -> bool:
    text = one.body.decode(errors="replace")
    return one.is_call and "conformance-2" in text and '"patientId":"conformance-1"' in text.replace(" ", "")


def put_right(one: Exchanged) -> None:
    """Take the record for this patient's whosever it is."""
    if of_another(one):
        one.body = one.body.replace(b"conformance-2", b"conformance-1")


def html_only(document: Json) -> None:
    for one in document["cards"]:
        one["detail"] = one["detail"].replace("&#60;", "<").replace("&#62;", ">")


def links_only(document: Json) -> None:
    for one in document["cards"]:
        for find, put in (
            ("&#91;", "["),
            ("&#93;", "]"),
            ("&#40;", "("),
            ("&#41;", ")"),
            ("&#58;", ":"),
            ("&#47;", "/"),
            ("&#46;", "."),
        ):
            one["detail"] = one["detail"].replace(find, put)


def blocks_only(document: Json) -> None:
    for one in document["cards"]:
        one["detail"] = one["detail"].replace("zqxv &#35; ", "zqxv\n\n# ")


def address_from_text(one: Exchanged) -> None:
    if one.is_call and one.status == 200 and b"hostile.example.org" in one.body:
        document = one.document
        for found in document["cards"]:
            found["links"].append({"label": "See", "url": "https://hostile.example.org/c", "type": "absolute"})
        one.document = document


def fault_on_html(one: Exchanged) -> None:
    if one.is_call and b"onerror" in one.body and one.path.endswith("ref-view"):
        one.status = 500


# Feedback


def feedback_mended(mend: Any) -> Change:
    def on(sent: Json) -> None:
        entries = sent.get("feedback")
        for entry in entries if isinstance(entries, list) else ():
            mend(entry)

    return mended(on, where=lambda one: one.is_feedback)


def feedback_refused(where: Any) -> Change:
    def after(one: Exchanged) -> None:
        entries = (one.sent or {}).get("feedback") if one.is_feedback else None
        if isinstance(entries, list) and one.status == 200 and where(entries):
            one.status = 400

    return after


SOUND_ENTRY = {"card": str(uuid.uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-01-01T00:00:00Z"}


def feedback_body(wrong: Any) -> Change:
    def before(one: Exchanged) -> None:
        if one.is_feedback and wrong(one.sent):
            one.sent = {"feedback": [SOUND_ENTRY]}

    return before


def _copy(of: Json, **changed: Any) -> Json:
    """Return another card like this one, with uuids of its own."""
    made = json.loads(json.dumps(of))
    made["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, of["uuid"]))
    for index, one in enumerate(made.get("suggestions", ())):
        one["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{made['uuid']}{index}"))
    _set(made, changed)
    return made


def second_time() -> Change:
    """Say more when the same question comes for the second time."""
    seen: dict[str, int] = {}

    def after(one: Exchanged) -> None:
        if one.is_call and one.status == 200 and b"conformance-2" not in one.body:
            asked = json.dumps({name: value for name, value in one.sent.items() if name != "hookInstance"})
            seen[asked] = seen.get(asked, 0) + 1
            if seen[asked] == 2:
                one.answer = one.answer.replace(b"What was seen:", b"What was seen again:")

    return after


def the_last_record() -> Change:
    """Look at an earlier record where the searches found nothing."""
    last: dict[str, Any] = {}

    def mend(sent: Json) -> None:
        given = sent.get("prefetch")
        if isinstance(given, dict) and isinstance(sent.get("hook"), str):
            if all(given.get(key) is None for key in ("conditions", "observations")) and len(given) > 1:
                sent["prefetch"] = last.get(sent["hook"], given)
            elif all(isinstance(one, dict) for one in given.values()):
                last.setdefault(sent["hook"], given)

    return mended(mend)


def the_last_orders() -> Change:
    """Look at earlier orders where they have nothing to do with a knee."""
    last: dict[str, Any] = {}

    def mend(sent: Json) -> None:
        about = sent.get("context")
        if isinstance(about, dict) and "draftOrders" in about:
            if "eyes" in json.dumps(about):
                about["draftOrders"] = last[sent["hook"]]
            else:
                last.setdefault(sent.get("hook"), about["draftOrders"])

    return mended(mend)


def last_name_wins(one: Exchanged) -> None:
    if one.is_call and one.sent is not None:
        one.sent = one.sent


def is_signing(one: Exchanged) -> bool:
    return one.is_call and b'"hook":"order-sign"' in one.body


def _some(one: Exchanged, holds: Any) -> bool:
    given = (one.sent or {}).get("prefetch") if isinstance(one.sent, dict) else None
    return isinstance(given, dict) and holds(given)


def _lacks_one(one: Exchanged) -> bool:
    return _some(one, lambda given: "conditions" not in given and len(given) == 2 and one.path.endswith("ref-view"))


def _ask_untold(one: Exchanged) -> None:
    server = one.sent["fhirServer"]
    httpx.get(f"{server}/Patient/conformance-1", trust_env=False)


DEFECTS: tuple[Defect, ...] = (
    Defect("discovery.endpoint", "discovery says 203", after=status(203, lambda one: one.is_discovery)),
    Defect("discovery.json", "discovery is text/html", after=lambda one: one.is_discovery and one.answered.update({"content-type": "text/html"})),
    Defect("discovery.title", "no title", after=service(title=GONE)),
    Defect("discovery.title-type", "a title is a number", after=service(title=7)),
    Defect("discovery.description", "no description", after=service(description=GONE)),
    Defect("discovery.usage", "usageRequirements is an object", after=service(usageRequirements={"a": "b"})),
    Defect("discovery.hook", "a service without hook", after=discovery(lambda found: found.append({"id": "more", "description": "more", "title": "more"}))),
    Defect("discovery.id", "a service without id", after=discovery(lambda found: found.append({"hook": "patient-view", "description": "more", "title": "more"}))),
    Defect("discovery.prefetch", "a template is an object", after=service(prefetch=lambda one: one["prefetch"] | {"more": {"a": "b"}})),
    Defect("discovery.pairs", "a service is listed twice", after=discovery(lambda found: found.append(found[0]))),
    Defect("discovery.delimiters", "a token in single braces", after=service(prefetch=lambda one: one["prefetch"] | {"more": "Flag?patient={context.patientId}"})),
    Defect("discovery.tokens", "a token of nothing known", after=service(prefetch=lambda one: one["prefetch"] | {"more": "Flag?patient={{patientId}}"})),
    Defect("discovery.root-tokens", "a token of a field in a field", after=service(prefetch=lambda one: one["prefetch"] | {"more": "Flag?patient={{context.patient.id}}"})),
    Defect("discovery.subset", "a query with _include", after=service(prefetch=lambda one: one["prefetch"] | {"more": "Flag?patient={{context.patientId}}&_include=Flag:author"})),
    Defect("discovery.ballot", "a version, which 2.0 does not know", after=service(version="3.0.0")),
    Defect("calls.json", "answers are text/plain", after=lambda one: one.is_call and one.status == 200 and one.answered.update({"content-type": "text/plain"})),
    Defect("calls.cards", "cards are an object where there are none", after=answers(lambda document: document.update(cards={"a": "b"}), where=is_signing)),
    Defect("calls.nothing", "nothing to say is 404", after=status(404, lambda one: _some(one, lambda given: "conditions" in given and given["conditions"] is None and given["observations"] is None))),
    Defect("calls.extensions", "an extension is refused", after=status(400, lambda one: one.is_call and b"org.example.ehr" in one.body)),
    Defect("calls.sandbox-drafts", "drafts need a type", after=status(400, lambda one: one.is_call and b'"draftOrders":{"resourceType":"Bundle","entry"' in one.body)),
    Defect("calls.authorized", "an access token is a fault", after=status(500, lambda one: one.is_call and one.status == 200 and b'"expires_in":300' in one.body and b"https://ehr.example.org/fhir" in one.body)),
    Defect("calls.same-answer", "the time in the detail", after=second_time()),
    Defect("calls.input-used", "an empty record gets a card", before=the_last_record()),
    Defect("calls.drafts-used", "orders are not looked at", before=the_last_orders()),
    Defect("calls.record-of-another", "whose record it is does not matter", before=put_right),
    Defect("calls.unknown-service", "an unknown service is 400", after=status(400, lambda one: one.is_call and one.status == 404)),
    Defect("calls.method", "GET of a service is 200", after=status(200, lambda one: one.method == "GET" and one.path.count("/") == 2)),
    Defect("calls.outcome", "refusals in a shape of its own", after=lambda one: one.is_call and one.status in (400, 404) and setattr(one, "document", {"error": "no"})),
    Defect("calls.no-trace", "a traceback", after=lambda one: one.is_call and one.body == b"{" and setattr(one, "document", one.document | {"text": {"status": "generated", "div": "Traceback (most recent call last)"}})),
    Defect("calls.no-access-token", "the access token comes back", after=lambda one: one.is_call and one.status == 200 and b"conformance-access-token" in one.body and setattr(one, "document", one.document | {"extension": {"org.example.ref": {"token": "conformance-access-token"}}})),
    Defect("refuses.no-hook", "a hook is not needed", before=overlooked("hook", "patient-view", is_gone)),
    Defect("refuses.no-instance", "a hookInstance is not needed", before=overlooked("hookInstance", lambda _: str(uuid.uuid4()), is_gone)),
    Defect("refuses.instance-no-uuid", "any hookInstance will do", before=overlooked("hookInstance", lambda _: str(uuid.uuid4()), lambda value: value == "not-a-uuid")),
    Defect("refuses.no-context", "a context is not needed", after=no_guidance(400, where=lambda one: isinstance(one.sent, dict) and "context" not in one.sent)),
    Defect("refuses.context-no-object", "a context may be text", after=no_guidance(400, where=lambda one: isinstance(one.sent, dict) and one.sent.get("context") == "patient")),
    Defect("refuses.no-patient", "a patient is not needed", before=overlooked("context.patientId", "conformance-1", is_gone)),
    Defect("refuses.no-user", "a user is not needed", before=overlooked("context.userId", "Practitioner/x", is_gone)),
    Defect("refuses.user-no-type", "a user needs no type", before=overlooked("context.userId", "Practitioner/x", lambda value: value == "somebody")),
    Defect("refuses.patient-typed", "a patientId may have a type", before=overlooked("context.patientId", "conformance-1", lambda value: value == "Patient/conformance-1")),
    Defect("refuses.no-drafts", "orders without drafts are nothing to say", after=no_guidance(400, where=lambda one: isinstance(one.sent, dict) and one.sent.get("hook", "").startswith("order") and isinstance(one.sent.get("context"), dict) and "draftOrders" not in one.sent["context"])),
    Defect("refuses.drafts-no-bundle", "drafts may be text", after=no_guidance(400, where=lambda one: b'"draftOrders":"orders"' in one.body)),
    Defect("refuses.no-selections", "selections are not needed", before=mended(lambda sent: sent.get("hook") == "order-select" and isinstance(sent.get("context"), dict) and sent["context"].setdefault("selections", ["ServiceRequest/xray"]))),
    Defect("refuses.selections-no-type", "selections need no type", before=overlooked("context.selections", ["ServiceRequest/xray"], lambda value: value == ["xray"])),
    Defect("refuses.prefetch-no-object", "a prefetch may be a list", after=no_guidance(400, where=lambda one: isinstance(one.sent, dict) and isinstance(one.sent.get("prefetch"), list))),
    Defect("refuses.null-member", "null is an absence", before=overlooked("fhirServer", GONE, lambda value: value is None)),
    Defect("refuses.empty-string", "empty text is an absence", before=overlooked("fhirServer", GONE, lambda value: value == "")),
    Defect("refuses.null-in-context", "null in the context is an absence", before=overlooked("context.encounterId", GONE, lambda value: value is None)),
    Defect("refuses.other-hook", "another hook is nothing to say", after=no_guidance(400, where=lambda one: b"kneecds-no-hook" in one.body)),
    Defect("refuses.token-without-server", "a token needs no server", before=mended(lambda sent: "fhirAuthorization" in sent and sent.setdefault("fhirServer", "https://x.example.org"))),
    Defect("refuses.token-type", "any token_type will do", before=overlooked("fhirAuthorization.token_type", "Bearer", lambda value: value == "MAC")),
    Defect("refuses.expires-string", "expires_in may be text", before=overlooked("fhirAuthorization.expires_in", 300, lambda value: value == "300")),
    Defect("refuses.no-json", "no JSON is nothing to say", after=no_guidance(400, where=lambda one: one.body == b'{"hook": ')),
    Defect("refuses.no-object", "no object is a fault", after=status(500, lambda one: one.body == b"[]")),
    Defect("refuses.media-type", "any media type will do", before=lambda one: one.headers.update({"content-type": "application/json"})),
    Defect("refuses.repeated-name", "the last of two names wins", before=last_name_wins),
    Defect("refuses.deep", "depth is a fault", after=status(500, lambda one: len(one.body) > 150_000 and b"[[[[[[" in one.body)),
    Defect("prefetch.null", "null is refused", after=status(400, lambda one: one.is_call and _some(one, lambda given: sum(value is None for value in given.values()) == 1 and len(given) == 3))),
    Defect("prefetch.missing", "a missing key is 400", after=lambda one: one.is_call and _lacks_one(one) and setattr(one, "status", 400)),
    Defect("prefetch.none", "no data at all is nothing to say", after=no_guidance(412, where=lambda one: "prefetch" not in one.sent)),
    Defect("prefetch.412-named", "412 does not say what is missing", after=lambda one: one.status == 412 and setattr(one, "answer", one.answer.replace(b"prefetch.", b"").replace(b"patient", b"p").replace(b"observations", b"o"))),
    Defect("prefetch.failed", "a failed query is a fault", after=status(500, lambda one: one.is_call and has_failure(one) and not all_failures(one))),
    Defect("prefetch.failed-apart", "a failed query found nothing", before=lambda one: None if all_failures(one) else prefetched(a_failure_is_nothing)(one)),
    Defect("prefetch.all-failed", "failed queries are nothing to say", after=no_guidance(412, where=all_failures)),
    Defect("prefetch.paged", "a page is the whole", before=prefetched(a_page_is_the_whole)),
    Defect("prefetch.unreadable", "unreadable data is nothing to say", after=no_guidance(412, 400, where=is_broken)),
    Defect("prefetch.fetched", "what was fetched is a fault", after=status(500, lambda one: one.is_call and b"127.0.0.1" in one.body and b"fhirAuthorization" in one.body)),
    Defect("prefetch.access-token", "a query without the token", before=lambda one: one.is_call and b"127.0.0.1" in one.body and _ask_untold(one)),
    Defect("json.blank", "null in a card", after=card(comment=None)),
    Defect("json.blank", "an empty array of links", after=answers(lambda document: [one.update(extra=[]) for one in document["cards"]] and None)),
    Defect("json.blank", "an empty summary in a source", after=source(extra="")),
    Defect("json.extension-objects", "an extension is text", after=card(extension={"org.example.ref": "x"})),
    Defect("json.extension-names", "an extension without a domain", after=card(extension={"mine": {"a": 1}})),
    Defect("cards.uuid", "a uuid is a number", after=another(uuid=7)),
    Defect("cards.uuid-form", "a uuid is any text", after=card(uuid=lambda one: f"card {one['uuid']}")),
    Defect("cards.uuid-once", "two suggestions of one uuid", after=answers(lambda document: [two.update(uuid=one["suggestions"][0]["uuid"]) for one in document["cards"] for two in one["suggestions"]] and None)),
    Defect("cards.uuid-of-patient", "a uuid for whichever patient", after=card(uuid=lambda one: str(uuid.uuid5(uuid.NAMESPACE_URL, one["summary"])))),
    Defect("cards.summary", "no summary", after=another(summary=GONE)),
    Defect("cards.summary-length", "140 characters", after=card(summary="s" * 140)),
    Defect("cards.summary-length", "139 code points, 140 as JavaScript counts", after=card(summary="s" * 138 + "\U0001f9b5")),
    Defect("cards.detail", "a detail is an array", after=another(detail=["x"])),
    Defect("cards.indicator", "no indicator", after=another(indicator=GONE)),
    Defect("cards.indicator-code", "an indicator of its own", after=card(indicator="hard-stop")),
    Defect("cards.source", "a source is text", after=another(source="Reference")),
    Defect("cards.suggestions", "suggestions are an object", after=another(suggestions={"label": "x"})),
    Defect("cards.selection", "no selectionBehavior", after=another(selectionBehavior=GONE)),
    Defect("cards.selection-code", "a selectionBehavior of its own", after=another(selectionBehavior="exactly-one")),
    Defect("cards.override-reasons", "overrideReasons are an object", after=another(overrideReasons={"code": "x"})),
    Defect("cards.override-code", "a reason without code", after=each("overrideReasons", code=GONE)),
    Defect("cards.override-system", "a reason without system", after=each("overrideReasons", system=GONE)),
    Defect("cards.override-display", "a reason without display", after=each("overrideReasons", display=GONE)),
    Defect("cards.links", "links are an object", after=another(links={"label": "x"})),
    Defect("source.label", "no label", after=source(label=GONE)),
    Defect("source.url", "a relative url", after=source(url="/about")),
    Defect("source.icon", "a relative icon", after=source(icon="icon.png")),
    Defect("source.topic", "a topic is text", after=another(source={"label": "x", "topic": ["a"]})),
    Defect("source.topic-code", "a topic without code", after=topic(code=GONE)),
    Defect("source.topic-system", "a topic without system", after=topic(system=GONE)),
    Defect("source.topic-display", "a display is a number", after=topic(display=7)),
    Defect("links.label", "a link without label", after=each("links", label=GONE)),
    Defect("links.url", "a link without url", after=answers(lambda document: [one["links"].append({"label": "x", "type": "absolute"}) for one in document["cards"]] and None)),
    Defect("links.absolute", "a link to a script", after=answers(lambda document: [one["links"].append({"label": "x", "type": "absolute", "url": "javascript:alert(1)"}) for one in document["cards"]] and None)),
    Defect("links.type", "a link without type", after=answers(lambda document: [one["links"].append({"label": "x", "url": "https://a.example.org"}) for one in document["cards"]] and None)),
    Defect("links.type-code", "a link of a type of its own", after=answers(lambda document: [one["links"].append({"label": "x", "url": "https://a.example.org", "type": "Absolute"}) for one in document["cards"]] and None)),
    Defect("links.app-context", "an absolute link with appContext", after=each("links", appContext="c")),
    Defect("links.app-context-type", "an appContext is an object", after=answers(lambda document: [one["links"].append({"label": "x", "url": "https://a.example.org", "type": "smart", "appContext": {"a": 1}}) for one in document["cards"]] and None)),
    Defect("links.autolaunchable", "autolaunchable is text", after=each("links", autolaunchable="no")),
    Defect("suggestions.label", "a suggestion without label", after=each("suggestions", label=GONE)),
    Defect("suggestions.uuid", "a suggestion's uuid is a number", after=answers(lambda document: [one["suggestions"].append({"label": "x", "uuid": 3}) for one in document["cards"]] and None)),
    Defect("suggestions.uuid-form", "a suggestion's uuid is any text", after=answers(lambda document: [one["suggestions"].append({"label": "x", "uuid": "x"}) for one in document["cards"]] and None)),
    Defect("suggestions.recommended", "isRecommended is text", after=answers(lambda document: [one["suggestions"].append({"label": "x", "isRecommended": "true"}) for one in document["cards"]] and None)),
    Defect("suggestions.one-recommended", "two of one are recommended", after=each("suggestions", isRecommended=True)),
    Defect("suggestions.actions", "actions are an object", after=answers(lambda document: [one["suggestions"].append({"label": "x", "actions": {"type": "create"}}) for one in document["cards"]] and None)),
    Defect("suggestions.ballot", "actionSelectionBehavior", after=each("suggestions", actionSelectionBehavior="all")),
    Defect("actions.type", "an action without type", after=answers(lambda document: [one["suggestions"].append({"label": "x", "actions": [{"description": "x"}]}) for one in document["cards"]] and None)),
    Defect("actions.type-code", "an action type in capitals", after=answers(lambda document: [one["suggestions"].append({"label": "x", "actions": [{"type": "CREATE", "description": "x"}]}) for one in document["cards"]] and None)),
    Defect("actions.description", "an action without description", after=action("create", description=GONE)),
    Defect("actions.resource", "a resource is text", after=answers(lambda document: [one["suggestions"].append({"label": "x", "actions": [{"type": "create", "description": "x", "resource": "{}"}]}) for one in document["cards"]] and None)),
    Defect("actions.resource-sound", "a resource that is no FHIR", after=resource("create", status="wished")),
    Defect("actions.temporary-id", "a new resource without id", after=resource("create", id=GONE)),
    Defect("actions.update-id", "an update without id", after=resource("update", id=GONE)),
    Defect("actions.delete-target", "a deletion of an id without type", after=action("delete", resourceId="xray")),
    Defect("actions.delete-resource", "a deletion with a resource", after=action("delete", resource={"resourceType": "ServiceRequest", "id": "xray"})),
    Defect("actions.patient", "a task about another patient", after=answers(about_somebody_else)),
    Defect("actions.system", "systemActions are an object", after=answers(lambda document: document.update(systemActions={"type": "update"}), where=lambda one: one.path.endswith("ref-view"))),
    Defect("feedback.accepted", "what was accepted is refused", after=feedback_refused(lambda entries: len(entries) == 1 and entries[0].get("outcome") == "accepted")),
    Defect("feedback.overridden-with-a-reason", "a reason is refused", after=feedback_refused(lambda entries: "reason" in entries[0].get("overrideReason", {}))),
    Defect("feedback.overridden-with-a-comment", "a comment is refused", after=feedback_refused(lambda entries: "userComment" in entries[0].get("overrideReason", {}))),
    Defect("feedback.overridden-without-a-reason", "a reason is needed", after=feedback_refused(lambda entries: len(entries) == 1 and entries[0].get("outcome") == "overridden" and "overrideReason" not in entries[0])),
    Defect("feedback.several", "one entry only", after=feedback_refused(lambda entries: len(entries) > 1)),
    Defect("feedback.refuses-no-array", "feedback may be anything", before=feedback_body(lambda sent: sent == {})),
    Defect("feedback.refuses-array-is-an-object", "feedback may be an object", before=feedback_body(lambda sent: isinstance(sent, dict) and isinstance(sent.get("feedback"), dict))),
    Defect("feedback.refuses-no-json", "feedback need not be JSON", after=status(200, lambda one: one.is_feedback and one.sent is None)),
    Defect("feedback.refuses-no-card", "feedback on no card", before=feedback_mended(lambda entry: entry.setdefault("card", "x"))),
    Defect("feedback.refuses-null-card", "feedback on null", before=feedback_mended(lambda entry: entry.get("card", "") is None and entry.update(card="x"))),
    Defect("feedback.refuses-no-outcome", "an outcome is not needed", before=feedback_mended(lambda entry: entry.setdefault("outcome", "accepted"))),
    Defect("feedback.refuses-other-outcome", "an outcome of its own", before=feedback_mended(lambda entry: entry.get("outcome") == "ignored" and entry.update(outcome="overridden"))),
    Defect("feedback.refuses-nothing-accepted", "accepted, but nothing", before=feedback_mended(lambda entry: entry.setdefault("acceptedSuggestions", [{"id": "x"}]))),
    Defect("feedback.refuses-empty-reason", "a reason may be empty", before=feedback_mended(lambda entry: entry.get("overrideReason") == {} and entry.pop("overrideReason"))),
    Defect("feedback.refuses-no-time", "a time is not needed", before=feedback_mended(lambda entry: entry.setdefault("outcomeTimestamp", "2026-01-01T00:00:00Z"))),
    Defect("feedback.refuses-no-time-of-day", "a day is time enough", before=feedback_mended(lambda entry: "T" not in entry.get("outcomeTimestamp", "T") and entry.update(outcomeTimestamp="2026-01-01T00:00:00Z"))),
    Defect("feedback.unknown-service", "feedback for no service is taken", after=status(200, lambda one: one.is_feedback and one.status == 404)),
    Defect("feedback.method", "feedback can be asked for", after=status(200, lambda one: one.method == "GET" and one.path.endswith("/feedback"))),
    Defect("cors.preflight", "no header authorization", after=lambda one: one.method == "OPTIONS" and one.answered.update({"access-control-allow-headers": "content-type"})),
    Defect("cors.answers", "answers do not allow the origin", after=lambda one: one.method != "OPTIONS" and one.answered.pop("access-control-allow-origin", None)),
    Defect("cors.foreign", "any origin", after=lambda one: one.method == "OPTIONS" and one.answered.update({"access-control-allow-origin": one.headers["origin"]})),
    Defect("safety.html", "HTML is not escaped", after=answers(html_only)),
    Defect("safety.links", "links are not escaped", after=answers(links_only)),
    Defect("safety.blocks", "lines are kept", after=answers(blocks_only)),
    Defect("safety.addresses", "an address of the text becomes a link", after=address_from_text),
    Defect("safety.survived", "HTML is a fault", after=fault_on_html),
)  # fmt: skip

# Tokens: the defect takes a bad one for good, by putting a good one in its place


def _parts(token: str) -> tuple[Json, Json]:
    head, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))) for one in (head, claims))  # type: ignore[return-value]


class TokenDefect(NamedTuple):
    """A token that is taken although it is bad; `is_bad` looks at header, claims and the token."""

    check: str
    name: str
    is_bad: Any


OTHER = "https://other.example.org"
TOKEN_DEFECTS: tuple[TokenDefect, ...] = (
    TokenDefect("security.token-none", "none is an algorithm", lambda head, claims, _: head["alg"] == "none"),
    TokenDefect("security.token-hs256", "HS256 with the public key", lambda head, claims, _: head["alg"] == "HS256"),
    TokenDefect("security.token-changed-after-signing", "signatures are not verified", lambda head, claims, _: claims.get("tenant") == "changed"),
    TokenDefect("security.token-for-another-address", "aud is not looked at", lambda head, claims, _: str(claims.get("aud", "")).startswith(OTHER)),
    TokenDefect("security.token-without-audience", "aud is not needed", lambda head, claims, _: "aud" not in claims),
    TokenDefect("security.token-expired", "exp is not looked at", lambda head, claims, _: claims.get("exp", claims["iat"]) - claims["iat"] == 3600),
    TokenDefect("security.token-without-expiry", "exp is not needed", lambda head, claims, _: "exp" not in claims),
    TokenDefect("security.token-not-valid-yet", "nbf is not looked at", lambda head, claims, _: "nbf" in claims),
    TokenDefect("security.token-of-another-issuer", "any issuer will do", lambda head, claims, _: claims.get("iss") == OTHER),
    TokenDefect("security.token-without-issuer", "an issuer is not needed", lambda head, claims, _: "iss" not in claims),
    TokenDefect("security.foreign-jku", "any jku is trusted", lambda head, claims, _: "jku" in head),
)  # fmt: skip


def taking(is_bad: Any, signer: Signer, url: str) -> Change:
    """Return a defect that takes some bad tokens."""

    def before(one: Exchanged) -> None:
        token = one.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            head, claims = _parts(token)
        except ValueError:
            return
        if is_bad(head, claims, token):
            one.headers["authorization"] = f"Bearer {signer.token(url + one.path)}"

    return before
