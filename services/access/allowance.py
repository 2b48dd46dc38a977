"""How much each key may send: a bucket that fills at a steady rate. Pure; time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowances:
    """Events per second that a key may send on average, and how many at once."""

    per_s: float
    at_once: float
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key_id: str, events: int, now_s: float) -> float:
        """Take the allowance for so many events, and return 0; or take nothing, and return the seconds until it would do.

        More events than may be sent at once wait for a full bucket.
        """
        left, then_s = self._left.get(key_id, (self.at_once, now_s))
        left = min(self.at_once, left + (now_s - then_s) * self.per_s)
        wanted = min(float(events), self.at_once)
        granted = left >= wanted
        self._left[key_id] = (left - wanted if granted else left, now_s)
        return 0.0 if granted else (wanted - left) / self.per_s
