"""The console as a process: it serves while Kafka is away, and ends in order though streams are open."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from aiohttp import ClientSession, CookieJar
from pydantic import SecretStr

from deploy.installation import process
from deploy.parts import free_port
from deploy.supervisor import Supervisor
from services.engine.taking import Connection
from services.settings import load_settings
from tests.access.console import PASSWORD, ask, make_users
from tests.console.night import Night

NOBODY_LISTENS = "127.0.0.1:1"


async def test_the_process_shows_what_is_decided_while_kafka_is_away_and_leaves_when_told(
    connection: Connection, dsn: str, tmp_path: Path
) -> None:
    night = await Night.begin(connection)
    await make_users(connection)
    incident = await night.fault()
    settings = load_settings(
        data_dir=tmp_path,
        postgres_dsn=SecretStr(dsn),
        kafka_bootstrap=NOBODY_LISTENS,
        console_port=free_port(0),
        metrics_port=0,
    )
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(process(settings, "console", "streams.console", restart="on-failure"))
        place = f"http://127.0.0.1:{settings.console_port}"
        async with ClientSession(place, cookie_jar=CookieJar(unsafe=True)) as browser:
            assert (await ask(browser, "POST", "/api/session", {"user": "dora", "password": PASSWORD}))[0] == 200
            async with browser.get("/api/live") as stream, asyncio.timeout(30):
                async for line in stream.content:
                    if line.startswith(b"data: ") and b'"incidents":0' not in line:
                        break
                rows = (await ask(browser, "GET", "/api/sheets/incidents"))[1]["rows"]
                assert [row["id"] for row in rows] == [incident]
                supervisor.kill("console", signal.SIGTERM)
                assert await supervisor.finished("console") == 0
                while await stream.content.readline():
                    pass
        log = supervisor.log_path("console").read_text()
    assert "web.listening" in log
    assert PASSWORD not in log
    assert "Traceback" not in log
