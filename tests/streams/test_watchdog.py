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


def test_nobody_is_idle_while_another_has_work_in_hand() -> None:
    stalled = threading.Event()
    watchdog = Watchdog(0.2, lambda _: stalled.set())
    watchdog.start()
    with watchdog.in_hand():
        for _ in range(200):
            watchdog.idle()
            if stalled.wait(0.05):
                break
    assert stalled.is_set()


def test_work_that_was_done_leaves_nothing_in_hand() -> None:
    stalled = threading.Event()
    watchdog = Watchdog(0.2, lambda _: stalled.set())
    with watchdog.in_hand():
        pass
    watchdog.start()
    for _ in range(20):
        watchdog.idle()
        if stalled.wait(0.05):
            break
    watchdog.stop()
    assert not stalled.is_set()
