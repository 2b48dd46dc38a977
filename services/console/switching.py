"""What switching can do about an incident: the steps, what was done of them, and where the fault may lie."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any, Final

import msgspec

from services.console.hypotheses import NamedDevice
from services.engine.taking import Connection
from services.network import Network
from services.outages import showing_incident as outages
from services.switching import showing
from services.switching.circuit import NOBODY, Circuit, People
from services.switching.executed import executed
from services.switching.faulted import Situation, section_behind
from services.switching.loads import Assumed, Limit, Wiring
from services.switching.proposing import Proposal, Step, propose, restored_by_switching
from services.switching.reasons import Reason
from services.switching.restoring import Weights
from services.switching.showing import Seen

ASSUMED: Final = "switching.assumed"
"""In `STATE`: how load is estimated and people are weighed, `Assumptions`; those of the settings' defaults where there are none."""
_KEPT: Final = "switching.circuit"
_LOCK: Final = f"{_KEPT}.lock"
MOST_SECTIONS: Final = 12
"""Of so many sections it is reckoned what would come back if the fault lay in each."""


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """How load is estimated, and how people are weighed."""

    load: Assumed = Assumed()
    weights: Weights = Weights()


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step that remains: `open`, `close`, or `verify` that devices stand open; `after` names the steps that go before."""

    number: int
    action: str
    devices: list[NamedDevice]
    reason: Reason
    after: list[int]
    brings_back: People
    in_all: People
    by_hand: bool
    limit: Limit | None


class DoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was done, as the states say that were told since the fault; milliseconds."""

    device: NamedDevice
    closed: bool
    at_ms: int
    brings_back: People
    in_all: People


class SectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A section in which the fault may lie, by the device that feeds it: its line in metres, and who would come back then.

    `restorable` is None where there are too many sections to reckon it for each.
    """

    behind: NamedDevice
    length_m: int
    chosen: bool
    restorable: People | None


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device that could feed somebody and is not closed."""

    device: NamedDevice
    reason: Reason
    limit: Limit | None


class LeftOutRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who stays without power until the repair, and why."""

    reason: Reason
    people: People


class SwitchingDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`Switching` of `types.ts`: what the switching of an incident comes to, from how the grid stands at `now_ms`."""

    now_ms: int
    incident: str
    device: NamedDevice
    reason: Reason
    sections: list[SectionRow]
    done: list[DoneRow]
    steps: list[StepRow]
    restorable: People
    left_out: list[LeftOutRow]
    refused: list[RefusedRow]


async def detail(
    connection: Connection, network: Network, state: dict[str, Any], incident: str, behind: str | None
) -> SwitchingDetail | None:
    """Return what switching can do about an incident; None for an unknown id.

    `behind` names the section in which the fault lies. Raises ValueError when it is none in which it may lie.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        seen = await showing.seen(connection, incident, behind)
        now_ms = await outages.now_ms(connection)
    if seen is None:
        return None
    circuit, wiring = await _circuit(network, state)
    assumed = state.get(ASSUMED, Assumptions())
    return await asyncio.to_thread(_answer, circuit, wiring, assumed.weights, seen, incident, now_ms)


async def _circuit(network: Network, state: dict[str, Any]) -> tuple[Circuit, Wiring]:
    """Return the circuit of a network, built once for each version of the utility."""
    lock: asyncio.Lock = state.setdefault(_LOCK, asyncio.Lock())
    async with lock:
        kept: tuple[Network, Circuit, Wiring] | None = state.get(_KEPT)
        if kept is None or kept[0] is not network:
            load = state.get(ASSUMED, Assumptions()).load
            circuit = await asyncio.to_thread(Circuit, network)
            kept = network, circuit, await asyncio.to_thread(Wiring, circuit, load)
            state[_KEPT] = kept
    return kept[1], kept[2]


def _answer(
    circuit: Circuit, wiring: Wiring, weights: Weights, seen: Seen, incident: str, now_ms: int
) -> SwitchingDetail:
    situation = seen.situation
    refused = seen.refused
    if refused is None and situation.fault.device not in circuit.links:
        refused = Reason.UNKNOWN_DEVICE
    if refused is not None:
        return SwitchingDetail(
            now_ms=now_ms, incident=incident, device=_named(circuit, seen.device), reason=refused, sections=[], done=[], steps=[],
            restorable=NOBODY, left_out=[], refused=[],
        )  # fmt: skip
    proposal = propose(circuit, wiring, situation, weights)
    return SwitchingDetail(
        now_ms=now_ms,
        incident=incident,
        device=_named(circuit, seen.device),
        reason=proposal.reason,
        sections=_sections(circuit, wiring, weights, situation, proposal),
        done=[
            DoneRow(
                device=_named(circuit, each.device),
                closed=each.closed,
                at_ms=each.at_ms,
                brings_back=each.brings_back,
                in_all=each.in_all,
            )
            for each in executed(circuit, situation, seen.changes)
        ],
        steps=[_step(circuit, step) for step in proposal.steps],
        restorable=restored_by_switching(proposal),
        left_out=[LeftOutRow(reason=reason, people=people) for reason, people in proposal.left_out.items()],
        refused=[
            RefusedRow(device=_named(circuit, each.device), reason=each.reason, limit=each.limit)
            for each in proposal.refused
        ],
    )


def _sections(
    circuit: Circuit, wiring: Wiring, weights: Weights, situation: Situation, proposal: Proposal
) -> list[SectionRow]:
    few = len(proposal.zone) <= MOST_SECTIONS
    rows = []
    for behind in proposal.zone:
        chosen = behind == situation.behind or len(proposal.zone) == 1
        people: People | None = None
        if chosen:
            people = restored_by_switching(proposal)
        elif few:
            located = dataclasses.replace(situation, behind=behind)
            people = restored_by_switching(propose(circuit, wiring, located, weights))
        rows.append(
            SectionRow(
                behind=_named(circuit, behind),
                length_m=_length_m(circuit, behind),
                chosen=chosen,
                restorable=people,
            )
        )
    return rows


def _length_m(circuit: Circuit, behind: str) -> int:
    """Return how much line there is in the section that a device feeds, metres."""
    section = section_behind(circuit, behind)
    parts = circuit.ground.parts_of_branches
    within = ((parts[:, 0] == section) & (parts[:, 1] == section)).nonzero()[0].tolist()
    return round(sum(circuit.ground.grid.branches[branch].length_m or 0.0 for branch in within))


def _step(circuit: Circuit, step: Step) -> StepRow:
    return StepRow(
        number=step.number,
        action=step.action,
        devices=[_named(circuit, each) for each in step.devices],
        reason=step.reason,
        after=list(step.after),
        brings_back=step.brings_back,
        in_all=step.in_all,
        by_hand=step.by_hand,
        limit=step.limit,
    )


def _named(circuit: Circuit, device: str) -> NamedDevice:
    if device not in circuit.links:
        return NamedDevice(device=device, device_class="", device_number="")
    switch = circuit.network.switch(device)
    return NamedDevice(device=device, device_class=switch.kind, device_number=switch.device_number)
