"""One answer of a FHIR server: its status, its kind and its body, which is never unpacked beyond its limit."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import search_bundle

if TYPE_CHECKING:
    import httpx

_STATUSES: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the FHIR server did not take the access token (401)",
    HTTPStatus.FORBIDDEN: "the access token does not allow it (403)",
    HTTPStatus.NOT_FOUND: "the FHIR server does not know it (404)",
    HTTPStatus.GONE: "the FHIR server has deleted it (410)",
    HTTPStatus.TOO_MANY_REQUESTS: "the FHIR server is asked too much (429)",
}
_OUTCOME_BYTES: Final = 65_536
_TOO_LARGE: Final = "the answer of the FHIR server is too large"
_GZIP: Final = 16 + zlib.MAX_WBITS


class Refused(Exception):  # noqa: N818 - not a fault of ours
    """An answer that cannot be used; the text says why, and has nothing of the answer."""


async def read_answer(response: httpx.Response, most: int) -> bytes:
    """Return the JSON of an answer; Refused if it is none, or larger than `most`."""
    status = response.status_code
    if status != HTTPStatus.OK:
        raise Refused(await _why(response))
    if not _is_json(response):
        msg = "the FHIR server answered with something that is not JSON"
        raise Refused(msg)
    length = response.headers.get("content-length", "")
    if length.isdigit() and (len(length) > len(str(most)) or int(length) > most):
        raise Refused(_TOO_LARGE)
    return await _body(response, most)


async def _why(response: httpx.Response) -> str:
    status = response.status_code
    if response.is_redirect:
        return f"the FHIR server sends elsewhere, which is not followed ({status})"
    text = _STATUSES.get(status, f"the FHIR server answered with status {status}")
    if not _is_json(response):
        return text
    try:
        outcome = await _body(response, _OUTCOME_BYTES)
    except Refused:
        return text
    return f"{text}{search_bundle.code_of(outcome)}"


def _is_json(response: httpx.Response) -> bool:
    """Whether the answer says that it is JSON: `application/fhir+json` and its older names."""
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json", "application/json+fhir") or (
        kind.startswith("application/") and kind.endswith("+json")
    )


async def _body(response: httpx.Response, most: int) -> bytes:
    coding = str(response.headers.get("content-encoding", "")).strip().lower()
    if coding not in ("", "identity", "gzip"):
        msg = "the FHIR server packed its answer in a way that was not asked for"
        raise Refused(msg)
    unpacker = zlib.decompressobj(_GZIP) if coding == "gzip" else None
    found = bytearray()
    async for chunk in response.aiter_raw():
        try:
            found += chunk if unpacker is None else unpacker.decompress(chunk, most + 1 - len(found))
        except zlib.error:
            msg = "the FHIR server's answer cannot be unpacked"
            raise Refused(msg) from None
        if len(found) > most:
            raise Refused(_TOO_LARGE)
    if unpacker is not None and not unpacker.eof:
        msg = "the FHIR server broke off its answer"
        raise Refused(msg)
    return bytes(found)
