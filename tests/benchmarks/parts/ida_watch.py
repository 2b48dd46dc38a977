"""Who watches the product in the bench `ida`: a client of the console, large customers, its metrics, its memory."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import re
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.installation import port_of
from deploy.parts import HOST
from deploy.supervisor import Supervisor
from services.access import people
from services.access import store as access
from services.access.passwords import drawn_password
from services.access.who import Role
from services.engine.taking import Connection
from services.hotline.openapi import BASE
from services.settings import Settings
from tests.benchmarks.parts.ida_world import Voice

USER = "bench"
ASK_EACH_S, REPORT_EACH_S = 0.5, 4.0
CALLED_WITHIN_S = 120.0
LOOK_S = 0.01
MEMORY_EACH_S = 1.0
_SAMPLE = re.compile(r"^(lamplighter_\w+?)(?:\{(.*?)\})? ([-+.\deE]+)$", re.MULTILINE)


class Console:
    """A person at the console: fetches what is new in the list of incidents, and one incident whole, twice a second.

    `took_s` are the seconds of each request, from the request to the last byte of its answer; `refused` counts other answers.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self._base = f"http://{HOST}:{settings.console_port}"
        self._dice = random.Random(seed)
        self._password = drawn_password()
        self._incidents: list[str] = []
        self._known = {"epoch": "", "since": "-1"}
        self.took_s: dict[str, list[float]] = {"list": [], "incident": []}
        self.refused = 0

    async def make_user(self, connection: Connection) -> None:
        """Make the user who signs in."""
        await people.insert(connection, USER, "Bench", Role.DISPATCHER, self._password, must_change=False)

    async def run(self) -> None:
        """Sign in and ask, for ever."""
        async with httpx.AsyncClient(base_url=self._base, trust_env=False, timeout=60.0) as client:
            signed = await client.post("/api/session", json={"user": USER, "password": self._password})
            signed.raise_for_status()
            while True:
                begun = time.monotonic()
                await self._list(client)
                if self._incidents:
                    await self._timed(client, "incident", f"/api/incidents/{self._dice.choice(self._incidents)}")
                await asyncio.sleep(max(0.0, begun + ASK_EACH_S - time.monotonic()))

    async def _list(self, client: httpx.AsyncClient) -> None:
        known = {} if self._known["since"] == "-1" else self._known
        answered = await self._timed(client, "list", "/api/sheets/incidents", known)
        if answered is None:
            return
        self._known = {"epoch": answered["epoch"], "since": str(answered["version"])}
        gone = set() if answered["whole"] else set(answered["gone"])
        kept = [] if answered["whole"] else [each for each in self._incidents if each not in gone]
        self._incidents = sorted({*kept, *(row["id"] for row in answered["rows"])})

    async def _timed(
        self, client: httpx.AsyncClient, what: str, path: str, asked: dict[str, str] | None = None
    ) -> dict[str, Any] | None:  # fmt: skip
        begun = time.monotonic()
        answered = await client.get(path, params=asked or {})
        self.took_s[what].append(time.monotonic() - begun)
        if answered.status_code != httpx.codes.OK:
            self.refused += answered.status_code != httpx.codes.NOT_FOUND  # an incident may have been merged meanwhile
            return None
        found: dict[str, Any] = answered.json()
        return found


class LargeCustomers:
    """Hotline accounts that report an outage by the API, one after the other, each once, and power back once they were called.

    `took_s` are the seconds from the request until the voice provider was asked for the call; `uncalled` counts those of whom
    nobody was called in time.
    """

    def __init__(self, settings: Settings, voice: Voice, premises: dict[str, str]) -> None:
        self._base = f"http://{HOST}:{settings.hotline_port}"
        self._voice = voice
        self._premises = premises
        self._keys: dict[str, str] = {}
        self._said = 0
        self._open: set[asyncio.Task[None]] = set()
        self.took_s: list[float] = []
        self.uncalled = 0

    async def make_keys(self, connection: Connection) -> None:
        """Make a key for each account."""
        for account in self._premises:
            self._keys[account] = await access.create(connection, "bench", ["hotline"], account)

    async def run(self, until: asyncio.Event) -> None:
        """Let one account after the other report, until told to stop; return when all of them were called."""
        async with httpx.AsyncClient(base_url=self._base, trust_env=False, timeout=60.0) as client:
            for account in sorted(self._premises):
                if until.is_set():
                    break
                task = asyncio.create_task(self._outage(client, account))
                self._open.add(task)
                task.add_done_callback(self._open.discard)
                await asyncio.sleep(REPORT_EACH_S)
            await asyncio.gather(*self._open)

    async def _outage(self, client: httpx.AsyncClient, account: str) -> None:
        begun = time.monotonic()
        await self._tell(client, account, "outage")
        while (called := self._voice.called_since(account, begun)) is None:
            if time.monotonic() > begun + CALLED_WITHIN_S:
                self.uncalled += 1
                return
            await asyncio.sleep(LOOK_S)
        self.took_s.append(called - begun)
        await self._tell(client, account, "powerBack")

    async def _tell(self, client: httpx.AsyncClient, account: str, kind: str) -> None:
        self._said += 1
        headers = {"Authorization": f"Bearer {self._keys[account]}", "Idempotency-Key": f"ida-{self._said}"}
        answered = await client.post(f"{BASE}/reports", json={"kind": kind}, headers=headers)
        answered.raise_for_status()


@dataclasses.dataclass(slots=True)
class Memory:
    """The most memory that each process ever had, MB: of PostgreSQL, which is many processes that share, their shares' sum."""

    supervisor: Supervisor
    most_mb: dict[str, float] = dataclasses.field(default_factory=dict)

    async def run(self) -> None:
        """Look each second, for ever."""
        while True:
            for name, pid in self.supervisor.pids().items():
                now = _shares_mb(pid) if name == "postgres" else _peak_mb(pid)
                self.most_mb[name] = max(self.most_mb.get(name, 0.0), now)
            await asyncio.sleep(MEMORY_EACH_S)


def cpu_s(supervisor: Supervisor) -> dict[str, float]:
    """Return the seconds of processor time that each process has taken so far, those it has started among them."""
    return {name: _cpu_s(pid) for name, pid in supervisor.pids().items()}


def _cpu_s(pid: int) -> float:
    ticks = 0
    for each in (pid, *_below(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(
            map(int, fields[11:15] if each == pid else fields[11:13])
        )  # of itself, and of those that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def _below(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _peak_mb(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return 0.0
    return 0.0 if found is None else int(found[1]) / 1_000


def _shares_mb(pid: int) -> float:
    total = 0
    for each in (pid, *_below(pid)):
        try:
            found = re.search(r"Pss:\s+(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii"))
        except OSError:
            continue
        total += 0 if found is None else int(found[1])
    return total / 1_000


async def metrics(settings: Settings, process: str) -> dict[tuple[str, str], float]:
    """Return what a process tells of itself: values by name and labels as they are written."""
    async with httpx.AsyncClient(trust_env=False, timeout=30.0) as client:
        told = await client.get(f"http://{HOST}:{port_of(settings.metrics_port, process)}/metrics")
    return {(name, labels): float(value) for name, labels, value in _SAMPLE.findall(told.text)}


def turn_figures(
    before: dict[tuple[str, str], float], after: dict[tuple[str, str], float], stage: str
) -> dict[str, float]:
    """Return what the turns of a stage took between two looks: seconds in all, turns, facts, milliseconds for each of both."""
    label = f'stage="{stage}"'

    def grown(name: str) -> float:
        return after.get((name, label), 0.0) - before.get((name, label), 0.0)

    seconds, turns = grown("lamplighter_turn_seconds_sum"), grown("lamplighter_turns_total")
    facts = grown("lamplighter_facts_decided_total")
    return {
        "turns_s": round(seconds, 1),
        "turns": round(turns),
        "facts": round(facts),
        "ms_a_turn": round(1_000 * seconds / max(turns, 1), 1),
        "ms_a_fact": round(1_000 * seconds / max(facts, 1), 3),
    }
