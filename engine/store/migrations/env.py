"""How Alembic reaches the database: by the URL it was handed, in one transaction."""
from alembic import context
from sqlalchemy import create_engine, pool

from engine.store.tables import metadata

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()
