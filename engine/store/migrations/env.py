"""How Alembic reaches the database: by the URL it was handed, all of it in one transaction, one process at a time; or in the transaction it was handed."""
from alembic import context
from sqlalchemy import Connection, create_engine, event, pool

from engine.store.eyes import MACHINE
from engine.store.migrate import hold_for_migration
from engine.store.tables import metadata


def run(connection: Connection) -> None:
    MACHINE.open(connection)
    hold_for_migration(connection)
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.attributes["url"]
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":  # left alone, Python's driver would commit after the first table
        event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        run(connection)
    engine.dispose()
