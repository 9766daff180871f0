"""The studio's database: SQLite in one file, or PostgreSQL by its URL; its tables are brought up to date by Alembic."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import alembic.command
import alembic.config
from sqlalchemy import DateTime, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

BUSY_SECONDS = 30
"""How long SQLite waits for another process that writes."""

MIGRATIONS_LOCK = 0x5E51E5
"""PostgreSQL's advisory lock under which one process migrates at a time."""


class Base(DeclarativeBase):
    """All tables derive from it."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC, which SQLite would give back without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def open_database(url: str) -> Engine:
    """Connect, and bring the tables up to date; many processes may do so at once. Raises `SQLAlchemyError`."""
    if (place := make_url(url)).get_backend_name() == "sqlite" and place.database:
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    migrate(engine)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables up to date."""
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(resources.files("studio").joinpath("migrations")))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATIONS_LOCK})")
        settings.attributes["connection"] = connection
        alembic.command.upgrade(settings, "head")


def _set_up_sqlite(connection: object, record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin as said above
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={1000 * BUSY_SECONDS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
