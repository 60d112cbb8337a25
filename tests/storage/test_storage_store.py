"""What is asked of the store happened when the call returns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from made import NOW, REASON, card, evaluation, feedback
from sqlalchemy import event, select

from kneecds.errors import UsageError
from kneecds.storage.failure import StorageError
from kneecds.storage.keyed import keyed
from kneecds.storage.store import Store
from kneecds.storage.tables import (
    ACCEPTED,
    CARD_RULES,
    CARDS,
    EVALUATIONS,
    FEEDBACK,
    METADATA,
    SALT,
    SEEN_TOKENS,
    SHOWN,
    SUGGESTIONS,
)

if TYPE_CHECKING:
    from sqlalchemy import Table


def rows(store: Store, table: Table) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        found = connection.execute(select(table)).mappings().all()
    return sorted((dict(row) for row in found), key=lambda row: [str(value) for value in row.values()])


def test_an_evaluation_comes_back_as_it_was_given(store: Store) -> None:
    store.record([evaluation("e1", inputs=b"\x00{}"), evaluation("e2")])
    first, second = rows(store, EVALUATIONS)
    assert first["id"] == "e1"
    assert first["at"] == NOW
    assert first["at"].tzinfo is not None
    assert (first["rules_met"], first["rules_undecided"]) == (["rf_hot"], [])
    assert (first["as_of"].isoformat(), first["duration_ms"], first["inputs"]) == ("2026-03-01", 4.5, b"\x00{}")
    assert second["inputs"] is None


def test_moments_of_other_time_zones_are_the_same_moments(store: Store) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    store.record([evaluation("e1", at=NOW.astimezone(east))])
    (row,) = rows(store, EVALUATIONS)
    assert row["at"] == NOW


def test_the_same_card_is_kept_once_and_linked_to_every_answer(store: Store) -> None:
    one = card("card-1", rules=("rf_hot", "rf_locked"), suggestions=(("s1", "order_xray"), ("s2", "refer")))
    store.record([evaluation("e1", one, card("card-2")), evaluation("e2", one)])
    store.record([evaluation("e3", one)])
    assert len(rows(store, CARDS)) == 2
    assert len(rows(store, CARD_RULES)) == 3
    assert [row["action"] for row in rows(store, SUGGESTIONS)] in (["order_xray", "refer"], ["refer", "order_xray"])
    assert [(row["evaluation"], row["position"]) for row in sorted(rows(store, SHOWN), key=lambda row: (row["evaluation"], row["position"]))] == [("e1", 0), ("e1", 1), ("e2", 0), ("e3", 0)]  # fmt: skip


def test_what_is_recorded_twice_is_there_once(store: Store) -> None:
    for _ in range(2):
        store.record([evaluation("e1", card())])
    assert (len(rows(store, EVALUATIONS)), len(rows(store, SHOWN))) == (1, 1)


def test_of_a_batch_with_a_bad_row_nothing_is_kept(store: Store) -> None:
    with pytest.raises(StorageError) as caught:
        store.record([evaluation("e1"), evaluation("e2", service=None)])
    assert (caught.value.reason, caught.value.may_pass) == ("refused", False)
    assert rows(store, EVALUATIONS) == []


def test_feedback_of_any_kind_comes_back(store: Store) -> None:
    ids = store.add_feedback(
        [
            feedback("card-1", "overridden", comment="later", **REASON),
            feedback("card-1", "accepted", accepted=("s1", "s2")),
        ]
    )
    kept = {row["id"]: row for row in rows(store, FEEDBACK)}
    overridden, accepted = (kept[name] for name in ids)
    assert (overridden["outcome"], overridden["reason_code"], overridden["comment"]) == (
        "overridden",
        "not-now",
        "later",
    )
    assert (accepted["outcome"], accepted["at"], accepted["reason_code"]) == ("accepted", NOW, "")
    assert [row["feedback"] for row in rows(store, ACCEPTED)] == [ids[1]] * 2


def test_feedback_that_is_sent_again_is_kept_once(store: Store) -> None:
    first = feedback(accepted=("s1", "s2"))
    again = feedback(accepted=("s2", "s1", "s2"))
    other = feedback(minute=1)
    ids = store.add_feedback([first, again, other])
    assert ids == (ids[0], ids[0], ids[2])
    assert store.add_feedback([first]) == ids[:1]
    assert len(rows(store, FEEDBACK)) == 2


def test_feedback_about_a_card_that_is_not_on_record_is_kept(store: Store) -> None:
    store.add_feedback([feedback("never-seen")])
    assert len(rows(store, FEEDBACK)) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param("a\0b", "a\ufffdb", id="NUL, which PostgreSQL refuses"),
        pytest.param("a\ud800b", "a?b", id="half a character"),
        pytest.param("'); DROP TABLE feedback; --", "'); DROP TABLE feedback; --", id="SQL"),
        pytest.param("x" * 100_000, "x" * 100_000, id="long"),
    ],
)
def test_hostile_text_is_kept_as_text(store: Store, said: str, kept: str) -> None:
    store.add_feedback([feedback(said, reason_code=said, reason_display=said, comment=said)])
    (row,) = rows(store, FEEDBACK)
    assert {row["reason_code"], row["reason_display"], row["comment"]} == {kept}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"outcome": "ignored"}, id="an outcome that there is not"),
        pytest.param({"at": datetime(2026, 3, 1)}, id="a moment without time zone"),  # noqa: DTZ001
        pytest.param({"at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))}, id="a moment after all time"),
    ],
)
def test_what_cannot_be_is_refused(store: Store, more: dict[str, Any]) -> None:
    values = {"service": "s", "card": "c", "outcome": "accepted", "at": NOW, "received": NOW} | more
    with pytest.raises(StorageError) as caught:
        store.add_feedback([type(feedback())(**values)])
    assert caught.value.reason == "refused"
    assert rows(store, FEEDBACK) == []


def test_a_token_is_new_once(store: Store) -> None:
    assert store.first_seen("iss jti-1", 100)
    assert not store.first_seen("iss jti-1", 100)
    assert store.first_seen("iss jti-2", 10**40)
    assert store.first_seen("iss jti-3", -5)


def test_of_workers_that_see_a_token_together_one_is_first(url: str) -> None:
    stores = [Store.open(url, wait_seconds=20) for _ in range(3)]
    stores[0].upgrade()
    for number in range(5):
        with ThreadPoolExecutor(9) as threads:
            seen = list(threads.map(lambda store: store.first_seen(f"jti-{number}", 100), stores * 3))  # noqa: B023
        assert sum(seen) == 1
    for store in stores:
        store.close()


def test_expired_tokens_are_forgotten_and_others_not(store: Store) -> None:
    for name, expires in (("a", 99), ("b", 100), ("c", 101)):
        store.first_seen(name, expires)
    assert store.purge_tokens(100) == 1
    assert sorted(row["expires"] for row in rows(store, SEEN_TOKENS)) == [100, 101]
    assert not store.first_seen("b", 100)


SECRETS = ("card-uuid-of-patient-4711", "suggestion-uuid", "instance-of-4711", "jti-of-a-token", "digest-of-request")


@pytest.mark.parametrize("secret", ["", "of the site"])
def test_no_id_of_others_is_kept_as_it_came(url: str, secret: str) -> None:
    store = Store.open(url, secret=secret)
    store.upgrade()
    one = card(SECRETS[0], suggestions=((SECRETS[1], "refer"),))
    store.record(
        [evaluation("e1", one, hook_instance_hash=SECRETS[2], request_hash=SECRETS[4], answer_hash=SECRETS[4])]
    )
    store.add_feedback([feedback(SECRETS[0], "accepted", accepted=(SECRETS[1],))])
    store.first_seen(SECRETS[3], 100)
    everything = str([rows(store, table) for table in METADATA.tables.values()])
    assert not [each for each in SECRETS if each in everything]
    assert store.acceptance().total.accepted == 1
    assert len(rows(store, SALT)) == (0 if secret else 1)
    store.close()


def test_the_secret_is_what_the_hashes_hang_on(store: Store) -> None:
    store.record([evaluation("e1", card("card-1"))])
    (salt,) = rows(store, SALT)
    (kept,) = rows(store, CARDS)
    assert kept["id"] == keyed(salt["key"], "card", "card-1") != keyed(b"guessed", "card", "card-1")
    assert len(salt["key"]) == 32


def test_workers_agree_on_the_key(url: str) -> None:
    stores = [Store.open(url, wait_seconds=20) for _ in range(4)]
    stores[0].upgrade()
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda store: store.add_feedback([feedback()]), stores))
    assert len(set(ids)) == 1
    for store in stores:
        store.close()


def test_what_others_may_insert_too_is_inserted_in_the_order_of_its_keys(store: Store) -> None:
    """Two transactions that insert the same keys in different orders wait for each other without end."""
    inserted: dict[str, list[Any]] = {}

    def note(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
        if many:
            values = [list(row.values() if isinstance(row, dict) else row) for row in parameters]
            inserted[statement.split(" (", maxsplit=1)[0]] = values

    event.listen(store.engine, "before_cursor_execute", note)
    names = range(20)
    store.record([evaluation(f"e{n}", card(f"c{n}", suggestions=((f"s{n}", "refer"),))) for n in names])
    store.add_feedback([feedback(f"c{n}", accepted=("s2", "s1")) for n in names])
    shared = ("cards", "card_rules", "suggestions", "feedback", "accepted_suggestions")
    for table in shared:
        found = inserted[f"INSERT INTO {table}"]
        assert len(found) >= 20
        assert found == sorted(found, key=lambda row: row[:2]), table


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:s3cret@host/name",
        "nonsense s3cret",
        "postgresql://me:s3cret@host:port/name",
        "sqlite://",
        "sqlite:///:memory:",
        "",
    ],
)
def test_a_url_that_is_none_of_ours_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Store.open(url)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_by_one_driver(kind: str) -> None:
    assert Store.open(f"{kind}://me@host/name").engine.url.drivername == "postgresql+psycopg"
