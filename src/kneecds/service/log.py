"""Logs: a line of JSON for each event, of fields that are named here and there, never of what was sent.

Messages of exceptions may quote patient data, so only their kind and place are written.
"""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

import msgspec

LOGGER: Final = "kneecds.service"

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_ENCODE: Final = msgspec.json.Encoder().encode


class Lines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception the kind and the place."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= failure(record.exc_info[1])
        return _ENCODE(line).decode()


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log an event; fields are ids, numbers and words of ours."""
    logger = logging.getLogger(LOGGER)
    if logger.isEnabledFor(level):
        logger.log(level, name, extra={"fields": fields})


def failure(problem: BaseException) -> dict[str, str]:
    """Return the kind of an exception, and the innermost line of ours that it passed through."""
    place = "unknown place"
    for frame in traceback.extract_tb(problem.__traceback__):
        parts = PurePath(frame.filename).parts
        if "kneecds" in parts:
            last = len(parts) - 1 - parts[::-1].index("kneecds")
            place = f"{'/'.join(parts[last:])}:{frame.lineno}"
    return {"failure": type(problem).__name__, "place": place}


def request_id(given: str) -> str:
    """Return an id that a client gave, if it is one that can stand in a log; else nothing."""
    return given if _ID.fullmatch(given) else ""


def configuration(level: str) -> dict[str, Any]:
    """Return the configuration of logging: everything on stderr as JSON; libraries only from warnings on.

    httpx logs addresses at INFO, which hold ids of patients.
    """
    quiet = {"level": "WARNING", "handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "kneecds.service.log.Lines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            LOGGER: {"level": level.upper(), "handlers": ["stderr"], "propagate": False},
            "uvicorn": quiet,
            "uvicorn.error": {"level": "WARNING"},
            "httpx": quiet,
            "httpcore": quiet,
        },
    }
