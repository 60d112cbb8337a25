"""The short way: show at the speed of C that a body is sound R4, so that the walker need not run.

The gate knows the resource types of the main job and the common datatypes. It may doubt what is sound, and then the
walker decides; what it calls sound has no structural error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

_EMPTY_OBJECT: Final = re.compile(rb"\{\}")
_EDGE_SPACE: Final = re.compile(rb' (?:[ "]|(?<=" ))')
_BLANK_STRING: Final = re.compile(rb'(?<!\\)"(?: |\\[tnrf]|\\u00(?:0[9aAbBcCdD]|20))+"')
_WIDE_SPACE: Final = re.compile(
    rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80"
)
"""White space beyond ASCII in UTF-8."""
_ODD_CODE: Final = re.compile(rb'"(?:code|language|valueCode)":"(?: |[^"]*?(?: "|  |\\))')


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[object]:
    from kneecds.fhir.structure.r4_structs import Resource  # noqa: PLC0415 - a host that never asks never pays

    return msgspec.json.Decoder(Resource)


def sound(body: bytes) -> bool:
    """Tell that strict JSON is an R4 resource without structural error; False means ask the walker."""
    try:
        text = msgspec.json.encode(msgspec.json.decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return sound_text(text)


def sound_text(text: bytes) -> bool:
    """Tell the same of JSON as an encoder writes it: no space between tokens, and no escape that is not needed."""
    if not holds_no_hidden_space(text):
        return False
    try:
        _decoder().decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def holds_no_hidden_space(text: bytes) -> bool:
    """Tell that no object of such JSON is empty, no string only white space, and no code has any at its ends."""
    if _EMPTY_OBJECT.search(text) or ((b"\\" in text or _EDGE_SPACE.search(text)) and _may_hold_nothing(text)):
        return False
    return text.isascii() or not _WIDE_SPACE.search(text)


def _may_hold_nothing(text: bytes) -> bool:
    """Whether a string is only white space, or a code has white space that is not one space between words.

    Types cannot say so.
    """
    return _BLANK_STRING.search(text) is not None or _ODD_CODE.search(text) is not None
