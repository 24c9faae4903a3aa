"""Runs migrations on the connection that `server/database.py` gives, or on the data folder's database by hand."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from models import Base


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_by_hand() -> None:
    from server.data_folder import DataFolder  # noqa: PLC0415 - whoever gives a connection has opened it
    from server.database import open_database  # noqa: PLC0415 - as above

    folder = DataFolder.at(context.get_x_argument(as_dictionary=True).get("data"))
    async with open_database(folder) as database, database.admin_engine().connect() as connection:
        await connection.run_sync(run)
        await connection.commit()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(run_by_hand())
else:
    run(given)
