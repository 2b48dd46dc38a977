"""How often a key may ask: a bucket of tokens each, refilled steadily."""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(slots=True)
class Limits:
    """Lets each key ask `burst` times at once and `per_s` times a second in the long run. Times are seconds of any clock."""

    burst: int
    per_s: float
    _full_at: dict[str, float] = dataclasses.field(default_factory=dict)

    def wait_for(self, key: str, now: float) -> int:
        """Take a token and return 0; or, when there is none, the whole seconds until there will be one."""
        full_at = max(self._full_at.get(key, now), now)
        missing = (full_at - now) * self.per_s
        if missing + 1 > self.burst:
            return max(1, math.ceil((missing + 1 - self.burst) / self.per_s))
        self._full_at[key] = full_at + 1 / self.per_s
        return 0
