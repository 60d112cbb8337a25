"""What we publish, as the validator knows it: single files, read when their canonical is first asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.fhir.concepts import CANONICAL
from kneecds.fhir.published import folder
from kneecds.fhir.validate.supplied import KINDS, Supplied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.fhir.structure.facts import Release

_OURS: Final = f"{CANONICAL}/"
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


class Published(Supplied):
    """Our artefacts of one release; the form is that of the knowledge in use, whatever knowledge shipped."""

    def __init__(self, form: Callable[[Release], dict[str, Any]] | None, release: Release = "R4") -> None:
        """Read nothing yet; `form` makes the form of other knowledge than ships, which has no file."""
        super().__init__()
        self._form = form
        self._release: Release = release
        self._asked: set[tuple[str, str]] = set()

    def find(self, kind: str, canonical: str) -> dict[str, Any] | None:
        """Return one of ours; what is not ours is not looked for."""
        if not canonical.startswith(_OURS):
            return None
        self._read(kind, canonical)
        return super().find(kind, canonical)

    def knows_url(self, kind: str, canonical: str) -> bool:
        """Whether there is some version of a canonical of ours."""
        return self.find(kind, canonical.partition("|")[0]) is not None

    def all(self, kind: str) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - as of any supplied resources
        """Yield nothing: ours are found by their canonical only, so that nobody pays for what is not asked for."""
        return iter(())

    def _of(self, release: Release) -> Supplied:
        return self if release == self._release else Published(self._form, release)

    def _read(self, kind: str, canonical: str) -> None:
        """Take the file of a canonical, once."""
        url = canonical.partition("|")[0].partition("#")[0]
        of, _, identifier = url.removeprefix(_OURS).partition("/")
        if kind != of or kind not in KINDS or (kind, identifier) in self._asked or not _ID.fullmatch(identifier):
            return
        file = folder(self._release) / f"{kind}-{identifier}.json"
        if kind == "Questionnaire" and self._form is not None:
            form = self._form(self._release)
            if form["url"] == url:
                self._asked.add((kind, identifier))
                self.add(form)
        elif file.is_file():
            self._asked.add((kind, identifier))
            self.add(msgspec.json.decode(file.read_bytes()))
