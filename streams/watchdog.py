"""Notices a worker that has work and makes no progress, and ends it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watchdog:
    """Ends the process when it made no progress for `limit_s` seconds while there was work.

    It watches from a thread of its own, so that a blocked event loop is noticed too. Whoever works calls `progressed`; whoever
    looked and found nothing to do calls `idle`. Both are signs of life, but nobody is idle while another has work in hand.
    """

    def __init__(self, limit_s: float, on_stall: Callable[[float], None]) -> None:
        self._limit_s = limit_s
        self._on_stall = on_stall
        self._last = time.monotonic()
        self._in_hand = 0
        self._ended = threading.Event()

    def progressed(self) -> None:
        """Say that work was done."""
        self._last = time.monotonic()

    def idle(self) -> None:
        """Say that there is no work, as far as the caller can see."""
        if not self._in_hand:
            self._last = time.monotonic()

    @contextlib.contextmanager
    def in_hand(self) -> Iterator[None]:
        """Have work in hand meanwhile; it is progress when it comes to its end."""
        self._in_hand += 1
        try:
            yield
            self.progressed()
        finally:
            self._in_hand -= 1

    def start(self) -> None:
        """Begin to watch."""
        self.progressed()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """End the watch."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(min(1.0, self._limit_s / 4)):
            without = time.monotonic() - self._last
            if without > self._limit_s:
                self._on_stall(without)
                return
