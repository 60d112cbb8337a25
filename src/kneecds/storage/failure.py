"""Why the store could not do it: a word for the program and a sentence for a person, neither with data in it."""

from __future__ import annotations

from typing import Final, Literal

from kneecds.errors import KneecdsError

Reason = Literal["locked", "full", "gone", "tables", "newer", "refused"]

SENTENCES: Final[dict[Reason, str]] = {
    "locked": "the database is busy or locked, and stayed so",
    "full": "the database has no room left",
    "gone": "the database cannot be reached or used",
    "tables": "the database does not have the tables of this version; `kneecds database upgrade` makes them",
    "newer": "the database has tables of a later version than this one",
    "refused": "the database does not take these values",
}


class StorageError(KneecdsError):
    """The store could not do what was asked, and nothing of it was done."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Keep the reason; `detail` is a code of the database, never its message, which may quote data or a password."""
        self.reason: Final = reason
        super().__init__(f"{SENTENCES[reason]} ({detail})" if detail else SENTENCES[reason])

    @property
    def may_pass(self) -> bool:
        """Whether the same may succeed later, once the database is well again."""
        return self.reason != "refused"
