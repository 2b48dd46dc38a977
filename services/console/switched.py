"""The network as it is switched now, of one supply area alone where that is enough: the others need not be looked through then."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from schemas.ids import AreaId
from services.network import Network


class Switched:
    """The switch states of a network, one thread at a time."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._areas: dict[str, Network] = {}
        self._turn = threading.Lock()

    def present(self, positions: Mapping[str, bool], area: str | None = None) -> Network:
        """Return the network while these switches stand so, or one area of it. Takes a while: to be called beside the event loop.

        Raises KeyError for an area that there is not.
        """
        with self._turn:
            if area is None:
                return self._network.present(positions)
            if area not in self._areas:
                self._areas[area] = self._network.alone(AreaId(area))
            return self._areas[area].present(positions)
