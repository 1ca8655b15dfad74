"""How Alembic reaches the database: by the URL it was handed, all of it in one transaction, one process at a time."""
from alembic import context
from sqlalchemy import create_engine, event, pool

from engine.store.tables import metadata

LOCK = 0x5C5  # any number that nothing else locks

url = context.config.attributes["url"]
engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
if engine.dialect.name == "sqlite":  # left alone, Python's driver would commit after the first table
    event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
with engine.begin() as connection:
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=engine.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
