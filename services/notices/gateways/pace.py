"""How much is handed to a provider at once: a few seconds' worth of what it takes, so that what is urgent never waits for long.

All times are seconds of one steady clock.
"""

from __future__ import annotations

from typing import Final

HANDED_S: Final = 2.0
"""Of what the provider answers in so many seconds the answers may be outstanding."""
LEAST, AT_FIRST, MOST = 5, 200, 400
"""How many answers may be outstanding: with a slow provider, before its speed is known, with the fastest."""
DRAUGHT: Final = 20
"""So many are handed over at once while there is a backlog: one look into the database for each would be too many."""
LOOK_S: Final = 1.0
"""How often the pace is thought over."""
SAMPLE: Final = 10
"""Fewer answers than this say nothing of how the provider fares, but that it is slow if they are all in `SLOW_S`."""
SLOW_S: Final = 5.0
TOO_MANY: Final = 0.1
"""A greater share than this of answers that it was too busy means that we are too fast; a smaller one is of single numbers."""
SLOWER, FASTER = 0.7, 1.15


class Pace:
    """The pace of one provider, at most `per_s` a second. It slows down when the provider says that it is too busy."""

    def __init__(self, per_s: float, now: float) -> None:
        self._most = per_s
        self.per_s = per_s
        self._window = float(AT_FIRST)
        self._tokens = self._depth()
        self._at = now
        self._since = now
        self._answers = 0
        self._busy = 0
        self._in_flight = 0

    def room(self, in_flight: int, now: float) -> int:
        """Return how many may be handed over now; none rather than a few while others are still under way."""
        self._in_flight = in_flight
        self._think(now)
        self._tokens = min(self._depth(), self._tokens + (now - self._at) * self.per_s)
        self._at = now
        room = max(0, min(int(self._tokens), int(self._window) - in_flight))
        return 0 if in_flight and room < min(DRAUGHT, self._window // 4, self._depth() / 2) else room

    def handed(self, count: int) -> None:
        """So many were handed over."""
        self._tokens -= count

    def answered(self, *, busy: bool, now: float) -> None:
        """One was answered; `busy`: the provider was too busy for it."""
        self._answers += 1
        self._busy += busy
        self._think(now)

    def _think(self, now: float) -> None:
        """Think the pace over, if there is something to go by."""
        passed = now - self._since
        if passed < LOOK_S or (self._answers < SAMPLE and passed < SLOW_S):
            return
        handed_s = HANDED_S * self._answers / passed
        if self._answers >= SAMPLE and self._busy > TOO_MANY * self._answers:
            self.per_s = max(1.0, SLOWER * min(self.per_s, self._answers / passed))
        else:
            self.per_s = min(self._most, FASTER * self.per_s)
        if self._answers >= SAMPLE or self._in_flight > handed_s + LEAST:
            self._window = min(MOST, max(LEAST, handed_s))
        self._since, self._answers, self._busy = now, 0, 0

    def _depth(self) -> float:
        """Return how many may go at one stroke after a rest: a quarter of a second's worth, and one at least."""
        return max(1.0, self.per_s / 4)
