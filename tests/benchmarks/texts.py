"""Texts of a large outage: how many leave in a second, what overtakes them, and is one lost or doubled when all goes wrong?

    ./lamplighter bench texts --json
    ./lamplighter bench texts --recipients 5000        # a twentieth of everything

A database, a broker, the relay, the worker of stage `notify`, the text sender, and the drill's operator: an SMPP server on a real
socket. The handsets' own log is the witness, compared text by text with the ledger.

1. An outage of so many recipients is told on Kafka as it grows. **`texts_per_s`** is how many of its texts the operator took in a
second, from the first to the last; **`rss_mb_start`**, **`rss_mb_peak`** are the sender's memory when it was ready, and the most
since. Meanwhile small outages are told, and wires that are down: **`first_text_p95_s`** is from the telling of an outage to its
first text at a handset, **`safety_p99_s`** the same of each warning, seconds.
2. Another outage of so many, on a faster clock; of its phones one in a hundred is throttled for half a minute, and one in a
hundred gives no clear answer (`parts/texts_world.ending`). The sender is killed (SIGKILL) at five moments: when it has claimed,
when it is told and has not written it, when it has, when it has stored receipts, and anywhere; the operator is away for ten minutes
of the clock. **`doubled`** texts came to a handset twice, **`missing`** ones to none though the ledger has them as done;
**`unknown`** are those of which nobody knows in the end, **`resolved`** says how others became known; **`accounted`** is how the
ledger has all of them.
3. The same through Kannel's two boxes, undisturbed, where they are installed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import functools
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from deploy.installation import Backends, backends, process
from deploy.parts import Part
from deploy.supervisor import Supervisor
from services.audit.run import RULES
from services.audit.store import in_one_snapshot
from services.database.pool import connect
from services.engine import clock
from services.engine.taking import Connection
from services.settings import Settings, load_settings
from streams import brokers
from tests.benchmarks.parts import texts_kannel, texts_rows
from tests.benchmarks.parts.ida_rows import percentile
from tests.benchmarks.parts.texts_rows import Compared, Progress
from tests.benchmarks.parts.texts_world import (
    NUMBERS,
    STEP_S,
    TOLD_EVERY_S,
    Teller,
    World,
    danger,
    install,
    outage,
    resident_mb,
    told,
    world,
)

SMALL_OUTAGES, DANGERS, KANNEL_TEXTS = 200, 40, 10_000
RECIPIENTS = 100_000
"""To so many recipients belong so many small outages, dangers and texts through Kannel."""
FEWEST = 4
CONTRACT_PER_S = 600.0
"""What the operator's contract allows: more than is asked of us, and so little that what is urgent has something to overtake."""
ANSWER_S = 3.0
WINDOW = 100
KILLS = ("sender.text.claimed", "sender.text.called", "sender.text.settled", "receipts.stored", "anywhere")
OUTAGE_AT, FIRST_KILL, LAST_KILL = 0.5, 0.12, 0.85
"""At which shares of the texts of the second outage the operator goes away, and the sender is killed."""
RECONCILED_AFTER_MS = 3 * 3_600_000
"""How far the clock is put forward at the end, so that every receipt which has not come is overdue."""
LOOK_S = 0.5
ENDS_WITHIN_S = 3_600.0
RESOLVED_WITHIN_S = 180.0
AUDIT_RULE_S = 300.0
MECHANISM = frozenset({"effectsDoneOnce", "everythingPublished", "drillsCannotLeak"})
GOALS_AT_MOST = {"first_text_p95_s": 60.0, "safety_p99_s": 5.0, "doubled": 0, "missing": 0}
TEXTS_PER_S, MEMORY = 500, 1.3


class Bench:
    """One installation and what is done to it."""

    def __init__(self, supervisor: Supervisor, settings: Settings, found: Backends, made: World) -> None:
        self.supervisor = supervisor
        self.settings = settings
        self.found = found
        self.world = made
        self.teller = Teller(found.bootstrap, settings.topic_prefix)
        self.figures: dict[str, Any] = {}

    def part(self, name: str, module: str, *arguments: str) -> Part:
        """Return the part of a process."""
        return process(self.settings, name, module, *arguments)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Connection]:
        """Start the processes; give a connection; stop them."""
        parts = [
            self.part("operator", "streams.operator"),
            self.part("relay", "streams.relay"),
            self.part("worker-1", "streams.worker", "--name", "worker-1", "--stages", "notify"),
            self.part("texts", "streams.texts"),
        ]
        await self.supervisor.start(*parts)
        await self.teller.start()
        assert self.settings.postgres_dsn is not None, "it was placed"
        connection = await connect(self.settings.postgres_dsn.get_secret_value())
        try:
            yield connection
        finally:
            await connection.close()
            await self.teller.stop()
            await self.supervisor.stop(*(part.name for part in parts))

    async def tell(self, name: str, customers: Sequence[str], now_ms: int) -> None:
        """Tell an outage as it grows."""
        for event in outage(self.world, name, customers, now_ms, exercise=True):
            await self.teller.tell(event, self.world.area)
            await asyncio.sleep(TOLD_EVERY_S)

    async def until(self, connection: Connection, ask: Callable[[Progress], bool]) -> None:
        """Return when the texts to the many are so far. Raises `TimeoutError`."""
        letter = self.world.letter
        async with asyncio.timeout(ENDS_WITHIN_S):
            while not ask(await texts_rows.progress(connection, letter, NUMBERS[letter])):
                await asyncio.sleep(LOOK_S)


async def _now(connection: Connection) -> int:
    stands = await clock.standing(connection)
    assert stands is not None, "the clock runs"
    return stands.now_ms


async def _many(bench: Bench, connection: Connection) -> None:
    """The first part: a large outage, small ones and dangers meanwhile."""
    made, teller = bench.world, bench.teller
    start_mb = most_mb = resident_mb(bench.supervisor.pids()["texts"])

    async def watch() -> None:
        nonlocal most_mb
        while True:
            most_mb = max(most_mb, resident_mb(bench.supervisor.pids()["texts"]))
            await asyncio.sleep(LOOK_S)

    watching = asyncio.create_task(watch())
    telling = asyncio.create_task(bench.tell("large", made.many, await _now(connection)))
    others = [*((f"small-{n:03}", group) for n, group in enumerate(made.small))]
    spread_s = min(120.0, len(made.many) / TEXTS_PER_S * 0.7)
    dangers = list(made.endangered)
    try:
        for number, (name, group) in enumerate(others):
            for event in outage(made, name, group, await _now(connection), exercise=True):
                await teller.tell(event, made.area)
            if dangers and number * len(made.endangered) // len(others) > len(made.endangered) - len(dangers):
                await teller.tell(danger(made, dangers.pop(), await _now(connection)), made.area)
            await asyncio.sleep(spread_s / len(others))
        for left in dangers:
            await teller.tell(danger(made, left, await _now(connection)), made.area)
        await telling
        expected = len(made.many)
        await bench.until(connection, lambda at: at.decided >= expected and at.handed >= expected and at.receipts == 0)
    finally:
        watching.cancel()
        telling.cancel()
    await _quiet(texts_rows.undecided, connection)
    began, ended = await texts_rows.handed_within(connection, NUMBERS[made.letter])
    taken = await texts_rows.first_texts(connection)
    small = [taken.get(name, [time.time()])[0] - teller.told_at[f"{name}-1"] for name, _ in others]
    warned = [
        at - teller.told_at[f"danger-{each}"]
        for each in made.endangered
        for at in taken.get(f"danger-{each}", [time.time()])
    ]
    bench.figures |= {
        "recipients": expected,
        "texts_per_s": round(expected / max(ended - began, 0.001)),
        "handed_within_s": round(ended - began, 1),
        "rss_mb_start": round(start_mb),
        "rss_mb_peak": round(most_mb),
        "outages_meanwhile": len(others),
        "first_text_p50_s": round(percentile(small, 50), 2),
        "first_text_p95_s": round(percentile(small, 95), 2),
        "warnings_meanwhile": len(warned),
        "safety_p50_s": round(percentile(warned, 50), 2),
        "safety_p99_s": round(percentile(warned, 99), 2),
    }
    told(f"{expected} texts in {ended - began:.0f} s")


async def _hurt(speed: float, outage_s: float, deaths: Path, bench: Bench, connection: Connection) -> None:
    """The second part: everything that can go wrong does."""
    made = bench.world
    await clock.set_running(connection, now_ms=await _now(connection), speed=speed, step_s=STEP_S)
    telling = asyncio.create_task(bench.tell("large", made.many, await _now(connection)))
    expected = len(made.many)
    shares = [FIRST_KILL + (LAST_KILL - FIRST_KILL) * place / (len(KILLS) - 1) for place in range(len(KILLS))]
    events = sorted([*((share, point) for share, point in zip(shares, KILLS, strict=True)), (OUTAGE_AT, "outage")])
    begun = time.monotonic()
    for share, what in events:
        await bench.until(connection, lambda at, share=share: at.handed >= share * expected)  # type: ignore[misc]
        if what == "outage":
            told("the operator is away")
            await bench.supervisor.stop("operator")
            await asyncio.sleep(outage_s / speed)
            await bench.supervisor.start(bench.part("operator", "streams.operator"))
            told("the operator is back")
        else:
            await _kill(bench, what, deaths)
    await telling
    await bench.until(connection, lambda at: at.decided >= expected - 1 and at.open == 0)
    settled_s = time.monotonic() - begun
    await bench.until(connection, lambda at: at.receipts == 0)
    await _quiet(texts_rows.undecided, connection)
    # Whatever has no receipt by now is overdue three hours later: who knows what became of it is asked.
    await clock.set_running(connection, now_ms=await _now(connection) + RECONCILED_AFTER_MS, speed=speed, step_s=STEP_S)
    await _quiet(texts_rows.unreceipted, connection)
    await _quiet(texts_rows.undecided, connection)
    bench.figures |= {
        "clock_speed": speed,
        "kills": len(KILLS),
        "operator_away_s": round(outage_s / speed, 1),
        "settled_within_s": round(settled_s, 1),
        "restarts": bench.supervisor.restarts()["texts"],
    }


async def _kill(bench: Bench, point: str, deaths: Path) -> None:
    """Let the sender die at a point, or anywhere, and come again."""
    before = bench.supervisor.restarts()["texts"]
    if point == "anywhere":
        bench.supervisor.kill("texts")
    else:
        (deaths / point).touch()
    async with asyncio.timeout(120.0):
        while bench.supervisor.restarts()["texts"] == before:
            await asyncio.sleep(0.02)
    await bench.supervisor.wait_ready("texts")
    told(f"the sender was killed: {point}")


async def _quiet(ask: Callable[[Connection], Awaitable[int]], connection: Connection) -> None:
    """Wait until nothing of this kind is left; go on without, saying so, when it takes too long."""
    left = 1
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(RESOLVED_WITHIN_S):
            while left := await ask(connection):
                await asyncio.sleep(LOOK_S)
    if left:
        told(f"{ask.__name__}: {left} are left")


async def _compared(bench: Bench, connection: Connection) -> Compared:
    made = bench.world
    expected = {*made.many, *(c for group in made.small for c in group), *made.endangered}
    found = await texts_rows.compared(connection, made.phones, expected)
    for name in ("doubled", "missing", "strangers", "differing"):
        for key in getattr(found, name)[:3]:
            told(f"{name}: {key}")
    return found


async def _broken(bench: Bench, connection: Connection) -> dict[str, int | str]:
    """Return the audit rules of notices and of the mechanism that are broken, and how often."""
    ends = await brokers.ends(bench.found.bootstrap, bench.settings.topic_prefix)
    broken: dict[str, int | str] = {}
    for rule in RULES:
        if rule.name.startswith("notices.") or rule.name in MECHANISM:
            try:
                async with asyncio.timeout(AUDIT_RULE_S):
                    [(_, violations)] = await in_one_snapshot(connection, [rule], ends)
            except TimeoutError:
                broken[rule.name] = f"not done within {AUDIT_RULE_S:.0f} s"
            else:
                if violations:
                    broken[rule.name] = len(violations)
    return broken


async def bench(settings: Settings, recipients: int, speed: float, outage_s: float, *, kannel: bool) -> dict[str, Any]:
    """Run the bench; return its result."""
    share = recipients / RECIPIENTS
    deaths = settings.data_dir / "deaths"
    deaths.mkdir()
    own = settings.model_copy(
        update={
            "exercise": True,
            "death_dir": deaths,
            "texts_per_s": CONTRACT_PER_S,
            "smpp_window": WINDOW,
            "smpp_answer_s": ANSWER_S,
            "metrics_port": 0,
        }
    )
    many = world("A", recipients, max(FEWEST, round(SMALL_OUTAGES * share)), max(FEWEST, round(DANGERS * share)))
    figures: dict[str, Any] = {}
    compared: list[Compared] = []
    broken: dict[str, int | str] = {}
    async with backends(own) as (supervisor, found):
        for made, play in ((many, _many), (world("B", recipients), functools.partial(_hurt, speed, outage_s, deaths))):
            placed = await install(own, found, f"texts_{made.letter.lower()}", made.folder, exercise=True)
            run = Bench(supervisor, placed, found, made)
            told(f"{len(made.phones)} customers imported")
            async with run.running() as connection:
                await play(run, connection)
                compared.append(await _compared(run, connection))
                broken |= await _broken(run, connection)
            figures |= run.figures
        figures |= {**texts_rows.summed(compared), "audit_broken": broken}
        figures["kannel"] = {"skipped": "it was not asked for"}
        if kannel:
            texts = max(FEWEST, round(KANNEL_TEXTS * share))
            figures["kannel"] = await texts_kannel.through_kannel(supervisor, settings, found, texts)
    return result(figures)


def result(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the result with its goals."""
    goals: list[dict[str, Any]] = [
        {
            "name": "texts_per_s",
            "goal": f">= {TEXTS_PER_S}",
            "value": figures["texts_per_s"],
            "met": figures["texts_per_s"] >= TEXTS_PER_S,
        }
    ]
    grown = round(figures["rss_mb_peak"] / max(figures["rss_mb_start"], 1), 2)
    goals.append({"name": "rss peak/start", "goal": f"<= {MEMORY}", "value": grown, "met": grown <= MEMORY})
    most_unknown = WINDOW * len(KILLS)
    goals += [
        {"name": name, "goal": f"<= {most}", "value": figures[name], "met": figures[name] <= most}
        for name, most in (*GOALS_AT_MOST.items(), ("unknown", most_unknown))
    ]
    goals += [
        {"name": name, "goal": none, "value": figures[name], "met": figures[name] == none}
        for name, none in (
            ("strangers", 0),
            ("differing", 0),
            ("not_told", 0),
            ("unaccounted", 0),
            ("audit_broken", {}),
        )
    ]
    boxes = figures["kannel"]
    if "skipped" not in boxes:
        wrong = {name: boxes[name] for name in ("doubled", "missing", "differing", "unknown", "unaccounted")}
        goals.append({"name": "kannel", "goal": "nothing", "value": wrong, "met": not any(wrong.values())})
    return {
        "name": "texts",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": figures,
        "goals": goals,
    }


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench texts", description=__doc__)
    parser.add_argument("--recipients", type=int, default=RECIPIENTS, help="how many each of the two large outages has")
    parser.add_argument("--speed", type=float, default=10.0, help="how fast the clock runs in the second part")
    parser.add_argument("--outage-s", type=float, default=600.0, help="how long the operator is away, clock's seconds")
    parser.add_argument("--no-kannel", action="store_true", help="leave the third part out")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.recipients < 200 or given.speed < 1:
        parser.error("there must be 200 recipients at least, and the clock not slower than time")
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-texts-"))
    folder.chmod(0o711)
    try:
        settings = load_settings(data_dir=folder)
        found = asyncio.run(bench(settings, given.recipients, given.speed, given.outage_s, kannel=not given.no_kannel))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found if given.json else found["figures"], indent=1))
    return 0 if all(goal["met"] for goal in found["goals"]) else 1
