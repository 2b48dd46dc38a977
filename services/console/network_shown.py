"""The sheet of the network: what is not fed as it normally is. Only branches whose colour has changed get new rows."""

from __future__ import annotations

from typing import Final, Literal

from services.console.assembling import Assembly
from services.console.rows import NetworkRow
from services.console.sheets import Sheet
from services.network.colouring import NORMAL, OUT, PLANNED, UNCERTAIN, Cause, Colouring, Colours

_STATES: Final[tuple[Literal["tieFed", "planned", "uncertain", "out"], ...]] = ("tieFed", "planned", "uncertain", "out")
"""The states of a branch by their rank, from 1 on."""


class NetworkShown:
    """Keeps the sheet of the network at what incidents, planned work and switches make of it."""

    def __init__(self, sheet: Sheet[NetworkRow]) -> None:
        self.colours: Colours | None = None
        self._sheet = sheet
        self._shown: tuple[list[Cause], dict[str, bool]] | None = None
        self._colouring: Colouring | None = None

    def stand_on(self, colouring: Colouring) -> None:
        """Colour another network: with the next `show` what was shown of the last one is gone."""
        self._colouring, self.colours = colouring, None

    def show(self, assembly: Assembly) -> None:
        """Bring the sheet up to what is known."""
        if self._colouring is None:
            return
        causes = causes_of(assembly)
        shown = causes, dict(assembly.positions)
        if self.colours is not None and shown == self._shown:
            return
        self._shown = shown
        windows = {window.id for window in assembly.windows}
        before, colours = self.colours, self._colouring.colours(assembly.positions, causes)
        rows, gone = [], []
        for branch in colours.differing(before).tolist():
            state, holder, feeder = colours.of(branch)
            if state == NORMAL:
                gone.append(branch_id(branch))
            else:
                by_window = holder in windows
                rows.append(
                    NetworkRow(
                        id=branch_id(branch),
                        branch=branch,
                        state=_STATES[state - 1],
                        incident=None if by_window else holder,
                        window=holder if by_window else None,
                        feeder=feeder,
                    )
                )
        rows += self._switches(colours)
        if before is None:
            self._sheet.put(rows)
        else:
            self._sheet.change(rows, [*gone, *map(switch_id, before.switched.keys() - colours.switched.keys())])
        self.colours = colours

    def _switches(self, colours: Colours) -> list[NetworkRow]:
        assert self._colouring is not None, "something was coloured"
        branch_of = self._colouring.network.ground.branch_of
        return [
            NetworkRow(id=switch_id(switch), branch=branch_of.get(switch), state="closed" if closed else "open")
            for switch, closed in colours.switched.items()
        ]


def branch_id(branch: int) -> str:
    """Return the id of the row of a branch."""
    return f"b{branch}"


def switch_id(switch: str) -> str:
    """Return the id of the row of a switch or of a feeder's head."""
    return f"s:{switch}"


def causes_of(assembly: Assembly) -> list[Cause]:
    """Return what takes branches out: open incidents, and planned work under way at each of its isolation points."""
    causes = [
        Cause(each.id, each.device, UNCERTAIN if each.state == "predicted" else OUT, each.id not in assembly.lone)
        for each in assembly.open
    ]
    causes += [
        Cause(holder=window.id, device=isolate, state=PLANNED)
        for window in assembly.windows
        for isolate in window.isolates
    ]
    return causes
