"""`kneecds database`: the tables of the service, brought to this version and looked at."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.storage.store import Store

WAIT_SECONDS = 30.0


class _Failed(click.ClickException):
    """The database could not do it."""

    exit_code = 3


database_option = click.option(
    "--database",
    "url",
    metavar="URL",
    required=True,
    envvar="KNEECDS_STORAGE__URL",
    show_envvar=True,
    help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; a password is safer in the variable than in a command.",
)


@click.group(epilog="Example: kneecds database upgrade --database sqlite:///kneecds.sqlite3")
def database() -> None:
    """Bring the tables of the service to this version, or look whether they are."""


@database.command(epilog="Example: kneecds database upgrade --database sqlite:///kneecds.sqlite3")
@database_option
def upgrade(url: str) -> None:
    """Make the tables, or bring them to this version; all of it or nothing is done."""
    with opened(url) as store:
        store.upgrade()
        click.echo(f"the tables have revision {store.current()}")


@database.command(epilog="Example: kneecds database current --database sqlite:///kneecds.sqlite3")
@database_option
def current(url: str) -> None:
    """Print the revision of the tables, or `none` if there are no tables."""
    with opened(url) as store:
        click.echo(store.current() or "none")


@database.command(epilog="Example: kneecds database check --database sqlite:///kneecds.sqlite3")
@database_option
def check(url: str) -> None:
    """Look whether the database answers and has the tables of this version; if not, the exit code is 3."""
    with opened(url) as store:
        store.check()
        click.echo("ok")


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Yield the store at a URL; what goes wrong with it becomes a message and exit code 3."""
    open_store = _opener()
    from kneecds.storage.failure import StorageError  # noqa: PLC0415

    store = open_store(url, wait_seconds=WAIT_SECONDS)
    try:
        yield store
    except StorageError as problem:
        raise _Failed(str(problem)) from None
    finally:
        store.close()


def _opener() -> Callable[..., Store]:
    """Return what opens a store, or say which extra is missing."""
    try:
        from kneecds.storage.store import Store  # noqa: PLC0415 - heavy, and of an extra
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] not in ("sqlalchemy", "alembic"):
            raise
        msg = "this command needs more than is installed: pip install 'kneecds[service]'"
        raise click.UsageError(msg) from None
    return Store.open
