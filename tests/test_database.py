"""The database: its roles, its migrations, and what it refuses."""

from __future__ import annotations

import asyncpg
import pytest

from server.database import Database


@pytest.mark.parametrize("round_", range(5))
async def test_api_reads_and_does_not_write(database: Database, round_: int) -> None:
    connection = await asyncpg.connect(**database.api_connect)
    try:
        assert await connection.fetchval("select count(*) from municipality") == 0
        assert await connection.fetchval("show plan_cache_mode") == "force_generic_plan"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into setting values (gen_random_uuid(), 'a', 'b')")
    finally:
        await connection.close()
