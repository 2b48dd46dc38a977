"""What a drill will play: faults, momentary interruptions, dangers, planned work, switching, people who text. Times are ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.events import HazardKind
    from services.network import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A fault that a storm asks for: how many customers it darkens, and how many more are nested in it."""

    low: int
    high: int
    nested: int = 0
    dark: bool = False
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSlot:
    """Planned work that a storm asks for, counted from its start: it ends by plan at `ends_ms`, in truth at `completed_ms`."""

    starts_ms: int
    ends_ms: int
    completed_ms: int
    low: int
    high: int
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A kind of storm. `pace` scales the times of repair.

    It begins `begins_ms` after the drill, so that a long one lies in the day. `rough`: crews refuse, fall silent, jump states
    and need help, and people report by phone, pole, place and text. `planned`: the utility's own planned work of these days
    is played, and none is made where there is some.
    """

    name: str
    slots: tuple[Slot, ...]
    windows: tuple[WindowSlot, ...]
    accounts: int
    crews: int
    pace: float
    spread_ms: int
    nested_after_s: tuple[int, int]
    most_behind_one: int
    most_behind_all: int
    hazards: int = 0
    blinks: int = 0
    rough: bool = False
    planned: bool = False
    begins_ms: int = 0
    lasts_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """A fault to come. `dark`: no last gasp arrives. `nested_in` is the fault that has darkened its place already.

    `detour` is the way around it over which some of those behind it get power before it is mended.
    """

    id: str
    device: str
    strikes_at: int
    nested_in: str | None = None
    dark: bool = False
    detour: Detour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """Step restoration: with `opened` open and the tie `closed` closed, another feeder carries what lies behind `opened`."""

    opened: str
    closed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlinkPlan:
    """A momentary interruption: a recloser opens and closes again."""

    id: str
    device: str
    opens_at: int
    closes_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardPlan:
    """A danger to come, at a place; `device` is the nearest one, `fault` is what it comes with, if anything."""

    id: str
    kind: HazardKind
    device: str
    place: Place
    appears_at: int
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """Planned work to come: announced until `ends_at`, truly over at `completed_at`; or `cancelled_at`, and never begun."""

    id: str
    isolates: tuple[str, ...]
    announced_at: int
    starts_at: int
    ends_at: int
    completed_at: int
    cancelled_at: int | None = None

    @property
    def overruns(self) -> bool:
        """Whether the work lasts longer than was announced."""
        return self.cancelled_at is None and self.completed_at > self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlan:
    """A text that a customer sends us: about his supply, to ask for help, or to hear no more from us."""

    id: str
    phone: str
    words: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A crew's hours of duty."""

    crew: str
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A hotline account and the customers it holds."""

    id: str
    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part: where each crew's depot is and when it is on duty, whose phone is which, who has a hotline account.

    A crew that no shift names is always on duty. `phones` are the first phones of customers, `poles` the numbers painted
    where they are connected.
    """

    bases: Mapping[str, Place] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = ()
    phones: Mapping[str, str] = field(default_factory=dict)
    poles: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    windows: tuple[WindowPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a drill plays, and with whom."""

    storm: Storm
    starts_at: int
    faults: tuple[FaultPlan, ...]
    windows: tuple[WindowPlan, ...]
    blinks: tuple[BlinkPlan, ...] = ()
    hazards: tuple[HazardPlan, ...] = ()
    texts: tuple[TextPlan, ...] = ()
    cast: Cast = field(default_factory=Cast)


class UnplayableError(Exception):
    """This network has no room for this storm."""
