"""Reconciling: what is to be done about a text that sticks. Every state that can stick has a way out here.

- due, by a channel for which this installation has no gateway: failed, at once (`effects.fail_unserved`);
- due past its expiry, since no gateway could take it or texts were stopped: expired (`effects.expire`);
- due and put off again and again, since the operator is too busy: goes on until it expires, and is an alarm;
- attempting, and its sender is gone: its provider is asked by the next sender; of a kind that no sender does any more: unknown;
- done, and no receipt came: its operator is asked; who cannot tell, or does not for long, gave no receipt;
- unknown: its provider is asked again, by its name for the text or by our key; a receipt resolves it whenever it comes.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from schemas.events import TextOutcome

_MINUTE_MS: Final = 60_000
EVERY_MS: Final = _MINUTE_MS
"""How often what sticks is looked after, in the clock's time."""

GRACE_MS: Final = 10 * _MINUTE_MS
"""So long after its expiry an operator has said what became of a text, if it says so at all."""
AGAIN_MS: Final = 30 * _MINUTE_MS
"""How long after one question the next is asked."""
GIVEN_UP_MS: Final = 24 * 60 * _MINUTE_MS
"""So long after its expiry nothing more is asked of a text."""
SOON_MS: Final = _MINUTE_MS
"""How long after an attempt of unknown outcome its provider is asked for it first."""
GONE_S: Final = 600.0
"""After so many seconds of real time an attempt of a kind that nobody does has no outcome that anybody will find out."""
PUT_OFF: Final = 30
"""A text that was put off so many times is an alarm."""

NO_RECEIPT: Final = "noReceipt"
"""Reason of a text that the operator took and of which nobody ever said what became of it."""
NO_GATEWAY: Final = "noGateway"
"""Reason of a notice by a channel for which no gateway is configured."""
GATEWAY_GONE: Final = "gatewayGone"
"""Reason of an attempt whose gateway is not configured any more: nobody can be asked."""

ASKABLE: Final = frozenset({"noLookUp", "linkLost", "noAnswer", "connectionLost"})
"""Why an outcome is unknown that a provider may know by our key. What an unknown answer meant it cannot say."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """What an operator answers when it is asked for a text: its outcome, None while it is on its way; the operator's own code."""

    outcome: TextOutcome | None
    code: str


class Step(enum.StrEnum):
    """What is to be done about a text now."""

    WAIT = "wait"
    ASK = "ask"
    """Ask the operator by its name for the text."""
    LOOK_UP = "lookUp"
    """Ask the provider by our key."""
    GIVE_UP = "giveUp"
    """Nobody will ever say: a text that was taken gave no receipt, an unknown one stays so."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A text that was taken and has no receipt, or whose outcome is unknown (`known` False); times in milliseconds.

    `reference` is the operator's name for it, `looked_at` when its provider was last asked.
    """

    key: str
    area: str
    gateway: str
    known: bool
    reason: str
    reference: str | None
    done_at: int
    expires_at: int
    looked_at: int | None


def step(stuck: Stuck, now: int, *, tells: bool) -> Step:
    """Say what to do about a text; `tells`: its operator can be asked by its own name for it."""
    over = now >= stuck.expires_at + GIVEN_UP_MS
    rested = stuck.looked_at is None or now >= stuck.looked_at + AGAIN_MS
    if stuck.known:
        if now < stuck.expires_at + GRACE_MS:
            return Step.WAIT
        if over or not tells or not stuck.reference:
            return Step.GIVE_UP
        return Step.ASK if rested else Step.WAIT
    if over or now < stuck.done_at + SOON_MS or not rested:
        return Step.WAIT
    if stuck.reference and tells:
        return Step.ASK
    return Step.LOOK_UP if stuck.reason in ASKABLE else Step.WAIT
