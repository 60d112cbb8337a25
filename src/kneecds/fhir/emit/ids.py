"""Identifiers that depend on nothing but what the assessment was made from."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from kneecds.core.assessment import Assessment, Software

NAMESPACE: Final = b"https://kneecds.org/fhir/"

ROLES: Final[dict[str, int]] = {
    name: number << 32
    for number, name in enumerate(
        (
            "Bundle",
            "GuidanceResponse",
            "OperationOutcome",
            "RiskAssessment",
            "DetectedIssue/rule",
            "DetectedIssue/conflict",
            "RequestGroup",
            "ServiceRequest",
            "CommunicationRequest/option",
            "CommunicationRequest/escalation",
            "CommunicationRequest/questions",
            "CommunicationRequest/safety",
            "CommunicationRequest/against",
            "CommunicationRequest/left_out",
            "CarePlan",
            "Provenance",
        )
    )
}
"""What a resource is for in the bundle, above the bits of its ordinal. Append only: a number that moves changes ids."""

_pack = msgspec.msgpack.Encoder().encode


def _parts(digest: bytes) -> tuple[str, int]:
    """Split 16 bytes into the first four groups of a UUID of version 8 (RFC 9562) and a number for the last."""
    text = digest.hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-", int(text[20:], 16)


def _digest(content: object) -> bytes:
    try:
        packed = _pack(content)
    except UnicodeEncodeError:  # a lone surrogate in a text from the input
        packed = repr(content).encode("utf-8", "backslashreplace")
    return sha256(NAMESPACE + packed).digest()[:16]


def of_content(content: object) -> str:
    """Return the UUID of any content."""
    start, last = _parts(_digest(content))
    return f"{start}{last:012x}"


class Ids:
    """The identifiers of one bundle: the same role and ordinal always have the same one."""

    __slots__ = ("_last", "_start", "_start_in_bytes")

    def __init__(self, assessment: Assessment) -> None:
        """Hash what the answer was worked out from: knowledge, date, patient, setting and findings."""
        software = assessment.software
        self._start, self._last = _parts(
            _digest(
                (
                    software.version,
                    software.knowledge_version,
                    software.knowledge_hash,
                    assessment.as_of,
                    assessment.setting,
                    assessment.status,
                    assessment.subject,
                    assessment.findings,
                    assessment.issues,
                )
            )
        )
        self._start_in_bytes = self._start.encode()

    def of(self, role: str, ordinal: int = 0) -> str:
        """Return the UUID of the n-th resource in a role."""
        return f"{self._start}{self._last ^ ROLES[role] ^ ordinal:012x}"

    def in_bytes(self, role: str, ordinal: int) -> bytes:
        """Return the same, ready to be written."""
        return b"%b%012x" % (self._start_in_bytes, self._last ^ ROLES[role] ^ ordinal)


def of_software(software: Software) -> str:
    """Return the UUID of the software with its knowledge, the same in every bundle it writes."""
    start, last = _parts(_digest((software.version, software.knowledge_version, software.knowledge_hash)))
    return f"{start}{last:012x}"
