"""What tests share: one real PostgreSQL a session, and a fresh migrated database a test, cloned from a template."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.parts import free_port, launch
from deploy.postgres import Postgres
from services.database import databases
from services.database.migrate import migrate
from services.settings import Settings, load_settings

TEMPLATE = "lamplighter_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def strict_logs() -> Iterator[None]:
    """Let a log line that would carry what no log may carry raise, here and in every process that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMPLIGHTER_STRICT_LOGS", "1")
        yield


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of this run."""
    return load_settings()


@pytest.fixture(scope="session")
def shared(settings: Settings) -> Path:
    """The folder of shared sample data; the test is skipped, saying so, where there is none."""
    if not settings.shared.is_dir():
        pytest.skip(f"no shared data at {settings.shared} (setting LAMPLIGHTER_SHARED)")
    return settings.shared


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The DSN of a PostgreSQL of this session's own, with a migrated template."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-tests-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as another user, who must be able to walk through
    server = Postgres(folder / "postgres", free_port(0))
    part = server.part()
    assert part.prepare is not None
    part.prepare()
    with (folder / "postgres.log").open("wb") as output:
        process = launch(part, output, None)
    try:
        asyncio.run(_make_template(server))
        yield server.dsn()
    finally:
        process.send_signal(part.stop_signal)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


async def _make_template(server: Postgres) -> None:
    ready = server.part().ready
    assert ready is not None
    async with asyncio.timeout(60):
        while not await ready():
            await asyncio.sleep(0.05)
    await migrate(await databases.create(server.dsn(), TEMPLATE))


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of a fresh migrated database, dropped after the test."""
    name = f"test_{next(_numbers)}"
    made = await databases.create(server_dsn, name, template=TEMPLATE)
    yield made
    await databases.drop(server_dsn, name)


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to a fresh migrated database."""
    made = await asyncpg.connect(dsn)
    yield made
    await made.close()


@pytest.fixture
def database(dsn: str) -> str:
    """Another name for `dsn`: the DSN of a fresh migrated database."""
    return dsn
