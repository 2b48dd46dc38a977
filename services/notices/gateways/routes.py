"""Which of several gateways of a kind does what is due: the first that works; what failed rests, and is trusted again by degrees.

All times are seconds of one steady clock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from services.engine.gateway import Gateway

REST_S: Final = 30.0
"""How long a gateway rests that failed, while another one works."""
FAILURES: Final = 5
"""After so many attempts in a row to which it knew no answer, a gateway counts as failed though its link stands."""
TRIED_WITH: Final = 1
"""With so many at a time a gateway is tried that has rested; each time that goes well with four times as many."""
TRUSTED_FROM: Final = 256


@dataclasses.dataclass(slots=True)
class _Stands:
    """How a gateway stands: whether its link stands, until when it rests, how many at a time it is trusted with."""

    gateway: Gateway
    connected: bool = False
    rests_until: float = 0.0
    trust: int = TRUSTED_FROM
    failures: int = 0


class Routes:
    """The gateways of one kind, the preferred one first. Told how they fare, it says which takes what."""

    def __init__(self, gateways: Sequence[Gateway], *, rest_s: float = REST_S) -> None:
        if not gateways or len({gateway.kind for gateway in gateways}) != 1:
            raise ValueError("routes are those of one kind, and one at least")
        self._rest_s = rest_s
        self._all = {gateway.name: _Stands(gateway) for gateway in gateways}

    @property
    def kind(self) -> str:
        """Return the kind of effect that they do."""
        return self.gateways[0].kind

    @property
    def gateways(self) -> list[Gateway]:
        """Return all of them, the preferred one first."""
        return [each.gateway for each in self._all.values()]

    def named(self, name: str) -> Gateway | None:
        """Return the gateway of this name; the preferred one for no name; None when there is none."""
        if not name:
            return self.gateways[0]
        found = self._all.get(name)
        return None if found is None else found.gateway

    def is_connected(self, gateway: Gateway) -> bool:
        """Say whether the link of a gateway stands."""
        return self._all[gateway.name].connected

    def connected(self, gateway: Gateway) -> None:
        """The link stands."""
        self._all[gateway.name].connected = True

    def lost(self, gateway: Gateway, now: float) -> None:
        """The link is down: it rests for a while, also when it stands again soon."""
        self._all[gateway.name].connected = False
        self._fail(self._all[gateway.name], now)

    def answered(self, gateway: Gateway, *, good: bool, now: float) -> None:
        """It answered an attempt (taken or refused, it makes no odds), or nobody knows what it made of it."""
        stands = self._all[gateway.name]
        if good:
            stands.failures = 0
            stands.trust = min(4 * stands.trust, TRUSTED_FROM)
            return
        stands.failures += 1
        if stands.failures >= FAILURES:
            self._fail(stands, now)

    def _fail(self, stands: _Stands, now: float) -> None:
        stands.failures = 0
        stands.rests_until = now + self._rest_s
        stands.trust = TRIED_WITH

    def choose(self, now: float) -> Gateway | None:
        """Return who takes the next one; None when no link stands."""
        shares = self.shares(1, now)
        return shares[0][0] if shares else None

    def shares(
        self, room: int, now: float, in_flight: Mapping[str, int] = MappingProxyType({})
    ) -> list[tuple[Gateway, int]]:
        """Return who takes how many of the next `room`, which is 1 at least; empty when no link stands.

        One that has just come back has as many `in_flight` as it is trusted with, and the next one takes the others. Where no
        other one works, none rests.
        """
        linked = [each for each in self._all.values() if each.connected]
        ready = [each for each in linked if each.rests_until <= now] or linked[:1]
        shares: list[tuple[Gateway, int]] = []
        for place, stands in enumerate(ready):
            on_trial = stands.trust < TRUSTED_FROM and place < len(ready) - 1
            trusted = max(0, stands.trust - in_flight.get(stands.gateway.name, 0))
            share = min(room, trusted) if on_trial else room
            if share:
                shares.append((stands.gateway, share))
            room -= share
        return shares
