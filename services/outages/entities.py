"""What the inference remembers: incidents, customers without power, unexplained reports, windows, switch states, hazards."""

from __future__ import annotations

import enum
from typing import ClassVar

import msgspec

from schemas.events import HazardKind, HazardState, IncidentState, Place
from services.engine.turn import Entity
from services.outages.estimating import Planned, Stage, Work
from services.outages.stretches import Ended, Stretch

OPEN_STATES = frozenset({IncidentState.PREDICTED, IncidentState.CONFIRMED, IncidentState.PARTIALLY_RESTORED})


class Basis(enum.StrEnum):
    """What the start of an incident or an interruption rests on."""

    METER = "meter"
    CALL = "call"
    PRESUMED = "presumed"
    SWITCHING = "switching"
    TELEMETRY = "telemetry"


class EstimateBasis(enum.StrEnum):
    """What the estimate of an incident rests on, from the least to the most."""

    DEVICE = "device"
    ARRIVAL = "arrival"
    LEARNT = "learnt"
    CREW = "crew"
    DISPATCHER = "dispatcher"


class Hypothesis(msgspec.Struct, frozen=True):
    """A device that may be what failed, and how likely that is, per mille."""

    device: str
    permille: int


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """When power is expected back, as it was looked at last (`at`): in eight cases of ten from `low` to `high`. Milliseconds.

    `stage` is how far the work had come, `rests_on` from how many measurements of the past it comes. Of `device`.
    """

    at: int
    device: str
    low: int
    median: int
    high: int
    stage: Stage
    rests_on: int


class Incident(Entity, frozen=True, kw_only=True):
    """One cause, one failed device, its customers. Times are milliseconds. `region` is where it was dispatched first, and stays.

    `whole`: everybody behind the device is taken to be out, else only who reported. `heard` counts customers who reported,
    `out` who is out under it, `life_support` and `important` those of them. `back_at` and `last_back_at` are the first and
    the last proof of power among its customers, `done_at` when the crew was done, `check_at` when the wait for signs of
    restoration ends, `leave_at` when it is closed or forgotten. `upstream` is the incident in whose shadow it was found,
    `upstream_back_at` when power came back there. `found`: a crew has seen the fault; `fixed`: a dispatcher said what it
    is; `switched`: its device was told to stand open. `repaired` is the order that claimed the repair, and of which device.
    `step_at` is when switching gave power to some of its customers, `step_check_at` when the wait for signs of that ends.
    `hypotheses` are what may have failed, the likeliest first. `phases` are those that it took out, where it took out some
    of them only: whoever is on them alone is out, and it is not `whole`. `premise`: neighbours are proven to have power.
    It is made known to others at `publish_at`: until then further reports of the same fault are awaited.
    `contradicted` is the reason that speaks against what a dispatcher said, if any does. `work` is the order that is to repair
    it, `planned` when a plan expects a crew there, `expected` what the past says of when power is back.
    """

    kind: ClassVar[str] = "incident"
    device: str
    region: str
    state: IncidentState
    reason: str
    whole: bool
    basis: Basis
    opened_at: int
    started_at: int
    estimate: int
    estimate_basis: EstimateBasis = EstimateBasis.DEVICE
    revision: int = 0
    heard: int = 0
    out: int = 0
    life_support: int = 0
    important: int = 0
    found: bool = False
    fixed: bool = False
    switched: bool = False
    repaired: tuple[str, str] | None = None
    back_at: int | None = None
    last_back_at: int | None = None
    done_at: int | None = None
    check_at: int | None = None
    step_at: int | None = None
    step_check_at: int | None = None
    leave_at: int | None = None
    upstream: str | None = None
    upstream_back_at: int | None = None
    merged_into: str | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    publish_at: int = 0
    phases: str = ""
    premise: bool = False
    contradicted: str | None = None
    work: Work | None = None
    planned: Planned | None = None
    expected: Expected | None = None

    @property
    def is_open(self) -> bool:
        """Answers whether somebody may still be out under it."""
        return self.state in OPEN_STATES

    @property
    def of_one_premise(self) -> bool:
        """Answers whether it is the trouble of one customer alone, whose neighbours have power."""
        return self.premise and self.heard <= 1

    @property
    def claimed(self) -> bool:
        """Answers whether somebody said that power is back, or that what had failed is mended."""
        return self.found or self.check_at is not None or self.step_at is not None


class Out(Entity, frozen=True, kw_only=True):
    """A customer without power; `id` is the customer, so that nobody is out twice. Times are milliseconds.

    `holder` is an incident or a window (`planned`). `since` is when power was lost, `start` when the interruption began:
    earlier, if power was back only for a short time. `own` names the interruption that it is for itself, `interruption`
    the one that it is a part of. `gasp_at` and `call_at` are the customer's own reports of this loss, `reports` their ids.
    `outage` names it to the hotline, for customers with an account, `told` is what that was last told of it (holder,
    estimate), `tellings` how often. `said_at` is when the customer or the meter last said that there is no power.
    """

    kind: ClassVar[str] = "out"
    holder: str
    planned: bool
    since: int
    start: int
    basis: Basis
    own: str
    interruption: str
    stretches: tuple[Stretch, ...]
    outage: str | None = None
    told: tuple[str, int | None] | None = None
    tellings: int = 0
    gasp_at: int | None = None
    call_at: int | None = None
    said_at: int | None = None
    reports: tuple[str, ...] = ()

    @property
    def insisted_at(self) -> int | None:
        """When the customer or the meter last said that there is no power; None when neither did."""
        return max((at for at in (self.gasp_at, self.call_at, self.said_at) if at is not None), default=None)

    @property
    def reported(self) -> bool:
        """Answers whether the customer or the meter spoke of this outage."""
        return bool(self.reports)

    @property
    def guessed(self) -> bool:
        """Answers whether its start rests on less than a meter or a switch."""
        return self.basis in {Basis.PRESUMED, Basis.CALL}


class Pending(Entity, frozen=True, kw_only=True):
    """A customer whose report nothing explains yet; `id` is the customer, `heard_at` the time of the first turn it was in.

    `priority`: a hotline account reported; it is explained at once, whoever else may still report.
    """

    kind: ClassVar[str] = "pending"
    device: str
    heard_at: int
    gasp_at: int | None = None
    call_at: int | None = None
    priority: bool = False
    reports: tuple[str, ...] = ()


class Unanswered(Entity, frozen=True, kw_only=True):
    """That the meter of a customer was asked and did not answer; `id` is the customer, `at` when that was known, milliseconds."""

    kind: ClassVar[str] = "unanswered"
    at: int


class Proven(Entity, frozen=True, kw_only=True):
    """That a customer who was not out was shown to have power; `id` is the customer, `at` when, milliseconds."""

    kind: ClassVar[str] = "proven"
    at: int


class Hint(Entity, frozen=True, kw_only=True):
    """A report that names no one customer; `id` is the report. It speaks of a device, or of one of several customers.

    It is answered when something takes out whom it may mean (`counted`), or else at `leave_at`, when it is forgotten.
    `reports` is itself.
    """

    kind: ClassVar[str] = "hint"
    device: str
    at: int
    heard_at: int
    leave_at: int
    candidates: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    counted: bool = False


class Suspected(Entity, frozen=True, kw_only=True):
    """When a feeder was weighed, and what came of it; `id` is its head. Times are milliseconds.

    `changed_at` is when something new was last heard there, `due_at` when it is weighed again, None
    when silence has nothing more to say. `believed_milli` is how many
    faults it is believed to have, in thousandths. `heard` counts behind devices that surely failed: those who called, those
    who would have by now if everybody did (thousandths), and so meters.
    """

    kind: ClassVar[str] = "suspected"
    weighed_at: int
    changed_at: int
    due_at: int | None
    believed_milli: int
    heard: tuple[int, int, int, int]


class Learnt(Entity, frozen=True, kw_only=True):
    """What an area's own history says of reports; `id` is the area.

    `meters_speak`: a last gasp was heard here at some time. `heard` counts, like that of `Suspected`, over the feeders of which
    nothing is suspected any more; what was long ago counts less.
    """

    kind: ClassVar[str] = "learnt"
    meters_speak: bool = False
    heard: tuple[int, int, int, int] = (0, 0, 0, 0)


class Gathering(Entity, frozen=True, kw_only=True):
    """That there are unexplained reports, as earlier editions of the rules kept it; `id` is the area. It is taken out at once."""

    kind: ClassVar[str] = "gathering"
    due_at: int


class WindowState(enum.StrEnum):
    """Life of a window of planned work, as the inference sees it."""

    ANNOUNCED = "announced"
    ACTIVE = "active"
    VERIFYING = "verifying"
    OVER = "over"


class Window(Entity, frozen=True, kw_only=True):
    """Planned work behind isolation points. Times are milliseconds.

    `fact` is the notice that says until when. `tops` are the devices right behind which power comes back. `overrun`: its
    end has passed and nobody has said that the work is complete. `check_at` is when the wait for signs of restoration ends.
    `awaited` are isolation points that are not open, or not any more. `step_at` is when switching fed some of its customers
    again, `step_check_at` when the wait for signs of that ends.
    """

    kind: ClassVar[str] = "window"
    isolates: tuple[str, ...]
    state: WindowState
    fact: str
    starts_at: int | None = None
    ends_at: int | None = None
    tops: tuple[str, ...] = ()
    overrun: bool = False
    started_at: int | None = None
    completed_at: int | None = None
    check_at: int | None = None
    awaited: tuple[str, ...] = ()
    step_at: int | None = None
    step_check_at: int | None = None


class Pole(msgspec.Struct, frozen=True, array_like=True):
    """How one phase of a device stands, as told of by itself: open since `at`, or closed and so confirmed then (milliseconds)."""

    phase: str
    closed: bool
    at: int


class Blink(msgspec.Struct, frozen=True, array_like=True):
    """From when until when a device was open, milliseconds, and in which phases; empty: in all."""

    at: int
    until: int
    phases: str = ""


class Position(Entity, frozen=True, kw_only=True):
    """How a device stands, as last heard; `id` is the device. Times are milliseconds.

    `source` is who said so: scada, crew, console or (planned) work; `fact` is where. `check_at` is when it is looked at
    again: one that opened, whether it stays open; one that closed, what became of those who were without power during its
    `blinks`. `poles` are the phases that were told of one by one, in their order: some may be open while the device counts
    as closed, since power still passes it.
    """

    kind: ClassVar[str] = "position"
    closed: bool
    source: str
    at: int
    fact: str
    check_at: int | None = None
    blinks: tuple[Blink, ...] = ()
    poles: tuple[Pole, ...] = ()

    @property
    def open_phases(self) -> str:
        """The phases in which it stands open though power still passes it."""
        return "".join(pole.phase for pole in self.poles if not pole.closed) if self.closed else ""

    def stands_closed(self, phases: str = "") -> bool:
        """Answers whether it is closed in these phases; empty: in all."""
        return self.closed and (not self.open_phases or (bool(phases) and set(phases).isdisjoint(self.open_phases)))


class Hazard(Entity, frozen=True, kw_only=True):
    """Danger at a place, with a clock of its own: `reported_at`, milliseconds; `last_at` is its last report's time."""

    kind: ClassVar[str] = "hazard"
    hazard: HazardKind
    place: Place
    state: HazardState
    reason: str
    reported_at: int
    last_at: int
    reports: int = 1
    revision: int = 0
    device: str | None = None
    incident: str | None = None
    leave_at: int | None = None


class Supplied(Entity, frozen=True, kw_only=True):
    """Since when a customer is known to have power; `id` is the customer. Milliseconds.

    `last` is his last interruption: none of his may begin before it ended. `claimed` is when his meter said that power was
    back behind a device that stands open, `spoken_at` when he or his meter last said that there is power. `outages` counts
    what the hotline was told of.
    """

    kind: ClassVar[str] = "supplied"
    since: int
    last: Ended | None = None
    claimed: int | None = None
    spoken_at: int | None = None
    outages: int = 0

    @property
    def ended(self) -> int | None:
        """When the last interruption ended."""
        return None if self.last is None else self.last.end


class Charted(Entity, frozen=True, kw_only=True):
    """Of which network the state speaks; `id` is the area."""

    kind: ClassVar[str] = "charted"
    network: str
