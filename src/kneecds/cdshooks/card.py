"""The frame of every card: what https://cds-hooks.hl7.org/2.0/#cds-service-response asks of each, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from kneecds.cdshooks.identity import nth, uuid_of
from kneecds.cdshooks.markdown import cut, plain
from kneecds.cdshooks.model import Made
from kneecds.cdshooks.override_reasons import OVERRIDE_REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.cdshooks.model import Indicator, Json, Presentation, Role, Service
    from kneecds.core.assessment import Software

SUMMARY_MOST: Final = 139
"""R-77: a summary has fewer than 140 characters."""

TOPIC_SYSTEM: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-card-topic"

TOPICS: Final[dict[Role, tuple[str, str]]] = {
    "red_flag": ("red-flag", "Red flag"),
    "differential": ("differential", "Conditions considered"),
    "options": ("options", "Options"),
    "missing": ("missing-data", "Missing data"),
    "rating": ("order-appropriateness", "Appropriateness of an order"),
    "intake": ("intake", "Intake questionnaire"),
}
"""Code and display of the topic of each kind of card: https://cds-hooks.hl7.org/2.0/#source."""


class Suggestion(NamedTuple):
    """One thing that the user can take over from a card: a resource that the client would create."""

    label: str
    action: str  # id of what is suggested, for the audit trail
    description: str
    resource: msgspec.Raw | Json | None  # a whole FHIR R4 resource with a temporary id; None: nothing is created
    recommended: bool = False
    removes: str = ""  # "ServiceRequest/o1": a draft that the client would take away first


class Draft(NamedTuple):
    """What one card says."""

    role: Role
    indicator: Indicator
    summary: str  # the point in the first words; plain text
    detail: str  # markdown, in which what came from outside is escaped
    rules: tuple[str, ...] = ()  # ids of the rules, conditions or statements it rests on
    suggestions: Sequence[Suggestion] = ()
    selection: Literal["any", "at-most-one"] = "any"
    about: str = ""  # what else tells this card from another with the same words, such as the order it is about


class Frame(NamedTuple):
    """What the cards of one answer share."""

    service: Service
    patient_id: str
    software: Software
    as_of: str
    presentation: Presentation

    def card(self, draft: Draft) -> tuple[Json, Made]:
        """Return a draft as a card, and as the audit trail knows it."""
        summary = cut(plain(draft.summary, 4 * SUMMARY_MOST), SUMMARY_MOST)
        uuid = self._uuid(draft, summary)
        card: Json = {
            "uuid": uuid,
            "summary": summary,
            "indicator": draft.indicator,
            "detail": draft.detail,
            "source": self._made_by(draft.role),
        }
        given = [(nth(uuid, place), one) for place, one in enumerate(draft.suggestions, start=1)]
        if given:
            card["suggestions"] = [self._suggestion(identifier, one) for identifier, one in given]
            card["selectionBehavior"] = draft.selection
        card["overrideReasons"] = OVERRIDE_REASONS
        if self.presentation.guidance_url:
            card["links"] = [self._link(uuid)]
        suggested = tuple((identifier, one.action) for identifier, one in given)
        return card, Made(uuid, draft.role, draft.indicator, draft.rules, suggested)

    def _uuid(self, draft: Draft, summary: str) -> str:
        software = self.software
        return uuid_of(
            software.version, software.knowledge_hash, self.as_of, self.service.id, self.patient_id, draft.role,
            draft.about, draft.indicator, summary, draft.detail, [one[:3] for one in draft.suggestions],
        )  # fmt: skip

    def _made_by(self, role: Role) -> Json:
        code, display = TOPICS[role]
        source: Json = {"label": f"kneecds, knowledge {self.software.knowledge_version}"}
        if self.presentation.source_url:
            source["url"] = self.presentation.source_url
        if self.presentation.source_icon:
            source["icon"] = self.presentation.source_icon
        source["topic"] = {"system": TOPIC_SYSTEM, "code": code, "display": display}
        return source

    def _suggestion(self, identifier: str, one: Suggestion) -> Json:
        actions: list[Json] = []
        if one.removes:  # cds-resp-2: by its reference, never with a resource
            described = f"Remove the draft order {one.removes}" if one.resource is not None else one.description
            actions.append({"type": "delete", "description": described, "resourceId": one.removes})
        if one.resource is not None:
            actions.append({"type": "create", "description": one.description, "resource": one.resource})
        found: Json = {"label": one.label, "uuid": identifier, "actions": actions}
        if one.recommended:
            found["isRecommended"] = True
        if self.presentation.ballot:  # 3.0.0-ballot; a client of 2.0 may not know it
            found["actionSelectionBehavior"] = "all"
        return found

    def _link(self, uuid: str) -> Json:
        presentation = self.presentation
        link: Json = {"label": "Full guidance", "url": presentation.guidance_url, "type": presentation.guidance_type}
        if presentation.guidance_type == "smart":  # cds-resp-3: never with `absolute`
            link["appContext"] = msgspec.json.encode({"service": self.service.id, "card": uuid}).decode()
        return link
