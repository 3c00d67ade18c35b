"""The database is the one that DATABASE_URL names, for Alembic and for Delembic alike."""

import os

from alembic import context
from sqlalchemy import create_engine

url = os.environ.get("DATABASE_URL", "sqlite:///countries.db")

if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
