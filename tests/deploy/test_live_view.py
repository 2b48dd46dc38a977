"""The live view: a picture read from a real database, drawn for terminals of several sizes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from rich.console import Console

from deploy.drawing import draw, in_words, one_line
from deploy.live_view import watch
from deploy.parts import free_port
from deploy.picture import take_picture
from services.engine.clock import set_lockstep, set_running
from services.settings import Settings, SettingsError
from tests.stage_script import ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.picture import Picture
    from services.engine.taking import Connection


@pytest.fixture
async def storm(connection: Connection) -> Connection:
    """A database in the middle of a small storm, at 18:40."""
    await set_lockstep(connection, now_ms=ms("18:40:10"))
    await connection.execute(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current) VALUES ('d', 'U', 'UTC', '', true);
           INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
           SELECT v.version, 'c-' || n, 'n', 't', 'f', 'LV', 'RE1', true, 'm-' || n
           FROM utility_version v, generate_series(1, 10) n"""
    )
    await connection.execute(
        """INSERT INTO depot (version, depot, lon, lat) SELECT version, 'D1', 11.4, 53.6 FROM utility_version;
           INSERT INTO crew (version, crew, depot) SELECT version, 'crew-' || n, 'D1'
           FROM utility_version, generate_series(1, 2) n"""
    )
    await connection.executemany(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms,
               estimate_ms, changed_at_ms, heard, customers_out)
           VALUES ($1, 'A1', $2, $3, $4, 1, 'meter', $5, $5, $6, $5, 3, $7)""",
        [
            ("i-1", "switch:FU-3", "confirmed", "reportersAgree", ms("18:02"), ms("18:30"), 2),
            ("i-2", "switch:RC-2", "predicted", "noSignOfRestoration", ms("18:20"), ms("20:15"), 1),
            ("i-3", "switch:CB-1", "closed", "quiet", ms("18:01"), ms("18:10"), 0),
        ],
    )
    await connection.execute("INSERT INTO ledger_customer (customer) SELECT 'c-' || n FROM generate_series(1, 5) n")
    await connection.executemany(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
               reason, voided)
           SELECT $1, $2, number, 'A1', $3, $4, $5, 'meter', 'incident', 'i-1', 'ownMeter', $6
           FROM ledger_customer WHERE customer = $2""",
        [
            ("u-1", "c-1", ms("18:02"), None, False, False),
            ("u-2", "c-2", ms("18:02"), None, False, False),
            ("u-3", "c-3", ms("18:10"), None, True, False),
            ("u-4", "c-4", ms("18:01"), ms("18:25"), False, False),
            ("u-5", "c-5", ms("18:01"), None, False, True),
        ],
    )
    await connection.executemany(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, device, lon, lat, region, work, priority, attempt,
               skills, on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned, ended_at_ms)
           VALUES ($1, $2, 'i-1', 'i-1', 'A1', 'switch:FU-3', 0, 0, 'R1', 'repair', 'lateral', $3, '{line}', 0, $4, $5, $6, $7,
                   $8, false, $9)""",
        [
            ("o-0", "crew-2", 1, ms("18:04"), ms("18:25"), "refused", "crewRefused", ms("18:05"), ms("18:05")),
            ("o-1", "crew-1", 2, ms("18:05"), ms("18:25"), "enroute", "crewReported", ms("18:06"), None),
        ],
    )
    await connection.executemany(
        "INSERT INTO entity (stage, kind, id, shard, body) VALUES ($1, $2, $3, 'R1', $4)",
        [
            ("dispatch", "crew", "crew-1", json.dumps({"state": "enroute", "order": "o-1"})),
            ("escalate", "escalation", "x-1", json.dumps({"state": "acknowledged", "calls": 2})),
        ],
    )
    await connection.executemany(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, reason, done_at_ms)
           VALUES ($1, $2, 'notify', 'A1', 1, 0, '{}', $3, 'ok', 0)""",
        [
            ("t-1", "text", "done"),
            ("t-2", "text", "done"),
            ("t-3", "text", "failed"),
            ("k-1", "call", "done"),
            ("k-2", "call", "done"),
        ],
    )
    await connection.executemany(
        """INSERT INTO notice_decided (key, area, incident, customer, customers, handle, moment, tick, decided_at_ms,
               expires_at_ms, receipt, receipt_at_ms)
           VALUES ($1, 'A1', 'i-1', $1, ARRAY[$1], 'h', 'powerOut', 1, 0, 1, $2, $3)""",
        [("t-1", "delivered", 5), ("t-2", None, None), ("t-3", None, None)],
    )
    await connection.executemany(
        """INSERT INTO report (id, kind, customer, device, shard, at_ms, state, reason, exercise, tick)
           VALUES ($1, 'call', 'c-1', 'd', 'A1', 0, $2, 'explained', true, 1)""",
        [("r-1", "counted"), ("r-2", "counted"), ("r-3", "doubled")],
    )
    await connection.execute(
        """INSERT INTO parked (id, stage, topic, part, "offset", reason, detail, tick, at_ms)
           VALUES ('p-1', 'intake', 'outage.reports', 0, 7, 'malformed', '', 1, 0)"""
    )
    await connection.executemany(
        """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           VALUES ($1, $2, 'A1', $3, $4, $5, $6, $7, $8, '{}')""",
        [
            ("j-1", "correlate", 2, ms("18:20"), "incident", "i-2", "predicted", "noSignOfRestoration"),
            ("j-2", "dispatch", 3, ms("18:06"), "order", "o-1", "enroute", "crewReported"),
            ("j-4", "correlate", 5, ms("18:39"), "incident", "i-1", "stays", "estimateKept"),
            ("j-3", "world", 4, ms("18:39"), "incident", "f-9", "struck", "scenario"),
        ],
    )
    return connection


@pytest.fixture
async def picture(storm: Connection) -> Picture:
    return await take_picture(storm, lines=8)


def shown(picture: Picture | None, trouble: str | None = None, *, width: int = 140, height: int = 40) -> list[str]:
    console = Console(record=True, file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(draw(picture, trouble, width=width, height=height))
    return [line.rstrip() for line in console.export_text().splitlines()]


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


async def test_a_danger_stands_before_every_incident(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO hazard (id, area, region, kind, lon, lat, device, state, reason, revision, reports, reported_at_ms,
                               changed_at_ms)
           VALUES ('h-1', 'A1', 'R1', 'wireDown', 11.4, 53.6, NULL, 'reported', 'heard', 1, 2, $1, $1)""",
        ms("18:31"),
    )
    lines = words(shown(await take_picture(storm, lines=8)))
    title = lines.index("Dangers: 1, open incidents: 2")
    assert lines[title + 2] == "DANGER 11.4000, 53.6000 18:31 waits for a crew wire down"
    assert lines[title + 3].startswith("confirmed switch:FU-3")


async def test_a_wide_terminal_shows_everything(picture: Picture) -> None:
    lines = [line for line in words(shown(picture)) if line]
    assert lines == [
        "LAMPLIGHTER 2026-03-01 18:40:10 UTC | as fast as all settles",
        "Customers: 3 out now | 1 of them for planned work | 1 restored",
        "Reports: 3 | 2 counted | 1 doubled | parked: 1",
        "Texts: 2 sent, 1 delivered, 1 failed | Hotline: 2 calls, 1 acknowledged",
        "SAIFI 0.3000 | SAIDI 10.03 min | CAIDI 33.44 min",
        "Open incidents: 2",
        "state device out since back by crew because",
        "confirmed switch:FU-3 2 18:02 18:30 overdue crew-1 enroute reporters agree",
        "predicted switch:RC-2 1 18:20 20:15 waits for a crew no sign of restoration",
        "Crews: 1 of 2 busy",
        "crew does where",
        "crew-1 enroute on the way to switch:FU-3",
        "crew-2 available of depot D1",
        "What happened last",
        "time what became because",
        "18:20:00 incident i-2 predicted no sign of restoration",
        "18:06:00 order o-1 enroute crew reported",
    ]


@pytest.mark.parametrize("width", [20, 40, 73, 80, 109, 200])
@pytest.mark.parametrize("height", [4, 9, 14, 24, 60])
async def test_no_terminal_is_too_small(picture: Picture, width: int, height: int) -> None:
    lines = shown(picture, width=width, height=height)
    assert max(map(len, lines)) <= width
    if height >= 9:
        assert len(lines) <= height
    assert any(line.startswith("Open incidents: 2") for line in lines)


async def test_a_narrow_terminal_keeps_what_matters_most(picture: Picture) -> None:
    assert "confirmed switch:FU-3 2 crew-1 enroute" in words(shown(picture, width=60))


async def test_what_does_not_fit_is_counted(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms,
               estimate_ms, changed_at_ms, heard, customers_out)
           SELECT 'n-' || n, 'A1', 'd', 'predicted', 'neighboursReport', 1, 'call', 0, $1, $1, $1, 1, 1
           FROM generate_series(1, 30) n""",
        ms("18:39"),
    )
    lines = words(shown(await take_picture(storm, lines=8), height=30))
    hidden = next(int(line.split()[1]) for line in lines if line.endswith(" more"))
    listed = sum(line.startswith(("predicted", "confirmed")) for line in lines)
    assert "Open incidents: 32" in lines
    assert listed + hidden == 32
    assert len(lines) <= 30


async def test_an_empty_database_says_that_nothing_has_begun(connection: Connection) -> None:
    picture = await take_picture(connection, lines=8)
    assert words(shown(picture))[0] == "LAMPLIGHTER not begun | the clock is not set"
    assert one_line(picture).startswith("not begun; customers: 0 out, 0 restored; incidents: 0 open, dangers: 0;")


async def test_a_running_clock_shows_its_speed(connection: Connection) -> None:
    await set_running(connection, now_ms=ms("18:00"), speed=30, step_s=0.5)
    assert "30 times real time" in shown(await take_picture(connection, lines=8))[0]


async def test_trouble_is_said_above_what_was_read_last(picture: Picture) -> None:
    assert words(shown(picture, "database away"))[:2] == [
        "*** database away, trying again ***",
        "LAMPLIGHTER 2026-03-01 18:40:10 UTC | as fast as all settles",
    ]
    assert shown(None, "database away") == ["*** database away, trying again ***"]


def test_codes_become_words() -> None:
    assert in_words("noSignOfRestoration") == "no sign of restoration"


class Output(io.StringIO):
    """A terminal or a pipe for whose words a test can wait."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()
        self._read = 0

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def says(self, text: str) -> None:
        """Return once this text was written after what was waited for before."""
        async with asyncio.timeout(20):
            while (place := self.getvalue().find(text, self._read)) < 0:
                self._written.clear()
                await self._written.wait()
        self._read = place + len(text)


@contextlib.asynccontextmanager
async def watching(settings: Settings, dsn: str, *, terminal: bool) -> AsyncIterator[Output]:
    """Watch a database; the view ends as the demo ends it, by being cancelled."""
    output = Output()
    console = Console(file=output, width=120, height=40, force_terminal=terminal, color_system=None)
    viewing = asyncio.create_task(watch(settings.model_copy(update={"postgres_dsn": SecretStr(dsn)}), console))
    try:
        yield output
    finally:
        viewing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await viewing


@pytest.fixture
def _xterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("storm")
async def test_a_pipe_gets_plain_lines(settings: Settings, dsn: str) -> None:
    async with watching(settings, dsn, terminal=False) as output:
        await output.says("acknowledged\n")
    assert output.getvalue() == (
        "2026-03-01 18:40:10 UTC; customers: 3 out, 1 restored; incidents: 2 open, dangers: 0; crews: 1 of 2 busy; reports: 3, "
        "parked: 1; texts: 2 sent, 1 delivered, 1 failed; hotline: 2 calls, 1 acknowledged\n"
    )


@pytest.mark.usefixtures("storm", "_xterm")
async def test_a_terminal_gets_a_picture_that_changes(settings: Settings, dsn: str, connection: Connection) -> None:
    async with watching(settings, dsn, terminal=True) as output:
        await output.says("Open incidents: 2")
        await connection.execute("UPDATE incident SET state = 'restored' WHERE id = 'i-1'")
        await output.says("Open incidents: 1")


@pytest.mark.usefixtures("storm", "_xterm")
async def test_a_lost_connection_is_said_and_made_again(settings: Settings, dsn: str, connection: Connection) -> None:
    async with watching(settings, dsn, terminal=True) as output:
        await output.says("Open incidents: 2")
        await connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        await output.says("trying again")
        await connection.execute("UPDATE incident SET state = 'restored' WHERE id = 'i-1'")
        await output.says("Open incidents: 1")


async def test_a_database_that_is_away_is_said_once(settings: Settings) -> None:
    nobody = f"postgresql://nobody@127.0.0.1:{free_port(0)}/nothing"
    async with watching(settings, nobody, terminal=False) as output:
        await output.says("again\n")
    assert output.getvalue() == "database away, trying again\n"


async def test_without_a_database_there_is_nothing_to_view(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="postgres_dsn"):
        await watch(settings.model_copy(update={"postgres_dsn": None}))
