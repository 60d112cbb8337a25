"""What an endpoint is given, what it gives back, and how it refuses; nothing here knows of the web framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kneecds.errors import Issue, KneecdsError, error, fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from kneecds.core.knowledge import Setting
    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge
    from kneecds.service.fhir.artefacts import Shelf

Json: TypeAlias = dict[str, Any]


class Wanted(NamedTuple):
    """How the client wants its answer."""

    release: Release | None = None  # None: not said
    pretty: bool = False


class Call(NamedTuple):
    """One call of an endpoint, checked as far as HTTP goes."""

    knowledge: Knowledge
    today: date
    setting: Setting  # where the patients are seen, unless the call says otherwise
    shelf: Callable[[Release], Shelf]
    base: str  # the address of this interface, without a slash at the end
    path: Mapping[str, str] = {}
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    body_release: Release | None = None  # what the content type says
    wanted: Wanted = Wanted()
    strict: bool = False  # Prefer: handling=strict
    open: bool = False  # anybody may call, without a token

    @property
    def release(self) -> Release:
        """The release of the answer: as asked for, else that of what was sent, else R4."""
        return self.wanted.release or ("R5" if self.body_release == "R5" else "R4")


class Answer(NamedTuple):
    """A resource as JSON, and what HTTP says of it."""

    body: bytes
    release: Release = "R4"
    status: int = 200
    tag: str = ""  # of an artefact that a client may keep
    modified: str = ""
    kept_for: int = 0  # seconds; 0: not to be kept


class RefusalError(KneecdsError):
    """A call that is not answered: the status, and every reason."""

    def __init__(self, status: int, issues: Sequence[Issue], headers: Mapping[str, str] | None = None) -> None:
        """Keep the status and the reasons."""
        self.status = status
        self.issues = tuple(issues)
        self.headers = dict(headers or {})
        super().__init__("; ".join(issue.message for issue in self.issues))


def refused(status: int, code: str, rule: str, message: str, expression: str = "", fix: str = "") -> RefusalError:
    """Return a refusal for one reason."""
    say = fatal if status >= 500 else error  # noqa: PLR2004 - https://www.rfc-editor.org/rfc/rfc9110#section-15.6
    return RefusalError(status, (say(code, rule, expression, message, fix),))
