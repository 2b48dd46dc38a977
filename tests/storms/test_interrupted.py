"""Stops in the middle: Ctrl-C and kill -9 of the supervisor leave no process, and the next start begins cleanly."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.storms.conftest import Lamplighter

LIMIT_S = 90.0


def _until_playing(lamplighter: Lamplighter) -> None:
    """Wait until every process of the drill is ready."""
    table = lamplighter.data_dir / "processes.json"
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        parts = json.loads(table.read_text(encoding="utf-8")) if table.exists() else {}
        if parts.get("drill", {}).get("state") == "ready":
            return
        time.sleep(0.05)
    pytest.fail("the drill did not begin")


def _until_gone(lamplighter: Lamplighter) -> None:
    end = time.monotonic() + LIMIT_S
    while lamplighter.processes() and time.monotonic() < end:
        time.sleep(0.05)
    assert lamplighter.processes() == {}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_and_after_a_kill_the_next_storm_plays(
    lamplighter: Lamplighter, sign: signal.Signals
) -> None:
    process = lamplighter.start("demo", "--storm", "tiny", "--speed", "30")
    try:
        _until_playing(lamplighter)
        assert len(lamplighter.processes()) > 8
        os.kill(process.pid, sign)
        process.communicate(timeout=LIMIT_S)
        _until_gone(lamplighter)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    if sign is signal.SIGKILL:  # the others stopped everything in order, which the list of processes shows
        assert lamplighter.play("tiny", 1)["truth"]["faults"] == 3
