"""Two installations that start at the same moment on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.installation import _own_postgres, backends, reach
from deploy.kafka import cluster_at
from deploy.parts import PartError, Ports
from deploy.supervisor import Supervisor
from services.database.pool import connect, ready
from services.settings import load_settings

WISHED_POSTGRES, WISHED_KAFKA = 24432, 24092


@pytest.fixture
def folders() -> Iterator[list[Path]]:
    """Two data folders."""
    made = [Path(tempfile.mkdtemp(prefix="lamplighter-twins-")) for _ in range(2)]
    for folder in made:
        folder.chmod(0o711)
    yield made
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


async def test_twins_that_start_together_get_servers_of_their_own(folders: list[Path]) -> None:
    twins = [
        load_settings(data_dir=folder, postgres_port=WISHED_POSTGRES, kafka_port=WISHED_KAFKA) for folder in folders
    ]
    async with contextlib.AsyncExitStack() as stack:
        found = await asyncio.gather(*(stack.enter_async_context(backends(settings)) for settings in twins))
        first, second = (each for _, each in found)
        assert first.bootstrap != second.bootstrap
        clusters = []
        for folder, (_, each) in zip(folders, found, strict=True):
            await ready(each.admin_dsn)
            connection = await connect(each.admin_dsn)
            assert await connection.fetchval("SHOW data_directory") == str(folder / "postgres" / "data")
            await connection.close()
            host, _, port = each.bootstrap.partition(":")
            clusters.append(await cluster_at(host, int(port)))
            assert clusters[-1] == (folder / "kafka" / "cluster.id").read_text(encoding="ascii")
        assert clusters[0] != clusters[1]


async def test_a_port_that_another_program_snatches_leads_to_the_next_one(folders: list[Path]) -> None:
    class Snatched(Ports):
        def take(self, wished: int) -> int:
            port = super().take(wished)
            if port == WISHED_POSTGRES:
                listener = self.enter_context(socket.socket())
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
                listener.listen()
            return port

    settings = load_settings(data_dir=folders[0], postgres_port=WISHED_POSTGRES)
    with Snatched() as ports:
        async with Supervisor(folders[0]) as supervisor:
            postgres = await _own_postgres(supervisor, settings, ports)
            assert postgres is not None
            assert postgres.port == WISHED_POSTGRES + 1
            await ready(postgres.dsn())


async def test_where_the_last_run_listened_is_not_believed_of_one_that_starts(folders: list[Path]) -> None:
    settings = load_settings(data_dir=folders[0], postgres_port=WISHED_POSTGRES, kafka_port=WISHED_KAFKA)
    noted = folders[0] / "addresses.json"
    noted.write_text('{"postgres": 1, "bootstrap": "127.0.0.1:1"}')
    starting = asyncio.create_task(contextlib.AsyncExitStack().enter_async_context(backends(settings)))
    try:
        async with asyncio.timeout(10):
            while noted.exists():
                await asyncio.sleep(0)
        with pytest.raises(PartError, match="is still starting"):
            async with reach(settings):
                pass
    finally:
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting


def test_a_port_is_handed_out_once_and_kept_from_others() -> None:
    with Ports() as ours, Ports() as theirs:
        first = ours.take(WISHED_KAFKA)
        assert ours.take(first) != first
        assert theirs.take(first) != first
    with Ports() as later:
        assert later.take(first) == first


def test_a_port_with_a_listener_is_passed_over() -> None:
    with socket.socket() as listener, Ports() as ports:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert ports.take(taken) != taken
