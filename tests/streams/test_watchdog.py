"""A worker that has work and makes no progress is ended; one that works or has nothing to do is not."""

from __future__ import annotations

import threading

from streams.watchdog import Watchdog


def test_without_progress_it_ends_the_process() -> None:
    stalled = threading.Event()
    watchdog = Watchdog(0.2, lambda _: stalled.set())
    watchdog.start()
    assert stalled.wait(10)


def test_signs_of_life_keep_it_quiet() -> None:
    stalled = threading.Event()
    watchdog = Watchdog(1.0, lambda _: stalled.set())
    watchdog.start()
    for number in range(40):
        (watchdog.progressed if number % 2 else watchdog.idle)()
        if stalled.wait(0.05):
            break
    watchdog.stop()
    assert not stalled.is_set()
