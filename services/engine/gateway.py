"""The small port through which an effect leaves: a gateway does it, or says why not, or finds out what became of it."""

from __future__ import annotations

import dataclasses
from typing import Literal, Protocol

Done = Literal["done", "failed", "later", "unknown"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an attempt.

    `done`: the provider has it. `failed`: it never will (ours or permanent). `later`: it has not got it, try again after
    `retry_after_ms` of clock time. `unknown`: it may or may not have it; with `ask` its provider can be asked, without it nobody
    knows more, and it is not repeated. `reason` is a stable code, `reference` the provider's id.
    """

    state: Done
    reason: str
    reference: str | None = None
    retry_after_ms: int | None = None
    ask: bool = False


class GatewayAway(Exception):
    """The link to the provider is down and nothing was handed over: the attempt did not happen."""


class Gateway(Protocol):
    """One way out into the world. `kind` is the kind of effect it does, `name` is written beside each effect it did."""

    kind: str
    name: str

    async def start(self) -> None:
        """Connect. Raises `GatewayAway` when the provider cannot be reached."""

    async def stop(self) -> None:
        """Finish what is in flight and disconnect."""

    async def perform(self, key: str, shard: str, body: bytes) -> Result:
        """Do the effect. Never raises for what a provider can answer. Raises `GatewayAway`."""

    async def look_up(self, key: str) -> Result | None:
        """Ask the provider for an attempt whose outcome is not known. None: it never got it. Raises `GatewayAway`."""
