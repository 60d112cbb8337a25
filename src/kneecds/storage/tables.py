"""The tables. Ids of cards, suggestions and requests are keyed hashes (`keyed.py`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

HEAD: Final = "0001"
"""The revision of these tables; a test compares it with the migrations. Revisions sort as text."""


class Utc(TypeDecorator[datetime]):
    """A moment: kept in UTC, also where the database knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC; a moment without a time zone is none."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment needs its time zone"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC where the database does not."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _hash(name: str, *more: Any, **options: Any) -> Column[str]:  # noqa: ANN401 - what Column takes
    """Return a column for 64 hexadecimal digits."""
    return Column(name, String(64), *more, nullable=False, **options)


def _text(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - what Column takes
    return Column(name, Text, nullable=False, **options)


SALT: Final = Table(
    "salt",
    METADATA,
    Column("id", Integer, CheckConstraint("id = 1", name="one"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
)
"""The key of this database, for a site without a secret of its own."""

EVALUATIONS: Final = Table(
    "evaluations",
    METADATA,
    _text("id", primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    _text("service"),
    _text("hook"),
    _hash("hook_instance", index=True),
    _hash("request"),
    _hash("answer"),
    _text("status"),
    _text("tier"),
    Column("rules_met", JSON, nullable=False),
    Column("rules_undecided", JSON, nullable=False),
    _text("software_version"),
    _text("knowledge_version"),
    _text("knowledge_hash"),
    Column("as_of", Date, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("inputs", LargeBinary),
)

CARDS: Final = Table(
    "cards",
    METADATA,
    _hash("id", primary_key=True),
    _text("service"),
    _text("role"),
    _text("indicator"),
    _text("knowledge_version"),
    _text("knowledge_hash"),
)

CARD_RULES: Final = Table(
    "card_rules",
    METADATA,
    _hash("card", ForeignKey(CARDS.c.id, ondelete="CASCADE"), primary_key=True),
    _text("rule", primary_key=True),
)

SUGGESTIONS: Final = Table(
    "suggestions",
    METADATA,
    _hash("id", primary_key=True),
    _hash("card", ForeignKey(CARDS.c.id, ondelete="CASCADE"), primary_key=True),
    _text("action"),
)

SHOWN: Final = Table(
    "evaluation_cards",
    METADATA,
    _text("evaluation", primary_key=True),
    _hash("card", ForeignKey(CARDS.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(["evaluation"], [EVALUATIONS.c.id], ondelete="CASCADE"),
)
"""Which answers had which cards."""

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    _hash("id", primary_key=True),  # of its content: what a client sends twice is kept once
    _text("service"),
    _hash("card", index=True),  # refers to no row: feedback is kept even if the record of its card was lost
    Column(
        "outcome", String(10), CheckConstraint("outcome IN ('accepted', 'overridden')", name="known"), nullable=False
    ),
    _text("reason_system"),
    _text("reason_code"),
    _text("reason_display"),
    _text("comment"),
    Column("at", Utc, nullable=False),
    Column("received", Utc, nullable=False, index=True),
)

ACCEPTED: Final = Table(
    "accepted_suggestions",
    METADATA,
    _hash("feedback", ForeignKey(FEEDBACK.c.id, ondelete="CASCADE"), primary_key=True),
    _hash("suggestion", primary_key=True),
)

SEEN_TOKENS: Final = Table(
    "seen_tokens",
    METADATA,
    _hash("token", primary_key=True),
    Column("expires", BigInteger, nullable=False, index=True),
)
"""Tokens that were used, until they expire (https://cds-hooks.hl7.org/2.0/#trusting-cds-clients, jti)."""
