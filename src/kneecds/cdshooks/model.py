"""The types that a hook call goes through: what is offered, what is asked, what is known, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from kneecds.pipeline import Evaluation

Json: TypeAlias = "dict[str, Any]"

Hook = Literal["patient-view", "order-select", "order-sign"]
HOOKS: tuple[Hook, ...] = ("patient-view", "order-select", "order-sign")

Indicator = Literal["info", "warning", "critical"]

Role = Literal["red_flag", "differential", "options", "missing", "rating", "intake"]
"""What a card is for."""


class Query(msgspec.Struct, frozen=True):
    """One datum a service works with: its prefetch key and the query that gets it."""

    key: str
    template: str  # https://cds-hooks.hl7.org/2.0/#prefetch-template
    about: str  # in words, for messages: "the patient", "the medicines"
    required: bool = False  # without it there is no answer: 412


class Service(msgspec.Struct, frozen=True):
    """One CDS service, offered under one hook; the same id under two hooks replaces its earlier cards."""

    id: str
    hook: Hook
    kind: Literal["assessment", "intake", "orders"]
    title: str
    description: str
    usage_requirements: str
    queries: tuple[Query, ...]


class Authorization(msgspec.Struct, frozen=True):
    """The access token for the client's FHIR server; never logged, never stored."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    subject: str
    patient: str = ""

    def __repr__(self) -> str:
        """Show nothing of the token."""
        return "Authorization(...)"


class Context(msgspec.Struct, frozen=True):
    """What the user is doing."""

    user_id: str  # "Practitioner/abc"
    patient_id: str  # a bare id
    encounter_id: str = ""
    selections: tuple[str, ...] = ()  # "ServiceRequest/abc"; order-select only
    draft_orders: tuple[Json, ...] = ()  # the resources of the Bundle, in its order


class HookRequest(msgspec.Struct, frozen=True):
    """A call that keeps the rules of the specification."""

    hook: Hook
    instance: str  # a UUID
    context: Context
    fhir_server: str = ""
    authorization: Authorization | None = None
    prefetch: Mapping[str, bytes] | None = None  # the JSON of each value, `null` included; None: none was sent


class Supply(msgspec.Struct, frozen=True):
    """What became of one query."""

    query: Query
    state: Literal["given", "nothing", "not_supplied", "failed"]
    # given: resources came; nothing: the client knows that there is nothing (null, or an empty Bundle);
    # not_supplied: the key is missing; failed: an OperationOutcome, or something that cannot be read
    resources: tuple[bytes, ...] = ()  # each as JSON
    urls: tuple[
        bytes, ...
    ] = ()  # the fullUrl of each, as a JSON string; empty: it has none; fewer than resources: none
    next_page: str = ""  # the Bundle was one page of several, and this is the address of the next
    note: str = ""  # why it failed or is not whole, in words without patient data
    fetched: bool = False  # from the FHIR server rather than the request


class Presentation(msgspec.Struct, frozen=True):
    """How a site wants its cards."""

    guidance_url: str = ""  # a page with the whole guidance; none: no link
    guidance_type: Literal["absolute", "smart"] = "absolute"
    source_url: str = "https://kneecds.org/"
    source_icon: str = ""
    ballot: bool = False  # also what only the ballot of 3.0 knows
    most_cards: int = 3


class Made(NamedTuple):
    """A card as the audit trail knows it."""

    uuid: str
    role: Role
    indicator: Indicator
    rules: tuple[str, ...]  # ids of the rules, statements or conditions it rests on
    suggestions: tuple[tuple[str, str], ...] = ()  # (uuid, action id)


class Advice(NamedTuple):
    """The answer to one call."""

    cards: tuple[Json, ...]
    made: tuple[Made, ...]  # one for each card, in their order
    evaluation: Evaluation | None = None  # None: nothing was assessed (no knee in play among the orders)
