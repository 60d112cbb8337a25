"""The first tables: evaluations, cards, feedback, tokens seen."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def _hash(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "salt",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_salt"),
        sa.CheckConstraint("id = 1", name=op.f("ck_salt_one")),
    )
    _evaluations()
    _cards()
    _feedback()
    op.create_table(
        "seen_tokens",
        _hash("token"),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_seen_tokens"),
    )
    op.create_index("ix_seen_tokens_expires", "seen_tokens", ["expires"])


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        _text("id"),
        _moment("at"),
        _text("service"),
        _text("hook"),
        _hash("hook_instance"),
        _hash("request"),
        _hash("answer"),
        _text("status"),
        _text("tier"),
        sa.Column("rules_met", sa.JSON, nullable=False),
        sa.Column("rules_undecided", sa.JSON, nullable=False),
        _text("software_version"),
        _text("knowledge_version"),
        _text("knowledge_hash"),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("duration_ms", sa.Float, nullable=False),
        sa.Column("inputs", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
    )
    op.create_index("ix_evaluations_at", "evaluations", ["at"])
    op.create_index("ix_evaluations_hook_instance", "evaluations", ["hook_instance"])


def _cards() -> None:
    op.create_table(
        "cards",
        _hash("id"),
        _text("service"),
        _text("role"),
        _text("indicator"),
        _text("knowledge_version"),
        _text("knowledge_hash"),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
    )
    op.create_table(
        "card_rules",
        _hash("card"),
        _text("rule"),
        sa.PrimaryKeyConstraint("card", "rule", name="pk_card_rules"),
        sa.ForeignKeyConstraint(["card"], ["cards.id"], name="fk_card_rules_card", ondelete="CASCADE"),
    )
    op.create_table(
        "suggestions",
        _hash("id"),
        _hash("card"),
        _text("action"),
        sa.PrimaryKeyConstraint("id", "card", name="pk_suggestions"),
        sa.ForeignKeyConstraint(["card"], ["cards.id"], name="fk_suggestions_card", ondelete="CASCADE"),
    )
    op.create_table(
        "evaluation_cards",
        _text("evaluation"),
        _hash("card"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("evaluation", "card", name="pk_evaluation_cards"),
        sa.ForeignKeyConstraint(
            ["evaluation"], ["evaluations.id"], name="fk_evaluation_cards_evaluation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["card"], ["cards.id"], name="fk_evaluation_cards_card", ondelete="CASCADE"),
    )
    op.create_index("ix_evaluation_cards_card", "evaluation_cards", ["card"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        _hash("id"),
        _text("service"),
        _hash("card"),
        sa.Column("outcome", sa.String(10), nullable=False),
        _text("reason_system"),
        _text("reason_code"),
        _text("reason_display"),
        _text("comment"),
        _moment("at"),
        _moment("received"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.CheckConstraint("outcome IN ('accepted', 'overridden')", name=op.f("ck_feedback_known")),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_received", "feedback", ["received"])
    op.create_table(
        "accepted_suggestions",
        _hash("feedback"),
        _hash("suggestion"),
        sa.PrimaryKeyConstraint("feedback", "suggestion", name="pk_accepted_suggestions"),
        sa.ForeignKeyConstraint(
            ["feedback"], ["feedback.id"], name="fk_accepted_suggestions_feedback", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Remove the tables, and all that is in them."""
    for table in (
        "seen_tokens",
        "accepted_suggestions",
        "feedback",
        "evaluation_cards",
        "suggestions",
        "card_rules",
        "cards",
        "evaluations",
        "salt",
    ):
        op.drop_table(table)
