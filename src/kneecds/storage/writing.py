"""Rows as inserts. Whatever is there already stays: the same card comes many times, and a lost answer is sent again."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from kneecds.storage import tables
from kneecds.storage.keyed import keyed, legible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from kneecds.storage.rows import EvaluationRow, FeedbackRow

Values = dict[str, Any]


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table), rows)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def key_of(connection: Connection, secret: bytes) -> bytes:
    """Return the secret, or else the key of this database, which is made when it is first wanted.

    It is read in each transaction: a database that was replaced has another.
    """
    if secret:
        return secret
    wanted = select(tables.SALT.c.key)
    key = connection.execute(wanted).scalar()
    if key is None:
        add(connection, tables.SALT, [{"id": 1, "key": secrets.token_bytes(32)}])
        key = connection.execute(wanted).scalar()
    return bytes(key or b"")


def evaluations(connection: Connection, key: bytes, rows: Sequence[EvaluationRow]) -> None:
    """Insert evaluations with their cards."""
    cards: dict[str, Values] = {}
    rules: dict[tuple[str, str], Values] = {}
    suggestions: dict[tuple[str, str], Values] = {}
    shown: list[Values] = []
    for row in rows:
        for position, each in enumerate(row.cards):
            card = keyed(key, "card", each.uuid)
            cards[card] = {
                "id": card,
                "service": row.service,
                "role": each.role,
                "indicator": each.indicator,
                "knowledge_version": row.knowledge_version,
                "knowledge_hash": row.knowledge_hash,
            }
            rules |= {(card, rule): {"card": card, "rule": rule} for rule in each.rules}
            for uuid, action in each.suggestions:
                made = keyed(key, "suggestion", uuid)
                suggestions[made, card] = {"id": made, "card": card, "action": action}
            shown.append({"evaluation": row.id, "card": card, "position": position})
    add(connection, tables.EVALUATIONS, [_evaluation(key, row) for row in rows])
    # In the order of their keys: two that insert the same cards would wait for each other otherwise.
    add(connection, tables.CARDS, _in_order(cards))
    add(connection, tables.CARD_RULES, _in_order(rules))
    add(connection, tables.SUGGESTIONS, _in_order(suggestions))
    add(connection, tables.SHOWN, shown)


def _evaluation(key: bytes, row: EvaluationRow) -> Values:
    return {
        "id": row.id,
        "at": row.at,
        "service": row.service,
        "hook": row.hook,
        "hook_instance": keyed(key, "hook_instance", row.hook_instance_hash),
        "request": keyed(key, "request", row.request_hash),
        "answer": keyed(key, "answer", row.answer_hash),
        "status": row.status,
        "tier": row.tier,
        "rules_met": list(row.rules_met),
        "rules_undecided": list(row.rules_undecided),
        "software_version": row.software_version,
        "knowledge_version": row.knowledge_version,
        "knowledge_hash": row.knowledge_hash,
        "as_of": row.as_of,
        "duration_ms": row.duration_ms,
        "inputs": row.inputs,
    }


def feedback(connection: Connection, key: bytes, rows: Sequence[FeedbackRow]) -> tuple[str, ...]:
    """Insert feedback, and return the ids it has now."""
    entries: dict[str, Values] = {}
    accepted: dict[tuple[str, str], Values] = {}
    ids = tuple(feedback_id(key, row) for row in rows)
    for name, row in zip(ids, rows, strict=True):
        entries[name] = {
            "id": name,
            "service": row.service,
            "card": keyed(key, "card", row.card),
            "outcome": row.outcome,
            "reason_system": legible(row.reason_system),
            "reason_code": legible(row.reason_code),
            "reason_display": legible(row.reason_display),
            "comment": legible(row.comment),
            "at": row.at,
            "received": row.received,
        }
        for uuid in row.accepted:
            suggestion = keyed(key, "suggestion", uuid)
            accepted[name, suggestion] = {"feedback": name, "suggestion": suggestion}
    add(connection, tables.FEEDBACK, _in_order(entries))
    add(connection, tables.ACCEPTED, _in_order(accepted))
    return ids


def feedback_id(key: bytes, row: FeedbackRow) -> str:
    """Return the id of what was said, whenever it was received: said again, it is the same."""
    reason = (legible(row.reason_system), legible(row.reason_code), legible(row.reason_display), legible(row.comment))
    said = (row.service, row.card, row.outcome, sorted(set(row.accepted)), reason, row.at.timestamp())
    return keyed(key, "feedback", said)


def _in_order(rows: Mapping[Any, Values]) -> list[Values]:
    return [rows[name] for name in sorted(rows)]


def token(connection: Connection, name: str, expires: int) -> bool:
    """Insert a token, and return whether it was not there."""
    values = {"token": name, "expires": expires}
    insert = _insert(connection, tables.SEEN_TOKENS).execution_options(preserve_rowcount=True)
    return connection.execute(insert, values).rowcount == 1
