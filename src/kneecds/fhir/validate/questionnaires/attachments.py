"""Files as answers: their kind, their size, and whether what is said of the data is so."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.questionnaires import amounts
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.values import Check


def attachment_checks(extensions: dict[str, list[dict[str, Any]]]) -> list[Check]:
    """Return the checks of an answer that is a file."""
    checks: list[Check] = [stated_truly]
    allowed = [
        value.lower()
        for extension in extensions.get(ext.MIME_TYPE, ())
        if isinstance(value := ext.value(extension)[1], str)
    ]
    if allowed:
        checks.append(_of_kind(allowed))
    limit = amounts.number(ext.first(extensions, ext.MAX_SIZE))
    if limit is not None and limit > 0:
        checks.append(_not_larger(int(limit)))
    return checks


def _of_kind(allowed: list[str]) -> Check:
    words = ", ".join(allowed[:5])

    def of_kind(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        kind = value.get("contentType")
        if not isinstance(kind, str):
            message = f"the file says no contentType; the form allows {shown(words)}"
            run.error("required", "questionnaire-mime-type", at, message)
        elif not any(_fits(kind.lower(), one) for one in allowed):
            message = f"a file of type {shown(kind)}; the form allows {shown(words)}"
            run.error("value", "questionnaire-mime-type", at, message)

    return of_kind


def _fits(kind: str, allowed: str) -> bool:
    if allowed.endswith("*"):
        return kind.startswith(allowed.rstrip("*"))
    return kind == allowed or kind.startswith((f"{allowed};", f"{allowed} ", f"{allowed}/"))


def size_of(data: str) -> int:
    """Return how many bytes base64 text stands for."""
    text = data if not any(white in data for white in " \t\r\n") else "".join(data.split())
    return len(text) // 4 * 3 - (text[-2:].count("=") if text else 0)


def _stated_size(value: dict[str, Any]) -> int | None:
    """Return the size that a file is said to have: a number, in R5 written as a string."""
    said = value.get("size")
    if isinstance(said, str):
        return int(said) if said.isascii() and said.isdigit() and len(said) <= 19 else None  # noqa: PLR2004 - 64 bits
    amount = amounts.number(said)
    return int(amount) if amount is not None and amount.is_finite() else None


def _not_larger(limit: int) -> Check:
    def not_larger(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        data = value.get("data")
        size = size_of(data) if isinstance(data, str) else _stated_size(value) or 0
        if size > limit:
            message = f"the file has {size} bytes; the form allows {limit}"
            run.error("too-long", "questionnaire-max-size", at, message)

    return not_larger


def stated_truly(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
    """Say when size or hash of a file with data are not those of the data."""
    data = value.get("data")
    if not isinstance(data, str):
        return
    said, digest = _stated_size(value), value.get("hash")
    if said is not None and said != size_of(data):
        message = f"the file is said to have {said} bytes; its data has {size_of(data)}"
        run.error("value", "questionnaire-attachment-size", (at, "size", -1), message)
    if isinstance(digest, str):
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            return
        # https://hl7.org/fhir/R4/datatypes.html#attachment
        actual = hashlib.sha1(content, usedforsecurity=False).digest()
        if digest != base64.b64encode(actual).decode():
            message = "the hash is not the SHA-1 of the data"
            run.error("value", "questionnaire-attachment-hash", (at, "hash", -1), message)
