"""What an endpoint and an operation are: an address with what it does, whom it lets in, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.service.fhir.call import Answer, Call
    from kneecds.service.fhir.parameters import Declared

Method = Literal["GET", "POST"]


class Endpoint(NamedTuple):
    """One address with one method."""

    method: Method
    path: str  # below /fhir; {type}, {id} are parts of it
    does: Callable[[Call], Answer]
    scopes: tuple[str, ...]  # SMART on FHIR 2, all of them; none: open to everybody
    kind: str = ""  # the type of artefact that it is about
    form: bool = False  # the body is a form rather than a resource: a search by POST


class Operation(NamedTuple):
    """One operation: where it is defined, what it takes, and where it is called."""

    name: str
    definition: str
    parameters: tuple[Declared, ...]
    endpoints: tuple[Endpoint, ...]
    on: str = ""  # the type whose operation it is; none: of the whole server
