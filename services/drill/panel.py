"""What the panel of an exercise shows, and what it lets a person do in the world: text, call, acknowledge, break."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A process of the exercise: its state by its supervisor, how often it was started again, seconds in this state."""

    part: str
    state: str
    restarts: int
    since_s: int


class Breakage(msgspec.Struct, frozen=True, kw_only=True):
    """What a person broke: `kill` or `cut`, and how far it is: wished, broken, mended, refused."""

    number: int
    kind: str
    part: str
    state: str
    ago_s: int


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The world beside what the product knows: faults and dangers that are open, customers who truly have no power."""

    faults: int
    faults_open: int
    hazards_open: int
    customers_out_true: int
    customers_out_known: int


class Exercise(msgspec.Struct, frozen=True, kw_only=True):
    """The exercise as a whole. `speed` 0: it stands. `over_ms` is how much of the storm has passed, milliseconds."""

    storm: str
    seed: int
    utility: str
    speed: float
    over_ms: int
    made: list[str]
    parts: list[Part]
    breakages: list[Breakage]
    compared: Compared


class Handset(msgspec.Struct, frozen=True, kw_only=True):
    """A phone of the exercise, and the premises that it stands for."""

    phone: str
    customers: list[str]
    texts: int
    last_ms: int | None
    out: bool


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A text on a handset, from the utility or typed on it. Its outcome: what the operator's receipt says."""

    ours: bool
    words: str
    at_ms: int
    outcome: str


class AccountOutage(msgspec.Struct, frozen=True, kw_only=True):
    """An outage of an account as the hotline shows it."""

    outage: str
    customer: str
    since_ms: int
    state: str
    incident: str | None
    estimate_ms: int | None
    crew: str | None
    arrival_ms: int | None


class AccountCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the account's contact got, and whether he acknowledged it."""

    at_ms: int
    said: str
    outage: str
    acknowledged: bool


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A hotline account: premises, outages (open ones first) and the calls to it, newest first."""

    account: str
    name: str
    premises: list[str]
    outages: list[AccountOutage]
    calls: list[AccountCall]


class TrueFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that struck. `incident` is the open incident that names its device."""

    fault: str
    device: str
    nested_in: str | None
    strikes_at_ms: int
    repaired_at_ms: int | None
    incident: str | None


class TrueHazard(msgspec.Struct, frozen=True, kw_only=True):
    """A danger that appeared and is not safe."""

    hazard: str
    kind: str
    lon: float
    lat: float
    appeared_at_ms: int


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What truly happened in the world by now: open faults and those mended in the last hour, open dangers."""

    faults: list[TrueFault]
    hazards: list[TrueHazard]
