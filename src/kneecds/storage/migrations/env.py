"""What Alembic runs: the migrations, on the connection and in the transaction that it is handed."""

from __future__ import annotations

from alembic import context

from kneecds.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter most things of a table in place
    transactional_ddl=True,  # in SQLite too, because we begin the transaction ourselves
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
