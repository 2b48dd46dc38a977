"""The console on a wide network in a bad storm: 20,000 lines, 5,000 open incidents, 20 changes a second, in a real browser.

    ./lamplighter bench console --json

A database of its own holds a utility of 40 feeders with 20,000 branches and 5,000 open incidents, written into the tables that the
console reads; the console runs as its own process. The browser renders in software. An update is timed from the end of the
transaction that writes it, as a turn does, until the frame that shows it has been drawn.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from deploy.installation import process
from deploy.parts import free_port
from deploy.postgres import Postgres
from deploy.supervisor import Supervisor
from schemas.ids import derived
from services.access import people
from services.access.passwords import drawn_password
from services.access.who import Role
from services.clock import wall_ms
from services.database import databases
from services.database.pool import connect
from services.engine import clock
from services.engine.taking import Connection
from services.network import Network
from services.settings import Settings, load_settings
from services.utility import store as utility
from tests.benchmarks.parts.wide_utility import wide_utility
from tests.browser.chromium import launch_arguments

USER = "bench"
FEEDERS, NODES, CREWS = 40, 125, 60
MINUTE_MS = 60_000
GOALS = {"first_paint_ms": 1_000, "update_p99_ms": 1_000}
PAN_GOAL = 20
SHOWN_WITHIN_S = 60.0
SCREEN: Any = {"width": 1440, "height": 900}
_WATCH = """
() => {
  window.seen = {};
  const look = () => {
    for (const row of document.querySelectorAll('[data-incident]')) {
      const key = `${row.dataset.incident} ${row.dataset.revision}`;
      window.seen[key] ??= performance.timeOrigin + performance.now();
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
_SHOWN = "[...document.querySelectorAll('[data-incident]')].map(row => row.dataset.incident)"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@contextlib.asynccontextmanager
async def _console(settings: Settings) -> AsyncIterator[tuple[str, str, str]]:
    """Start a database with the storm in it, and the console; give the console's address, the DSN and the password."""
    async with Supervisor(settings.data_dir) as supervisor:
        postgres = Postgres(settings.data_dir / "postgres", free_port(0))
        await supervisor.start(postgres.part())
        dsn = await databases.ensure(postgres.dsn(), "bench")
        password = drawn_password()
        connection = await connect(dsn)
        try:
            await _fill(connection, password)
        finally:
            await connection.close()
        own = load_settings(
            data_dir=settings.data_dir,
            postgres_dsn=dsn,
            kafka_bootstrap="none",
            console_port=free_port(0),
            metrics_port=0,
        )
        await supervisor.start(process(own, "console", "streams.console"))
        yield f"http://127.0.0.1:{own.console_port}", dsn, password


async def _fill(connection: Connection, password: str) -> None:
    """Write the utility and the incidents into an empty database, and set its clock going."""
    folder = wide_utility(FEEDERS, NODES, CREWS)
    now = wall_ms()
    await clock.found(connection, exercise=False, topic_prefix="")
    await utility.save(connection, folder)
    await clock.set_running(connection, now_ms=now, speed=1.0, step_s=0.5)
    await people.insert(connection, USER, "Bench", Role.DISPATCHER, password, must_change=False)
    network = Network(folder.grid)
    await clock.make_shards(connection, "correlate", sorted({str(area.id) for area in network.areas}))
    rows = []
    for number, row in enumerate(each for each in network.devices if each.device_class == "transformer"):
        started = now - (number % 300 + 5) * MINUTE_MS
        rows.append(
            (
                derived("bench incident", row.id),
                str(network.area_of(row.id)),
                str(row.id),
                ("predicted", "confirmed")[number % 2],
                started,
                started + 120 * MINUTE_MS,
                number % 40 + 1,
                row.feeder,
            )
        )
    await connection.executemany(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
               changed_at_ms, heard, customers_out, region, feeder, device_class)
           VALUES ($1, $2, $3, $4, 'reports', 1, 'call', $5, $5, $6, $5, 2, $7, 'R1', $8, 'transformer')""",
        rows,
    )


async def _sign_in(page: Page, url: str, password: str) -> None:
    await page.goto(url)
    await page.locator("input[name=user]").fill(USER)
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.locator("[data-incident]").first.wait_for(timeout=SHOWN_WITHIN_S * 1000)


async def _first_paint(browser: Browser, url: str, password: str) -> tuple[float, float]:
    """Return the first contentful paint, and when the list shows incidents, of a signed-in person with an empty cache (ms)."""
    signed = await browser.new_context(locale="en-GB", timezone_id="UTC", bypass_csp=True)
    await _sign_in(await signed.new_page(), url, password)
    kept = await signed.storage_state()
    await signed.close()
    context = await browser.new_context(
        locale="en-GB", timezone_id="UTC", viewport=SCREEN, bypass_csp=True, storage_state=kept
    )
    page = await context.new_page()
    begun = time.monotonic()
    await page.goto(url, wait_until="commit")
    await page.locator("[data-incident]").first.wait_for(timeout=SHOWN_WITHIN_S * 1000)
    listed = (time.monotonic() - begun) * 1000
    paint = await page.evaluate(_PAINT)
    await context.close()
    return float(paint), listed


async def _updates(page: Page, dsn: str, *, per_s: int, for_s: int) -> list[float]:
    """Change incidents that are in sight so many times a second; return how long each took to be drawn, milliseconds."""
    connection = await connect(dsn)
    took: dict[str, float] = {}
    try:
        await page.evaluate(_WATCH)
        shown = (await page.evaluate(_SHOWN))[:10]
        begun = time.monotonic()
        for number in range(per_s * for_s):
            await asyncio.sleep(max(0.0, begun + number / per_s - time.monotonic()))  # the rate at which changes come
            incident = shown[number % len(shown)]
            revision = await connection.fetchval(
                """WITH moved AS (SELECT pg_notify('moved', '')),
                        turn AS (UPDATE turns SET ticked_to = ticked_to + 1 WHERE stage = 'correlate')
                   UPDATE incident SET revision = revision + 1, heard = heard + 1, changed_at_ms = (SELECT now_ms FROM tick())
                   FROM moved WHERE id = $1 RETURNING revision""",
                incident,
            )
            took[f"{incident} {revision}"] = time.time() * 1000
        last = list(took)[-len(shown) :]
        await page.wait_for_function(
            f"{json.dumps(last)}.every(key => window.seen[key])", timeout=SHOWN_WITHIN_S * 1000
        )
        seen: dict[str, float] = await page.evaluate("window.seen")
    finally:
        await connection.close()
    # A revision that was overtaken before it was drawn is on the screen with the one that overtook it.
    delays = []
    for key, at in took.items():
        incident, revision = key.split(" ")
        drawn = [
            when
            for each, when in seen.items()
            if each.startswith(incident) and int(each.split(" ")[1]) >= int(revision)
        ]
        delays.append(min(drawn) - at)
    return delays


async def bench(settings: Settings, *, per_s: int, for_s: int) -> dict[str, Any]:
    """Return the result of the bench."""
    async with _console(settings) as (url, dsn, password), async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_arguments(settings.cache_dir / "browser"))
        paints = [await _first_paint(browser, url, password) for _ in range(5)]
        context = await browser.new_context(locale="en-GB", timezone_id="UTC", viewport=SCREEN, bypass_csp=True)
        page = await context.new_page()
        await _sign_in(page, url, password)
        await page.wait_for_function("window.lamplighter?.panFps")
        pan_fps = float(await page.evaluate("window.lamplighter.panFps(3000)"))
        delays = await _updates(page, dsn, per_s=per_s, for_s=for_s)
        pan_fps_busy, _ = await asyncio.gather(
            page.evaluate("window.lamplighter.panFps(5000)"), _updates(page, dsn, per_s=per_s, for_s=5)
        )
        session = await context.new_cdp_session(page)
        await session.send("HeapProfiler.collectGarbage")
        heap = (await session.send("Runtime.getHeapUsage"))["usedSize"]
        await browser.close()
    figures = {
        "incidents": FEEDERS * NODES,
        "lines": 4 * FEEDERS * NODES,
        "changes_per_s": per_s,
        "first_paint_ms": round(statistics.median(paint for paint, _ in paints)),
        "list_shown_ms": round(statistics.median(listed for _, listed in paints)),
        "update_p50_ms": round(statistics.median(delays)),
        "update_p99_ms": round(sorted(delays)[int(len(delays) * 0.99)]),
        "pan_fps": round(pan_fps, 1),
        "pan_fps_while_changing": round(float(pan_fps_busy), 1),
        "heap_mb": round(heap / 1e6, 1),
    }
    return {
        "name": "console",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": figures,
        "goals": [
            *(
                {"name": name, "goal": f"<= {most}", "value": figures[name], "met": figures[name] <= most}
                for name, most in GOALS.items()
            ),
            {
                "name": "pan_fps",
                "goal": f">= {PAN_GOAL}",
                "value": figures["pan_fps"],
                "met": figures["pan_fps"] >= PAN_GOAL,
            },
        ],
    }


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench console", description=__doc__)
    parser.add_argument("--changes", type=int, default=20, help="changes a second")
    parser.add_argument("--seconds", type=int, default=30, help="for how long incidents change")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-console-"))
    folder.chmod(0o711)
    try:
        result = asyncio.run(bench(load_settings(data_dir=folder), per_s=given.changes, for_s=given.seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result if given.json else result["figures"], indent=1))
    return 0 if all(goal["met"] for goal in result["goals"]) else 1
