"""The small port of a gateway whose operator can be asked, by its own name for a text, what became of it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from services.engine.gateway import Gateway
from services.notices.reconciling import Fate


@runtime_checkable
class Tells(Gateway, Protocol):
    """A gateway that can be asked for a text that it took."""

    async def fate_of(self, reference: str) -> Fate | None:
        """Ask for the text that the operator calls `reference`. None: it cannot tell. Raises `GatewayAway`."""
