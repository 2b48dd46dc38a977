"""The edge as a process: it serves while Kafka is away, and ends in order when it is told to."""

from __future__ import annotations

import signal
from pathlib import Path

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from deploy.installation import process
from deploy.parts import free_port
from deploy.supervisor import Supervisor
from services.access import store
from services.database.pool import Pool
from services.engine.taking import Connection
from services.settings import load_settings
from services.web import build_app
from tests.web.speaking import REPORT, code, post

NOBODY_LISTENS = "127.0.0.1:1"


async def test_the_process_accepts_while_kafka_is_away_and_leaves_when_it_is_told(
    house: Connection, dsn: str, tmp_path: Path
) -> None:
    settings = load_settings(
        data_dir=tmp_path,
        postgres_dsn=SecretStr(dsn),
        kafka_bootstrap=NOBODY_LISTENS,
        web_port=free_port(0),
    )
    key = await store.create(house, "call centre", ["reports:write"])
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(process(settings, "web", "streams.web", restart="on-failure"))
        async with ClientSession(f"http://127.0.0.1:{settings.web_port}") as edge:
            assert (await post(edge, key, REPORT))[0] == 202
        supervisor.kill("web", signal.SIGTERM)
        assert await supervisor.finished("web") == 0
        log = supervisor.log_path("web").read_text()
    assert await house.fetchval("SELECT count(*) FROM outbox WHERE NOT sent") == 1
    assert "web.listening" in log
    assert key not in log


class AwayPool:
    """What a pool is whose server has gone."""

    def acquire(self) -> object:
        raise ConnectionRefusedError


async def test_a_database_that_is_away_is_said_with_when_to_come_again() -> None:
    pool: Pool = AwayPool()
    app = build_app(pool, exercise=False, events_per_s=1)
    async with TestServer(app, host="127.0.0.1") as server, ClientSession(server.make_url("/")) as edge:
        assert code(await post(edge, "lk_x", REPORT)) == (503, "databaseAway")
        async with edge.post("/api/v1/reports", headers={"Authorization": "Bearer lk_x"}) as answer:
            assert int(answer.headers["Retry-After"]) > 0
