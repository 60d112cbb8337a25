"""The short way: show at the speed of C that a body is sound R4, so that the walker need not run.

The gate knows the resource types of the main job and the common datatypes. It may doubt what is sound, and then the
walker decides; what it calls sound has no structural error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

_EMPTY_OBJECT: Final = re.compile(rb"\{[ \t\r\n]*\}")
_BLANK_STRING: Final = re.compile(rb'(?<!\\)"(?: |\\[tnrf]|\\u00(?:0[9aAbBcCdD]|20))+"')


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[object]:
    from kneecds.fhir.structure.r4_structs import Resource  # noqa: PLC0415 - a host that never asks never pays

    return msgspec.json.Decoder(Resource)


def sound(body: bytes) -> bool:
    """Tell that strict JSON is an R4 resource without structural error; False means ask the walker."""
    if _may_hold_nothing(body):
        return False
    try:
        _decoder().decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def _may_hold_nothing(body: bytes) -> bool:
    """Whether an object has no members or a string only white space, which the types cannot say."""
    if _EMPTY_OBJECT.search(body):
        return True
    return (b"\\" in body or b'" ' in body) and _BLANK_STRING.search(body) is not None
