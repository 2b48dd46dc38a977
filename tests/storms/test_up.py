"""In earnest: a utility is imported, everything configured runs, a report gets in, a stop loses nothing."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING

from deploy.installation import reach
from schemas.codec import encode
from schemas.events import OutageReported, ReportKind
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms, wall_ms
from services.database import databases
from services.database.pool import Wakeups, connect
from services.settings import load_settings
from services.utility.folder import EXAMPLE
from streams import brokers

if TYPE_CHECKING:
    from tests.storms.conftest import Lamplighter

LIMIT_S = 120


async def test_a_report_gets_in_and_is_decided_while_no_provider_is_there(lamplighter: Lamplighter) -> None:
    assert lamplighter.run("up").returncode == 2
    imported = lamplighter.run("import-utility", str(EXAMPLE))
    assert imported.returncode == 0, imported.stderr
    process = lamplighter.start("up")
    try:
        async with asyncio.timeout(LIMIT_S):
            while not _runs(lamplighter):
                assert process.poll() is None, process.communicate()
                await asyncio.sleep(0.1)
        settings = load_settings(data_dir=lamplighter.data_dir)
        async with reach(settings) as found:
            dsn = databases.named(found.admin_dsn, settings.database)
            connection = await connect(dsn)
            customer = await connection.fetchval("SELECT min(customer) FROM customer WHERE active")
            report = OutageReported(id="call-1", at=from_ms(wall_ms()), kind=ReportKind.CALL, customer=customer)
            wakeups = await Wakeups.listen(dsn, "moved")
            async with brokers.producing(found.bootstrap) as made:
                await brokers.send_all(made, "", [(OUTAGE_REPORTS.name, customer.encode(), [], encode(report))])
            async with asyncio.timeout(LIMIT_S):
                while not await connection.fetchval("SELECT count(*) FROM report_batch WHERE decided IS NOT NULL"):
                    await wakeups.wait(LIMIT_S)
            await wakeups.close()
            await connection.close()
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(process.communicate, None, LIMIT_S)
        assert process.returncode == 0, out + err
    finally:
        if process.poll() is None:
            process.kill()
    assert lamplighter.processes() == {}
    audited = json.loads(lamplighter.run("audit", "--json").stdout)
    broken = [finding for finding in audited["findings"] if finding["violations"]]
    assert broken == []


def _runs(lamplighter: Lamplighter) -> bool:
    table = lamplighter.data_dir / "processes.json"
    try:
        parts = json.loads(table.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return {"relay", "worker-1", "dispatch", "notify", "priority", "hotline", "web", "texts"} <= {
        name for name, part in parts.items() if part["state"] == "ready"
    }


async def test_a_postgresql_and_a_kafka_of_ones_own_are_used_when_they_are_named(lamplighter: Lamplighter) -> None:
    settings = load_settings(data_dir=lamplighter.data_dir)
    async with reach(settings) as found:
        lamplighter.data_dir = lamplighter.data_dir / "other"
        lamplighter.data_dir.mkdir()
        lamplighter.environment |= {
            "LAMPLIGHTER_DATA_DIR": str(lamplighter.data_dir),
            "LAMPLIGHTER_POSTGRES_DSN": found.admin_dsn,
            "LAMPLIGHTER_KAFKA_BOOTSTRAP": found.bootstrap,
        }
        figures = await asyncio.to_thread(lamplighter.play, "tiny", 5)
    assert figures["audit"]["violations"] == 0
    assert not (lamplighter.data_dir / "postgres").exists()


async def test_a_named_database_that_is_away_ends_with_a_sentence(lamplighter: Lamplighter) -> None:
    lamplighter.environment["LAMPLIGHTER_POSTGRES_DSN"] = "postgresql://nobody@127.0.0.1:1/nothing"
    lamplighter.environment["LAMPLIGHTER_KAFKA_BOOTSTRAP"] = "127.0.0.1:1"
    done = await asyncio.to_thread(lamplighter.run, "demo", "--headless", "--storm", "tiny")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
