"""`kneecds database` and `kneecds feedback report`, on a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from kneecds.cli import kneecds as command
from kneecds.cli import names
from kneecds.storage.rows import CardRow, EvaluationRow, FeedbackRow
from kneecds.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(command, words, env={"KNEECDS_STORAGE__URL": None, **environment})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kneecds.sqlite3"


@pytest.fixture
def used(url: str) -> str:
    store = Store.open(url)
    store.upgrade()
    cards = tuple(CardRow(f"card-{number}", "differential", "info", ("acl_tear",)) for number in range(4))
    about = ("s", "patient-view", "", "", "", "success", "routine", (), (), "1", "2026.1", "abc", date(2026, 3, 1), 1.0)
    store.record([EvaluationRow("e1", NOW, *about, cards)])
    store.add_feedback(
        [
            FeedbackRow("s", "card-0", "accepted", NOW, NOW),
            FeedbackRow("s", "card-1", "overridden", NOW, NOW, (), "s", "later", "Not now"),
        ]
    )
    store.close()
    return url


def test_database_from_nothing_to_ready(url: str) -> None:
    assert run("database", "check", "--database", url).exit_code == 3
    result = run("database", "upgrade", "--database", url)
    assert (result.exit_code, result.stdout) == (0, "the tables have revision 0001\n")
    assert run("database", "current", "--database", url).stdout == "0001\n"
    assert run("database", "check", KNEECDS_STORAGE__URL=url).stdout == "ok\n"


def test_a_database_without_tables(url: str, tmp_path: Path) -> None:
    (tmp_path / "kneecds.sqlite3").touch()
    assert run("database", "current", "--database", url).stdout == "none\n"
    result = run("database", "check", "--database", url)
    assert result.exit_code == 3
    assert "kneecds database upgrade" in result.stderr


@pytest.mark.parametrize("words", [("database", "check"), ("feedback", "report")])
@pytest.mark.parametrize(
    ("address", "code"),
    [
        pytest.param("postgresql://me:s3cret@127.0.0.1:1/name", 3, id="nobody there"),
        pytest.param("mysql://me:s3cret@host/name", 2, id="another kind"),
        pytest.param("", 2, id="none"),
    ],
)
def test_failures_have_an_exit_code_and_no_password(words: tuple[str, ...], address: str, code: int) -> None:
    result = run(*words, **({"KNEECDS_STORAGE__URL": address} if address else {}))
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Error" in result.stderr
    assert "s3cret" not in result.output


def test_report_as_text(used: str) -> None:
    shown = run("feedback", "report", "--database", used).stdout
    assert "4 shown: 1 accepted, 1 overridden, 2 no response" in shown
    assert names.shipped().of("acl_tear") in shown
    assert "1 ×   Not now" in shown  # noqa: RUF001


def test_report_as_json(used: str) -> None:
    result = run("feedback", "report", "--database", used, "--format", "json")
    total = json.loads(result.stdout)["total"]
    assert (total["shown"], total["accepted"], total["overridden"], total["no_response"]) == (4, 1, 1, 2)
    assert total["accepted_share"] == {"value": 0.25, "low": 0.0456, "high": 0.6994}  # Wilson 1927


@pytest.mark.parametrize(("form", "start"), [("html", "<!DOCTYPE html>"), ("csv", "rule,role,")])
def test_report_into_a_file(used: str, tmp_path: Path, form: str, start: str) -> None:
    file = tmp_path / f"report.{form}"
    result = run("feedback", "report", "--database", used, "--format", form, "-o", str(file))
    assert (result.exit_code, result.output) == (0, "")
    assert file.read_text("utf-8").startswith(start)


@pytest.mark.parametrize(
    ("since", "until", "cards"),
    [("2026-03-01", "2026-03-01", 4), ("2026-03-02", "", 0), ("", "2026-02-28", 0), ("2026-02-01", "2026-03-31", 4)],
)
def test_report_of_days_both_included(used: str, since: str, until: str, cards: int) -> None:
    days = [*(("--since", since) if since else ()), *(("--until", until) if until else ())]
    result = run("feedback", "report", "--database", used, "--format", "json", *days)
    assert json.loads(result.stdout)["total"]["shown"] == cards


def test_days_in_the_wrong_order(used: str) -> None:
    result = run("feedback", "report", "--database", used, "--since", "2026-03-02", "--until", "2026-03-01")
    assert result.exit_code == 2


LACKING = """
import sys
sys.modules[{name!r}] = None
from kneecds.cli import main
sys.argv = ["kneecds", "database", "check", "--database", {url!r}]
main()
"""


@pytest.mark.parametrize(
    ("name", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:///x.sqlite3", "kneecds[service]"),
        ("psycopg", "postgresql://me:s3cret@host/name", "kneecds[postgresql]"),
    ],
)
def test_a_missing_extra_is_named(name: str, url: str, extra: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LACKING.format(name=name, url=url)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert f"pip install '{extra}'" in done.stderr
    assert "s3cret" not in done.stderr


def test_what_needs_no_database_does_not_load_it() -> None:
    code = "import sys, kneecds, kneecds.cli.group, kneecds.cli.database, kneecds.cli.feedback, kneecds.storage.rows; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} print(sorted({{'sqlalchemy', 'alembic', 'psycopg'}} & set(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
