"""A running exercise with storm `tiny`, as a person starts it: what the browser looks at, and what tests ask and do beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
import itertools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deploy.parts import free_port
from services.settings import load_settings

COMMAND = str(Path(sys.executable).parent / "lamplighter")
TOLD = re.compile(r"Console: (\S+)  User: (\S+)  Password: (\S+)")
WITHIN_MS = 60_000
"""How long a page may take to show what it must, on a busy machine."""
OPEN = ("predicted", "confirmed", "partiallyRestored")
PASSWORD = "quiet-river-77"
UNDER_WAY = ("sent", "accepted", "enroute")
SPEED, FAST = 15.0, 40.0
FEW, LOOKS, PATIENCE_MS = 20, 12, 100_000
HOMES, SPREAD = 100, 7

Row = dict[str, Any]
Found = TypeVar("Found")


def until(found: Callable[[], Found | None], what: str, within_s: float = 120.0) -> Found:
    """Ask until there is something, and return it; after `within_s` seconds the test fails, saying `what` did not come about."""
    deadline = time.monotonic() + within_s
    while not (answer := found()):
        assert time.monotonic() < deadline, f"did not come about in {within_s:.0f} s: {what}"
        time.sleep(0.1)
    return answer


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    user: str
    name: str
    password: str


@dataclasses.dataclass(frozen=True)
class Stage:
    """A running exercise: where its console is, and who may sign in at first (with every right), and where reports come in."""

    url: str
    demo: Person
    edge: str
    called: set[str] = dataclasses.field(default_factory=set)

    @functools.cached_property
    def api(self) -> httpx.Client:
        """A client that is signed in as the first user."""
        return self.client(self.demo)

    def client(self, person: Person) -> httpx.Client:
        """Return a client in which this person is signed in."""
        client = httpx.Client(base_url=self.url, timeout=60)
        answer = client.post("/api/session", json={"user": person.user, "password": person.password})
        if answer.status_code != httpx.codes.OK:
            client.close()
            raise AssertionError(answer.text)
        return client

    def get(self, path: str) -> Any:
        """Return what a route answers to the first user."""
        return self.api.get(path).raise_for_status().json()

    def post(self, path: str, body: Row) -> Any:
        """Return what a route answers when the first user sends it something."""
        return self.api.post(path, json=body).raise_for_status().json()

    def person(self, role: str, name: str) -> Person:
        """Make somebody with a role and a password of his own."""
        user = f"{name.lower()}.{secrets.token_hex(3)}"
        body = {"user": user, "name": f"{name} {user[-3:]}", "role": role, "why": "takes part"}
        drawn = self.post("/api/admin/users", body)
        with contextlib.closing(self.client(Person(user, name, drawn["password"]))) as client:
            answer = client.post("/api/session/password", json={"old": drawn["password"], "new": PASSWORD})
            assert answer.is_success, answer.text
        return Person(user, drawn["user"]["name"], PASSWORD)

    def report(self, words: str, customer: str) -> None:
        """Send a report in as a call centre does, with a key made for it; who does not exist cannot be placed."""
        body = {
            "name": f"Call centre {secrets.token_hex(3)}",
            "scopes": ["reports:write"],
            "account": None,
            "why": "calls",
        }
        key = self.post("/api/admin/keys", body)["key"]
        at = dt.datetime.fromtimestamp(self.now_ms() / 1000, dt.UTC)
        report = {
            "type": "outage.reported.v1",
            "at": at.isoformat(),
            "kind": "call",
            "customer": customer,
            "words": words,
        }
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(8)}
        answer = httpx.post(f"{self.edge}/api/v1/reports", json=report, headers=headers)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    # ------------------------------------------------------------------------------------------------ what is shown
    def now_ms(self) -> int:
        """Return the time of the exercise."""
        return int(self.get("/api/sheets/summary?epoch=&since=-1")["now_ms"])

    def rows(self, sheet: str) -> list[Row]:
        """Return the rows of a sheet as it is now."""
        return list(self.get(f"/api/sheets/{sheet}?epoch=&since=-1")["rows"])

    def incident(self, incident: str) -> Row:
        """Return the row of an incident."""
        return next(row for row in self.rows("incidents") if row["id"] == incident)

    def open_incidents(self) -> list[Row]:
        """Return the rows of the incidents that are open."""
        return [row for row in self.rows("incidents") if row["state"] in OPEN]

    def ready(self, *parts: str) -> bool:
        """Answer whether these processes run."""
        return set(parts) <= {part["part"] for part in self.get("/api/drill")["parts"] if part["state"] == "ready"}

    # ---------------------------------------------------------------------------------------------------- the clock
    def speed(self, speed: float) -> None:
        """Let the exercise run this many times as fast as real time; 0 lets it stand."""
        self.post("/api/drill/clock", {"speed": speed})

    @contextlib.contextmanager
    def running(self, speed: float = SPEED) -> Iterator[None]:
        """Let the clock run for a while."""
        self.speed(speed)
        try:
            yield
        finally:
            self.speed(0)

    # --------------------------------------------------------------------------------------------------- what is made
    def struck(self) -> Row:
        """Return an open incident that a crew was ordered to; if there is none yet, the clock runs until there is."""

        def found() -> Row | None:
            return next((row for row in self.open_incidents() if row["order"] is not None), None)

        row = found()
        if row is None:
            with self.running(FAST):
                row = until(found, "an incident to which a crew was ordered")
        return self._settled(row["id"])

    def fresh(self) -> Row:
        """Return a new incident: somebody who had power calls, a rule opens it and orders a crew, and the clock stands again."""
        before = {row["id"] for row in self.rows("incidents")}
        heard_ms = 0

        def new(row: Row) -> bool:
            return row["id"] not in before and row["order_state"] in UNDER_WAY and bool(row["customers_out"] < FEW)

        def found() -> Row | None:
            nonlocal heard_ms
            if row := next(filter(new, self.open_incidents()), None):
                return row
            if (
                self.now_ms() - heard_ms > PATIENCE_MS
            ):  # not every call opens one: the home may be switched off as planned
                home = self._home()
                self.called.add(home)
                self.post("/api/drill/calls", {"customer": home})
                heard_ms = self.now_ms()
            return None

        with self.running():
            row = until(found, "an incident of one home to which a crew was ordered")
        return self._settled(row["id"])

    def _home(self) -> str:
        """Return a customer who has power and of whom nobody heard."""
        for number in itertools.count(len(self.called)):
            assert number < HOMES, "nobody is left who has power"
            for phone in self.get(f"/api/drill/phones?q=C{number * SPREAD % HOMES:02d}")["phones"]:
                home = str(phone["customers"][0])
                if not phone["out"] and not phone["texts"] and home not in self.called:
                    return home
        raise AssertionError

    def _settled(self, incident: str) -> Row:
        """Return the row of an incident once nothing of it changes any more, which is soon after the clock began to stand."""
        seen: list[Row] = []

        def same() -> Row | None:
            seen.append(self.incident(incident))
            return seen[-1] if len(seen) >= LOOKS and all(row == seen[-1] for row in seen[-LOOKS:]) else None

        return until(same, f"incident {incident} stands still")


@contextlib.contextmanager
def started() -> Iterator[Stage]:
    """Start an exercise of its own; all its processes run, its clock stands."""
    data_dir = Path(tempfile.mkdtemp(prefix="lamplighter-browser-"))
    data_dir.chmod(0o711)  # root's PostgreSQL runs as another user, who must be able to walk through
    edge = free_port(0)
    settings = load_settings(data_dir=data_dir, console_port=free_port(0), web_port=edge)
    environment = {**os.environ, **settings.environment()}
    command = [COMMAND, "demo", "--storm", "tiny", "--speed", "1", "--stay", "--no-browser"]
    reader: threading.Thread | None = None
    process = subprocess.Popen(command, env=environment, cwd=data_dir, text=True, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = next(filter(None, map(TOLD.search, process.stdout)))
        reader = threading.Thread(target=process.stdout.read, daemon=True)
        reader.start()  # a full pipe would halt the live view
        stage = Stage(told[1].rstrip("/"), Person(told[2], "Demo", told[3]), f"http://127.0.0.1:{edge}")
        until(lambda: _answers(stage.url), "a console that answers")
        until(lambda: stage.ready("drill", "console", "worker-1"), "all processes run")
        stage.speed(0)
        yield stage
        stage.api.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        if reader is not None:
            reader.join(60)
        if process.stdout is not None:
            process.stdout.close()
        shutil.rmtree(data_dir, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/session", timeout=5).status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False
