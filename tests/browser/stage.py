"""A running exercise with storm `tiny`, as a person starts it: what the browser looks at, and what tests ask and do beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import os
import re
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
FAST = 60.0
_numbers = itertools.count(1)

Row = dict[str, Any]
Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str, within_s: float = 120.0) -> Found:
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
    """A running exercise: where its console is, and who may sign in at first (with every right)."""

    url: str
    demo: Person
    data_dir: Path

    @functools.cached_property
    def api(self) -> httpx.Client:
        """A client that is signed in as the first user."""
        return self.client(self.demo)

    def client(self, person: Person) -> httpx.Client:
        """Return a client in which this person is signed in."""
        client = httpx.Client(base_url=self.url, timeout=60)
        answer = client.post("/api/session", json={"user": person.user, "password": person.password})
        assert answer.status_code == httpx.codes.OK, answer.text
        return client

    def get(self, path: str) -> Any:
        """Return what a route answers to the first user."""
        return self.api.get(path).raise_for_status().json()

    def post(self, path: str, body: Row) -> Any:
        """Return what a route answers when the first user sends it something."""
        return self.api.post(path, json=body).raise_for_status().json()

    def person(self, role: str, name: str) -> Person:
        """Make somebody with a role and a password of his own."""
        user = f"{name.lower()}{next(_numbers)}"
        drawn = self.post("/api/admin/users", {"user": user, "name": f"{name} {user[-1]}", "role": role, "why": "test"})
        with self.client(Person(user, name, drawn["password"])) as client:
            answer = client.post("/api/session/password", json={"old": drawn["password"], "new": PASSWORD})
            assert answer.is_success, answer.text
        return Person(user, drawn["user"]["name"], PASSWORD)

    # ------------------------------------------------------------------------------------------------ what is shown
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
    def running(self, speed: float = FAST) -> Iterator[None]:
        """Let the clock run for a while."""
        self.speed(speed)
        try:
            yield
        finally:
            self.speed(0)

    # --------------------------------------------------------------------------------------------------- what is made
    def incident_like(self, true: Callable[[Row], object], what: str) -> Row:
        """Return an open incident like this; if there is none yet, let the clock run until there is."""

        def found() -> Row | None:
            return next(filter(true, self.open_incidents()), None)

        if row := found():
            return row
        with self.running():
            return until(found, what)


@contextlib.contextmanager
def started() -> Iterator[Stage]:
    """Start an exercise of its own; all its processes run, its clock stands."""
    data_dir = Path(tempfile.mkdtemp(prefix="lamplighter-browser-"))
    data_dir.chmod(0o711)  # root's PostgreSQL runs as another user, who must be able to walk through
    environment = {**os.environ, **load_settings(data_dir=data_dir, console_port=free_port(0)).environment()}
    command = [COMMAND, "demo", "--storm", "tiny", "--speed", "1", "--stay", "--no-browser"]
    process = subprocess.Popen(command, env=environment, cwd=data_dir, text=True, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = next(filter(None, map(TOLD.search, process.stdout)))
        threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would halt the live view
        stage = Stage(told[1].rstrip("/"), Person(told[2], "Demo", told[3]), data_dir)
        until(lambda: _answers(stage.url), "a console that answers")
        until(lambda: stage.ready("drill", "console", "worker-1"), "all processes run")
        stage.speed(0)
        yield stage
        stage.api.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(data_dir, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/session", timeout=5).status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False
