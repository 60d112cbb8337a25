"""Every check, in the order in which they are run: its id, what it rests on, how much that weighs, and where it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.conformance import requests
from kneecds.conformance.changes import GONE
from kneecds.conformance.checks import (
    calls,
    cards,
    cors,
    discovery,
    feedback,
    fields,
    latency,
    prefetch,
    refusals,
    safety,
    security,
)
from kneecds.conformance.checks import suggestions as suggested
from kneecds.conformance.requirements import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.conformance.requirements import Level
    from kneecds.conformance.result import Problem
    from kneecds.conformance.suite import Suite


class Check(NamedTuple):
    """One question to the service."""

    id: str
    requirements: tuple[str, ...]
    level: Level
    title: str
    look: Callable[[Suite], Iterator[Problem]]

    @property
    def link(self) -> str:
        """Return where the first requirement is written."""
        return REQUIREMENTS[self.requirements[0]].link


def _row(identifier: str, rests_on: str, level: Level, title: str, look: Callable[[Suite], Iterator[Problem]]) -> Check:
    return Check(identifier, tuple(rests_on.split()), level, title, look)


SHALL: Final = "SHALL"
SHOULD: Final = "SHOULD"
MAY: Final = "MAY"

DISCOVERY: Final = (
    _row("discovery.endpoint", "R-4 R-5 R-13 I-discovery-endpoint", SHALL, "discovery is answered with 200", discovery.endpoint),
    _row("discovery.json", "R-1 I-discovery-endpoint", SHALL, "discovery is JSON", discovery.json),
    _row("discovery.services", "R-6 I-discovery-services", SHALL, "discovery is an object with an array of services", discovery.listed),
    _row("discovery.hook", "R-7 I-discovery-services", SHALL, "each service has a hook", partial(fields.required, "service", "hook", str)),
    _row("discovery.id", "R-10 I-discovery-services", SHALL, "each service has an id", partial(fields.required, "service", "id", str)),
    _row("discovery.description", "R-9 I-discovery-services", SHALL, "each service has a description", partial(fields.required, "service", "description", str)),
    _row("discovery.title", "R-8", SHOULD, "each service has a title", partial(fields.present, "service", "title")),
    _row("discovery.title-type", "R-8", SHALL, "a title is a string", partial(fields.optional, "service", "title", str)),
    _row("discovery.usage", "R-12", SHALL, "usageRequirements is a string", partial(fields.optional, "service", "usageRequirements", str)),
    _row("discovery.prefetch", "R-11 R-29 R-36", SHALL, "prefetch maps keys to template strings", discovery.prefetch_strings),
    _row("discovery.pairs", "R-10 R-211", SHALL, "no service is listed twice for one hook", discovery.pairs),
    _row("discovery.delimiters", "R-55", SHALL, "prefetch tokens stand between {{ and }}", discovery.delimiters),
    _row("discovery.tokens", "R-56 R-59 R-35", SHALL, "prefetch tokens are of the context or the user", discovery.tokens),
    _row("discovery.root-tokens", "R-57", SHALL, "prefetch tokens name primitive root fields", discovery.root_tokens),
    _row("discovery.subset", "R-58", SHOULD, "prefetch queries keep to the recommended subset", discovery.subset),
    _row("discovery.ballot", "3.0-elements", SHOULD, "discovery has nothing that only the ballot of 3.0 knows", discovery.ballot),
)  # fmt: skip

CALLS: Final = (
    _row("requests.required", "I-request-required", SHALL, "the suite's own requests have what they must", partial(calls.rule, requests.missing)),
    _row("requests.context", "I-request-context", SHALL, "the suite's own contexts keep the rules of the hook", partial(calls.rule, requests.wrong_context)),
    _row("requests.optional", "I-request-optional", SHALL, "the suite's own optional members are sound", partial(calls.rule, requests.wrong_options)),
    _row("calls.sound", "R-16 R-74 I-service-call", SHALL, "a sound call is answered with 200", calls.sound),
    _row("calls.json", "R-1 I-service-call", SHALL, "answers are JSON", calls.json),
    _row("calls.cards", "R-74 I-response", SHALL, "answers have an array of cards", calls.cards_array),
    _row("calls.guidance", "I-response", SHOULD, "some call is answered with a card", cards.guidance),
    _row("calls.same-id", "R-211 R-78 R-212", SHALL, "a service under several hooks answers to each", calls.same_id),
    _row("calls.nothing", "R-77", SHOULD, "an empty record is answered with 200", calls.nothing_to_say),
    _row("calls.extensions", "S-real-client", SHALL, "unknown extensions of a request are tolerated", calls.extensions_taken),
    _row("calls.sandbox-drafts", "S-real-client", SHALL, "drafts as the sandbox sends them are taken", calls.sandbox_drafts),
    _row("calls.authorized", "R-60", SHALL, "a call with an access token is answered", calls.authorization_taken),
    _row("calls.same-answer", "S-same-answer", SHOULD, "the same question gets the same answer", calls.same_answer),
    _row("calls.parallel", "S-one-patient", SHALL, "calls at the same time do not mix", calls.parallel),
    _row("calls.input-used", "S-input-used", SHOULD, "what is prefetched is looked at", calls.input_used),
    _row("calls.drafts-used", "S-input-used", SHOULD, "draft orders are looked at", calls.drafts_used),
    _row("calls.record-of-another", "S-one-patient", SHALL, "a record of another patient is noticed", calls.other_record),
    _row("calls.unknown-service", "RFC-9110-404 R-16", SHALL, "a service that is not there is 404", refusals.unknown_service),
    _row("calls.method", "RFC-9110-405", SHALL, "methods that are not there are 405", refusals.wrong_method),
    _row("calls.outcome", "3.0-outcome", SHOULD, "refusals are explained by an OperationOutcome", refusals.outcome_bodies),
    _row("calls.no-trace", "S-no-secrets", SHALL, "refusals do not show the inside of the service", refusals.no_trace),
    _row("calls.no-access-token", "S-no-secrets", SHALL, "answers do not repeat the access token", calls.authorization_kept),
)  # fmt: skip

# Requests with one member that is wrong: id, what it rests on, level, the member, its value.
_REFUSED: Final[tuple[tuple[str, str, Level, str, object], ...]] = (
    ("no-hook", "S-request-rules", "SHOULD", "hook", GONE),
    ("no-instance", "S-request-rules", "SHOULD", "hookInstance", GONE),
    ("instance-no-uuid", "S-request-rules", "SHOULD", "hookInstance", "not-a-uuid"),
    ("no-context", "S-request-rules S-failure-is-seen", "SHALL", "context", GONE),
    ("context-no-object", "S-request-rules S-failure-is-seen", "SHALL", "context", "patient"),
    ("no-patient", "S-request-rules S-one-patient", "SHALL", "context.patientId", GONE),
    ("no-user", "S-request-rules", "SHOULD", "context.userId", GONE),
    ("user-no-type", "S-request-rules", "SHOULD", "context.userId", "somebody"),
    ("patient-typed", "S-request-rules S-one-patient", "SHOULD", "context.patientId", "Patient/conformance-1"),
    ("no-drafts", "S-request-rules S-failure-is-seen", "SHALL", "context.draftOrders", GONE),
    ("drafts-no-bundle", "S-request-rules S-failure-is-seen", "SHALL", "context.draftOrders", "orders"),
    ("no-selections", "S-request-rules", "SHOULD", "context.selections", GONE),
    ("selections-no-type", "S-request-rules", "SHOULD", "context.selections", ["xray"]),
    ("prefetch-no-object", "S-request-rules S-failure-is-seen", "SHALL", "prefetch", ["Patient"]),
    ("null-member", "R-3 S-request-rules", "SHOULD", "fhirServer", None),
    ("empty-string", "R-3 S-request-rules", "SHOULD", "fhirServer", ""),
    ("null-in-context", "R-3 S-request-rules", "SHOULD", "context.encounterId", None),
)

REFUSALS: Final = (
    *(_row(f"refuses.{name}", rests, level, f"a request with {'no ' + place if value is GONE else f'{place} = {value!r}'} is refused", partial(refusals.refused, place, value))
      for name, rests, level, place, value in _REFUSED),
    _row("refuses.other-hook", "S-request-rules", SHALL, "a request for another hook is refused", refusals.other_hook),
    _row("refuses.token-without-server", "cds-r-1", SHOULD, "fhirAuthorization without fhirServer is refused", refusals.authorization_alone),
    _row("refuses.token-type", "S-request-rules", SHOULD, "a token_type other than Bearer is refused", partial(refusals.authorization_rule, "token_type", "MAC")),
    _row("refuses.expires-string", "S-request-rules", SHOULD, "expires_in as a string is refused", partial(refusals.authorization_rule, "expires_in", "300")),
    _row("refuses.no-json", "S-hostile-input R-1", SHALL, "a body that is no JSON is refused", partial(refusals.not_an_object, b'{"hook": ', "application/json")),
    _row("refuses.no-object", "S-hostile-input", SHALL, "a body that is no object is refused", partial(refusals.not_an_object, b"[]", "application/json")),
    _row("refuses.media-type", "RFC-9110-415", SHOULD, "a body that is not declared as JSON is refused", partial(refusals.not_an_object, b"", "text/plain")),
    _row("refuses.repeated-name", "RFC-8259-names S-one-patient", SHOULD, "two members of one name are refused", refusals.repeated_name),
    _row("refuses.deep", "S-hostile-input", SHALL, "a body nested too deeply is refused", refusals.deep),
)  # fmt: skip

PREFETCH: Final = (
    _row("prefetch.null", "R-53 S-failure-is-seen", SHALL, "null for a key is answered, or 412", prefetch.null),
    _row("prefetch.missing", "R-54", SHALL, "a missing key is answered, or 412", prefetch.missing),
    _row("prefetch.none", "R-54 R-34 S-failure-is-seen", SHALL, "no data at all is 412 or said, never `cards: []`", prefetch.none_at_all),
    _row("prefetch.412-named", "3.0-outcome R-54", SHOULD, "412 names the missing datum in an OperationOutcome", prefetch.lacking_named),
    _row("prefetch.failed", "R-52", SHALL, "an OperationOutcome for a key is answered, or 412", prefetch.failed_answered),
    _row("prefetch.failed-apart", "R-52", SHOULD, "a failed query is told apart from one that found nothing", prefetch.failed_told_apart),
    _row("prefetch.all-failed", "R-52 S-failure-is-seen", SHALL, "failed queries are never answered by `cards: []`", prefetch.all_failed),
    _row("prefetch.paged", "S-paging", SHOULD, "one page of several is told apart from the whole", prefetch.paged),
    _row("prefetch.unreadable", "S-failure-is-seen", SHALL, "unreadable data is never answered by `cards: []` or a fault", prefetch.unreadable),
    _row("prefetch.fetched", "R-34 R-60", SHALL, "what was not prefetched is fetched", prefetch.fetched),
    _row("prefetch.access-token", "R-61", SHALL, "each query of the FHIR server shows the access token", prefetch.token_shown),
)  # fmt: skip

CARDS: Final = (
    _row("json.blank", "R-3 I-request-optional", SHALL, "nothing sent is null or empty", fields.blank),
    _row("json.extension-objects", "R-214", SHALL, "extensions are objects", fields.extension_objects),
    _row("json.extension-names", "R-215", SHOULD, "extensions have reverse-domain names", fields.extension_names),
    _row("cards.uuid", "R-80", SHALL, "a card's uuid is a string", partial(fields.optional, "card", "uuid", str)),
    _row("cards.uuid-form", "R-80 I-card-optional", SHOULD, "a card's uuid is a UUID", partial(fields.uuid_form, "card", "uuid")),
    _row("cards.uuid-there", "R-81", MAY, "a card has a uuid, without which there is no feedback", partial(fields.present, "card", "uuid")),
    _row("cards.uuid-once", "R-80", SHALL, "no two cards or suggestions of an answer share a uuid", cards.uuids),
    _row("cards.uuid-of-patient", "R-80 S-one-patient", SHALL, "cards on two patients have two uuids", cards.uuid_of_patient),
    _row("cards.summary", "R-83 I-response", SHALL, "a card has a summary", partial(fields.required, "card", "summary", str)),
    _row("cards.summary-length", "R-83 I-response", SHALL, "a summary has fewer than 140 characters", cards.summary_length),
    _row("cards.detail", "R-84 R-85 I-card-optional", SHALL, "detail is a string", partial(fields.optional, "card", "detail", str)),
    _row("cards.indicator", "R-87 I-response", SHALL, "a card has an indicator", partial(fields.required, "card", "indicator", str)),
    _row("cards.indicator-code", "R-88 I-response", SHALL, "an indicator is info, warning or critical", partial(fields.one_of, "card", "indicator", ("info", "warning", "critical"))),
    _row("cards.source", "R-90 I-response", SHALL, "a card has a source", partial(fields.required, "card", "source", dict)),
    _row("cards.suggestions", "R-92 R-94 I-card-optional", SHALL, "suggestions are an array", partial(fields.optional, "card", "suggestions", list)),
    _row("cards.selection", "R-93 R-96 cds-resp-6 I-card-optional", SHALL, "suggestions come with a selectionBehavior", cards.selection_present),
    _row("cards.selection-code", "R-95 I-card-optional", SHALL, "selectionBehavior is at-most-one or any", partial(fields.one_of, "card", "selectionBehavior", ("at-most-one", "any"))),
    _row("cards.override-reasons", "R-98 R-99 I-card-optional", SHALL, "overrideReasons are an array", partial(fields.optional, "card", "overrideReasons", list)),
    _row("cards.override-code", "R-216 R-218", SHALL, "an override reason has a code", partial(fields.required, "override reason", "code", str)),
    _row("cards.override-system", "R-217", SHALL, "an override reason has a system", partial(fields.required, "override reason", "system", str)),
    _row("cards.override-display", "R-100 R-136 R-219 cds-resp-4 I-card-optional", SHALL, "an override reason has a display", partial(fields.required, "override reason", "display", str)),
    _row("cards.links", "R-103 R-104 I-card-optional", SHALL, "links are an array", partial(fields.optional, "card", "links", list)),
    _row("source.label", "R-105 I-response", SHALL, "a source has a label", partial(fields.required, "source", "label", str)),
    _row("source.url", "R-107 R-108", SHALL, "a source's url is absolute", partial(fields.absolute, "source", "url")),
    _row("source.icon", "R-111 R-113", SHALL, "a source's icon is an absolute url", partial(fields.absolute, "source", "icon")),
    _row("source.topic", "R-115 I-response", SHALL, "a topic is a Coding", partial(fields.optional, "source", "topic", dict)),
    _row("source.topic-there", "R-116 I-response", MAY, "a source has a topic, as CRD asks", partial(fields.present, "source", "topic")),
    _row("source.topic-code", "R-216 R-115 I-response", SHALL, "a topic has a code", partial(fields.required, "topic", "code", str)),
    _row("source.topic-system", "R-217 R-115 I-response", SHALL, "a topic has a system", partial(fields.required, "topic", "system", str)),
    _row("source.topic-display", "R-220", SHALL, "a topic's display is a string", partial(fields.optional, "topic", "display", str)),
    _row("links.label", "R-138 I-card-optional", SHALL, "a link has a label", partial(fields.required, "link", "label", str)),
    _row("links.url", "R-139 I-card-optional", SHALL, "a link has a url", partial(fields.required, "link", "url", str)),
    _row("links.absolute", "R-142 I-card-optional", SHALL, "a link's url is absolute", partial(fields.absolute, "link", "url")),
    _row("links.type", "R-141 I-card-optional", SHALL, "a link has a type", partial(fields.required, "link", "type", str)),
    _row("links.type-code", "R-142 I-card-optional", SHALL, "a link's type is absolute or smart", partial(fields.one_of, "link", "type", ("absolute", "smart"))),
    _row("links.app-context", "R-146 R-147 cds-resp-3 I-card-optional", SHALL, "an absolute link has no appContext", cards.app_context),
    _row("links.app-context-type", "R-144 R-145", SHALL, "an appContext is a string", partial(fields.optional, "link", "appContext", str)),
    _row("links.autolaunchable", "3.0-elements", SHALL, "autolaunchable is a boolean", partial(fields.optional, "link", "autolaunchable", bool)),
)  # fmt: skip

SUGGESTIONS: Final = (
    _row("suggestions.label", "R-117 I-card-optional", SHALL, "a suggestion has a label", partial(fields.required, "suggestion", "label", str)),
    _row("suggestions.uuid", "R-119", SHALL, "a suggestion's uuid is a string", partial(fields.optional, "suggestion", "uuid", str)),
    _row("suggestions.uuid-form", "R-119", SHOULD, "a suggestion's uuid is a UUID", partial(fields.uuid_form, "suggestion", "uuid")),
    _row("suggestions.uuid-there", "R-118", MAY, "a suggestion has a uuid, without which it is not fed back", partial(fields.present, "suggestion", "uuid")),
    _row("suggestions.recommended", "R-120 R-121", SHALL, "isRecommended is a boolean", partial(fields.optional, "suggestion", "isRecommended", bool)),
    _row("suggestions.one-recommended", "cds-resp-1", SHALL, "at most one is recommended of which one may be chosen", suggested.recommended),
    _row("suggestions.actions", "R-123 R-124 I-card-optional", SHALL, "actions are an array", partial(fields.optional, "suggestion", "actions", list)),
    _row("suggestions.ballot", "3.0-elements", SHOULD, "a suggestion has nothing that only the ballot of 3.0 knows", suggested.ballot),
    _row("actions.type", "R-127 I-card-optional", SHALL, "an action has a type", partial(fields.required, "action", "type", str)),
    _row("actions.type-code", "R-127 I-card-optional", SHALL, "an action's type is create, update or delete", partial(fields.one_of, "action", "type", suggested.ACTIONS)),
    _row("actions.description", "R-128 I-card-optional", SHALL, "an action has a description", partial(fields.required, "action", "description", str)),
    _row("actions.resource", "R-130 R-131 R-132 I-card-optional", SHALL, "create and update have a FHIR resource as an object", suggested.resource_present),
    _row("actions.resource-sound", "R-130 R-1 I-card-optional", SHALL, "resources in actions are sound FHIR", suggested.resource_sound),
    _row("actions.temporary-id", "R-131", SHOULD, "a created resource has a temporary id", suggested.temporary_id),
    _row("actions.update-id", "R-132", SHALL, "an update has the whole resource, with its id", suggested.update_id),
    _row("actions.delete-target", "R-134 R-135 cds-resp-2 I-card-optional", SHALL, "a deletion has a resourceId written Type/id", suggested.delete_target),
    _row("actions.delete-resource", "R-133 I-card-optional", SHALL, "a deletion has no resource", suggested.delete_resource),
    _row("actions.patient", "S-one-patient", SHALL, "suggested resources are about the patient of the call", suggested.of_the_patient),
    _row("actions.system", "R-75 I-response", SHALL, "systemActions are an array", suggested.system_actions),
)  # fmt: skip

_FEEDBACK_RULES: Final = {
    "no array": "R-148 S-request-rules", "array is an object": "S-request-rules", "no card": "S-request-rules",
    "null card": "R-3 S-request-rules", "no outcome": "cds-fb-1", "other outcome": "cds-fb-1",
    "nothing accepted": "cds-fb-2", "empty reason": "cds-fb-3 R-3", "no time": "S-request-rules",
    "no time of day": "S-request-rules", "no JSON": "S-hostile-input",
}  # fmt: skip

FEEDBACK: Final = (
    *(_row(f"feedback.{name.replace(' ', '-')}", "R-148 S-real-client", SHALL, f"feedback is taken: {name}", partial(feedback.taken, name))
      for name in feedback.SOUND),
    *(_row(f"feedback.refuses-{name.replace(' ', '-').lower()}", _FEEDBACK_RULES[name], SHOULD, f"feedback is refused: {name}", partial(feedback.refused, name))
      for name in feedback.FAULTY),
    _row("feedback.unknown-service", "RFC-9110-404", SHALL, "feedback for a service that is not there is 404", feedback.unknown_service),
    _row("feedback.method", "RFC-9110-405", SHALL, "feedback cannot be asked for", feedback.wrong_method),
)  # fmt: skip

_TOKEN_RULES: Final[dict[str, tuple[str, Level]]] = {
    "none": ("R-201", "SHALL"),
    "HS256": ("R-203", "SHALL"),
    "changed after signing": ("RFC-7515-5.2", "SHALL"),
    "signed by another key": ("RFC-7515-5.2 R-176", "SHALL"),
    "for another address": ("RFC-7519-aud", "SHALL"),
    "without audience": ("RFC-7519-aud", "SHOULD"),
    "expired": ("RFC-7519-exp", "SHALL"),
    "without expiry": ("RFC-7519-exp", "SHOULD"),
    "not valid yet": ("RFC-7519-nbf", "SHALL"),
    "of another issuer": ("R-195", "SHOULD"),
    "without issuer": ("R-195", "SHOULD"),
    "no token at all": ("R-176", "SHALL"),
    "missing": ("R-176 R-177", "SHALL"),
}

SECURITY: Final = (
    _row("security.tls", "I-tls R-2 R-168", SHALL, "data travels under TLS 1.2 or newer", security.tls),
    *(_row(f"security.token-{name.replace(' ', '-').lower()}", rests, level, f"a token is refused: {name}", partial(security.refused, name))
      for name, (rests, level) in _TOKEN_RULES.items()),
    _row("security.replay", "RFC-7519-jti", SHOULD, "a token opens once", security.replayed),
    _row("security.foreign-jku", "R-195 R-176", SHALL, "key sets of strangers are neither fetched nor trusted", security.foreign_jku),
    _row("security.401", "RFC-9110-401", SHALL, "a call without token is 401 with a challenge", security.status),
    _row("security.no-echo", "S-no-secrets", SHALL, "refusals do not repeat the token", security.kept),
    _row("security.es384", "R-205", SHOULD, "ES384 is accepted", partial(security.algorithm, "ES384")),
    _row("security.rs384", "R-205", SHOULD, "RS384 is accepted", partial(security.algorithm, "RS384")),
    _row("security.audience-array", "RFC-7519-aud", SHALL, "an audience as an array is accepted", partial(security.accepted, "audience array")),
    _row("security.unknown-claims", "RFC-7519-claims", SHALL, "unknown claims are ignored", partial(security.accepted, "unknown claims")),
    _row("security.feedback", "R-176 R-177", SHALL, "feedback without a token is refused", feedback.without_token),
)  # fmt: skip

BROWSERS: Final = (
    _row("cors.preflight", "R-208", SHALL, "the preflight of an allowed origin is answered", cors.preflight),
    _row("cors.answers", "R-208", SHALL, "an allowed origin may read the answers", cors.answers),
    _row("cors.foreign", "S-no-secrets", SHOULD, "foreign origins are not allowed", cors.foreign),
)

SAFETY: Final = (
    _row("safety.html", "S-text-is-text R-85", SHALL, "text of a patient is no HTML", safety.html),
    _row("safety.links", "S-text-is-text R-85", SHALL, "text of a patient is no link", safety.links),
    _row("safety.blocks", "S-text-is-text R-85", SHOULD, "text of a patient is no heading, list or table", safety.blocks),
    _row("safety.addresses", "S-text-is-text", SHALL, "text of a patient becomes no link of a card", safety.addresses),
    _row("safety.survived", "S-hostile-input", SHALL, "hostile text is no fault", safety.survived),
)  # fmt: skip

LATENCY: Final = (
    _row("latency.soon", "R-27", SHOULD, "19 calls of 20 are answered within 500 ms", latency.soon),
    _row("latency.crd", "CRD-performance", SHALL, "9 calls of 10 are answered within 5 s", latency.crd),
)

CHECKS: Final[tuple[Check, ...]] = (
    *DISCOVERY, *CALLS, *REFUSALS, *PREFETCH, *CARDS, *SUGGESTIONS, *FEEDBACK, *SECURITY, *BROWSERS, *SAFETY, *LATENCY,
)  # fmt: skip
"""All checks."""
