"""What was heard behind a feeder's head, counted by device: a report costs one step for each device above it.

Only counts are kept, so the order in which reports came cannot change what follows from them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NEVER = -1


class Said(NamedTuple):
    """What one customer and his meter said: the quantum of a call, of a last gasp, of a proof that power was there, and of a
    question to the meter that was not answered; `NEVER` where there was none. `metered`: a last gasp could be heard.
    """

    call: int = NEVER
    gasp: int = NEVER
    power: int = NEVER
    no_answer: int = NEVER
    metered: bool = True


@dataclass(slots=True)
class FeederEvidence:
    """The evidence of one feeder, counts by device.

    `heard` are those behind each who said anything, `called` those who called, `gasped` those whose meter was heard; `at` are
    those directly at a device, by what they said. `absent` cannot speak now, since something known holds them. Each has a
    part with a meter. A device that is `cleared` was measured to be closed then (quantum): it had not failed before.
    """

    parent: Sequence[int]
    said: dict[Hashable, tuple[int, Said]] = field(default_factory=dict)
    at: dict[tuple[int, Said], int] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)
    heard_metered: dict[int, int] = field(default_factory=dict)
    called: dict[int, int] = field(default_factory=dict)
    gasped: dict[int, int] = field(default_factory=dict)
    absent: dict[int, int] = field(default_factory=dict)
    absent_metered: dict[int, int] = field(default_factory=dict)
    cleared: dict[int, int] = field(default_factory=dict)
    changed: int = 0
    """So many times since it was last weighed."""

    def put(self, customer: Hashable, device: int, said: Said) -> None:
        """Let this be all that a customer at a device has said."""
        was = self.said.get(customer)
        if was is not None:
            if was == (device, said):
                return
            self.count(was[0], was[1], -1)
        self.said[customer] = (device, said)
        self.count(device, said, 1)

    def leave_out(self, device: int, *, metered: bool) -> None:
        """Let one customer at a device, who said nothing, be no part of this."""
        for step in self.path(device):
            self.absent[step] = self.absent.get(step, 0) + 1
            if metered:
                self.absent_metered[step] = self.absent_metered.get(step, 0) + 1
        self.changed += 1

    def clear(self, device: int, at: int) -> None:
        """Take it for certain that a device had not failed at a time (quantum)."""
        self.cleared[device] = max(at, self.cleared.get(device, NEVER))
        self.changed += 1

    def path(self, device: int) -> Iterator[int]:
        """Yield the device and all above it, from the lowest upwards."""
        while device >= 0:
            yield device
            device = self.parent[device]

    def count(self, device: int, said: Said, by: int) -> None:
        """Count so many more customers, or less, who hang on a device and said this."""
        self.changed += 1
        key = (device, said)
        there = self.at.get(key, 0) + by
        if there:
            self.at[key] = there
        else:
            del self.at[key]
        counts = [self.heard]
        if said.metered:
            counts.append(self.heard_metered)
        if said.call != NEVER:
            counts.append(self.called)
        if said.gasp != NEVER:
            counts.append(self.gasped)
        while device >= 0:
            for count in counts:
                count[device] = count.get(device, 0) + by
            device = self.parent[device]
