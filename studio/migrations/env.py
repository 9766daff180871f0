"""Alembic's way in: it is given a connection within a transaction."""

from alembic import context

from studio.catalogue import tables as _datasets  # noqa: F401  (they put themselves into Base.metadata)
from studio.database import Base
from studio.jobs import tables as _jobs  # noqa: F401

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
