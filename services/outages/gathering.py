"""How close in time reports speak of one loss, and how long they are gathered before a fault is made known."""

from __future__ import annotations

HOLD_MS = 60_000
"""How long reports of a fault are gathered before it is made known: gasps of one fault come 30 to 65 seconds after the loss."""
SAME_LOSS_MS = 30_000
"""Meters that lost voltage within this time of one another may have lost it together."""
NEAR_LOSS_MS = 120_000
"""An incident whose start lies this near to a loss may be the same fault; meters' clocks and late gasps stretch it."""
