"""Our own PostgreSQL, really started, killed and started again."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.parts import PartError, free_port
from deploy.postgres import Postgres
from deploy.supervisor import Supervisor


async def fetch(postgres: Postgres, query: str) -> object:
    connection = await asyncpg.connect(postgres.dsn())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def execute(postgres: Postgres, statements: str) -> None:
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def test_committed_rows_outlive_kill_9_and_a_new_start(data_dir: Path) -> None:
    postgres = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(postgres.part())
        await fetch(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
        supervisor.kill("postgres")
        await supervisor.wait_ready("postgres")
        assert await fetch(postgres, "SELECT number FROM kept") == 7
    again = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(again.part())
        assert await fetch(again, "SELECT number FROM kept") == 7
        assert await fetch(again, "SHOW data_checksums") == "on"
        assert await fetch(again, "SHOW server_encoding") == "UTF8"


async def test_it_wants_the_password_and_keeps_it_private(data_dir: Path) -> None:
    postgres = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(postgres.part())
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://lamplighter:guess@127.0.0.1:{postgres.port}/postgres")
    assert stat.S_IMODE((data_dir / "postgres" / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((data_dir / "postgres" / "data").stat().st_mode) == 0o700


async def test_a_values_error_does_not_reach_its_log(data_dir: Path) -> None:
    postgres = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(postgres.part())
        twice = "CREATE TABLE p (n text PRIMARY KEY); INSERT INTO p VALUES ('+491555'), ('+491555')"
        with pytest.raises(asyncpg.UniqueViolationError):
            await execute(postgres, twice)
        words = supervisor.log_path("postgres").read_text()
    assert "duplicate key" in words
    assert "+491555" not in words


async def test_a_taken_port_is_named(data_dir: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(PartError, match=f"port {port} is taken"):
            await supervisor.start(Postgres(data_dir / "postgres", port).part())
    server.close()
    await server.wait_closed()


async def test_a_foreign_server_on_its_port_is_not_taken_for_it(data_dir: Path) -> None:
    ours, foreign = (Postgres(data_dir / name / "postgres", free_port(0)) for name in ("ours", "foreign"))
    misled = Postgres(ours.folder, foreign.port)
    async with Supervisor(data_dir / "foreign") as supervisor:
        await supervisor.start(foreign.part())
        async with Supervisor(data_dir / "ours") as other:
            await other.start(ours.part())
            assert await ours._ready()
            assert not await misled._ready()  # ours runs, on another port
        assert not await misled._ready()  # ours does not run
        assert await foreign._ready()


SUPERVISED = """
import asyncio, sys
from pathlib import Path
from deploy.postgres import Postgres
from deploy.supervisor import Supervisor

async def main():
    folder = Path(sys.argv[1])
    async with Supervisor(folder) as supervisor:
        await supervisor.start(Postgres(folder / "postgres", int(sys.argv[2])).part())
        print(supervisor.pids()["postgres"], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_kill_9_of_the_supervisor_ends_it_and_the_next_start_succeeds(
    data_dir: Path, ends: Callable[[int, float], bool]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(data_dir), str(free_port(0))], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    assert ends(pid, 20.0)
    postgres = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as following:
        await following.start(postgres.part())
        assert await fetch(postgres, "SELECT 1") == 1
