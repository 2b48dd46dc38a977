"""What must hold of the inference whatever happens: drawn storms with every kind of fact, in every order."""

from __future__ import annotations

import random
from dataclasses import dataclass

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import (
    DeviceStateReported,
    EstimateGiven,
    Event,
    FaultFound,
    HazardKind,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    LargeCustomerOut,
    LargeCustomerRestored,
    OrderChanged,
    OrderState,
    Place,
    ReportKind,
    StateSource,
    SwitchPosition,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkStarted,
)
from services.clock import from_ms
from services.engine.turn import Fact
from services.outages.entities import Incident
from services.outages.report import LocatedHazard, LocatedReport
from tests.outages.storm import Storm, clock
from tests.outages.town import BEHIND, HANGING, town

NETWORK = town(
    {**BEHIND, "L3": ("T31", "K1"), "K1": ("T32",)},
    ties={"K9": ("L2", "K1")},
    phases={f"{name}-{n}": phase for name in HANGING for n, phase in enumerate(("AN", "BN", "CN", "ABCN"), start=1)},
)
CUSTOMERS = sorted(customer.id for customer in NETWORK.customers if customer.active)
DEVICES = sorted(device.id for device in NETWORK.devices)
SWITCHES = [*DEVICES, "switch:K1", "switch:K9"]


@dataclass(frozen=True)
class Heard:
    """Customers behind a device report something, seen some time ago; each of them by the luck of its bit."""

    kind: ReportKind
    device: int
    luck: int
    ago_s: int


@dataclass(frozen=True)
class Done:
    """The crew of some incident is done and has found a device, or nothing."""

    which: int
    found: int | None


@dataclass(frozen=True)
class Work:
    """Planned work behind a device is announced, begins, is changed, or ends."""

    device: int
    what: int


@dataclass(frozen=True)
class Switched:
    """A device is told to stand open or closed."""

    device: int
    closed: bool
    source: StateSource
    ago_s: int
    phases: str = "ABC"


@dataclass(frozen=True)
class Word:
    """A dispatcher decides something about some incident, or a crew says something of it."""

    which: int
    other: int
    what: int


@dataclass(frozen=True)
class Unnamed:
    """A report of a device, or of danger there, that names nobody; `both`: of one of two customers."""

    device: int
    danger: bool
    both: bool


@dataclass(frozen=True)
class Fault:
    """A crew in the field finds that a device has failed."""

    device: int


Happening = Heard | Done | Work | Switched | Word | Unnamed | Fault


heard = st.builds(
    Heard,
    kind=st.sampled_from(ReportKind),
    device=st.integers(0, len(DEVICES) - 1),
    luck=st.integers(0, 2**24 - 1),
    ago_s=st.integers(0, 240),
)
done = st.builds(Done, which=st.integers(0, 50), found=st.none() | st.integers(0, len(DEVICES) - 1))
places = st.integers(0, len(DEVICES) - 1)
switches = st.integers(0, len(SWITCHES) - 1)
work = st.builds(Work, device=switches, what=st.integers(0, 6))
switched = st.builds(
    Switched,
    device=switches,
    closed=st.booleans(),
    source=st.sampled_from(StateSource),
    ago_s=st.integers(0, 120),
    phases=st.sampled_from(["ABC", "ABC", "A", "BC"]),
)
word = st.builds(Word, which=st.integers(0, 50), other=st.integers(0, 50), what=st.integers(0, 6))
fault = st.builds(Fault, device=switches)
unnamed = st.builds(Unnamed, device=places, danger=st.booleans(), both=st.booleans())
steps = st.lists(
    st.tuples(
        st.sampled_from([10, 30, 70, 200, 700]),
        st.lists(heard | heard | done | work | switched | word | unnamed | fault, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=12,
)
thorough = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Script = list[tuple[int, list[Happening]]]


def play(storm: Storm, script: Script) -> Storm:
    """Play a drawn script; the storm itself checks after every turn what must hold."""
    now = clock("06:00")
    for number, (seconds, happenings) in enumerate(script):
        now += seconds * 1000
        minutes, rest = divmod((now - clock("00:00")) // 1000, 60)
        storm.at(f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}")
        for place, happening in enumerate(happenings):
            _happen(storm, happening, now, f"{number}-{place}")
    storm.out()
    return storm


def _happen(storm: Storm, happening: Happening, now: int, name: str) -> None:
    match happening:
        case Heard(kind, device, luck, ago_s):
            behind = NETWORK.customers_behind(DEVICES[device])
            who = [customer for place, customer in enumerate(behind) if luck >> (place % 24) & 1]
            storm.report(kind, who, now - ago_s * 1000, ids=[f"r-{name}-{customer}" for customer in who])
        case Done(which, found):
            known = storm.known()
            if known:
                incident = known[which % len(known)]
                storm.say(
                    crew_done(f"o-{name}", incident.id, incident.device, None if found is None else DEVICES[found], now)
                )
        case Work(device, what):
            storm.say(_notice(what, f"w-{name}", SWITCHES[device], now))
        case Switched(device, closed, source, ago_s, phases):
            storm.say(
                DeviceStateReported(
                    id=f"s-{name}",
                    at=from_ms(now - ago_s * 1000),
                    device=SWITCHES[device],
                    position=SwitchPosition.CLOSED if closed else SwitchPosition.OPEN,
                    source=source,
                    phases=phases,
                )
            )
        case Word(which, other, what):
            known = storm.known()
            if known:
                storm.say(_word(what, f"a-{name}", known[which % len(known)], known[other % len(known)], now))
        case Fault(device):
            storm.say(FaultFound(id=f"f-{name}", at=from_ms(now), device=SWITCHES[device], crew="C1"))
        case Unnamed(device, danger, both):
            _unnamed(storm, f"u-{name}", DEVICES[device], now, danger=danger, both=both)


def _notice(what: int, name: str, device: str, now: int) -> Event:
    at, window = from_ms(now), f"W{len(device) % 3}"
    match what:
        case 0 | 1:
            return WorkStarted(id=name, at=at, window=window, isolates=[device])
        case 2:
            return WorkCompleted(id=name, at=at, window=window, isolates=[device])
        case 3:
            until = from_ms(now + 300_000)
            return WindowChanged(id=name, at=at, window=window, isolates=[device], starts_at=at, ends_at=until)
        case 4 | 5:
            isolates, until = sorted({device, SWITCHES[len(name) % len(SWITCHES)]}), from_ms(now + 900_000)
            return WindowAnnounced(id=name, at=at, window=window, isolates=isolates, starts_at=at, ends_at=until)
        case _:
            return WindowCancelled(id=name, at=at, window=window, isolates=[device])


def _word(what: int, name: str, incident: Incident, other: Incident, now: int) -> Event:
    at, by, area = from_ms(now), "ann", "A1"
    match what:
        case 0:
            return IncidentsMerged(id=name, at=at, area=area, by=by, incident=incident.id, into=other.id)
        case 1:
            return IncidentSplit(id=name, at=at, area=area, by=by, incident=incident.id, device=other.device)
        case 2:
            return IncidentRejected(id=name, at=at, area=area, by=by, incident=incident.id)
        case 3:
            return IncidentConfirmed(id=name, at=at, area=area, by=by, incident=incident.id, device=other.device)
        case 4:
            until = from_ms(now + 10_800_000)
            return EstimateGiven(id=name, at=at, area=area, by=by, incident=incident.id, estimate=until)
        case _:
            state = OrderState.REPAIRED if what == 5 else OrderState.ARRIVED
            return msgspec.structs.replace(
                crew_done(name, incident.id, incident.device, other.device, now), state=state, order=incident.id
            )


def _unnamed(storm: Storm, name: str, device: str, now: int, *, danger: bool, both: bool) -> None:
    if danger:
        hazard = LocatedHazard(id=name, hazard=HazardKind.FIRE, at=now, place=Place(lon=8.0, lat=50.0), device=device)
        storm.hear(Fact(now, name, hazard))
        return
    meant = tuple((each, storm.network.customer_device(each)) for each in CUSTOMERS[:2]) if both else ()
    storm.hear(Fact(now, name, LocatedReport(id=name, kind=ReportKind.TEXT, at=now, device=device, candidates=meant)))


def drawn_script(seed: int) -> Script:
    """Return a long script of the same kind, drawn without hypothesis."""
    chance = random.Random(seed)
    last = len(DEVICES) - 1

    def happening() -> Happening:
        place = chance.randint(0, last)
        match chance.randrange(10):
            case 0:
                return Done(chance.randint(0, 50), chance.choice([None, place]))
            case 1:
                return Work(chance.randrange(len(SWITCHES)), chance.randint(0, 6))
            case 2 | 3:
                return Switched(
                    chance.randrange(len(SWITCHES)),
                    chance.random() < 0.5,
                    chance.choice(list(StateSource)),
                    chance.randint(0, 120),
                    chance.choice(["ABC", "ABC", "A", "BC"]),
                )
            case 4:
                return Word(chance.randint(0, 50), chance.randint(0, 50), chance.randint(0, 6))
            case 5:
                return Unnamed(place, chance.random() < 0.5, chance.random() < 0.5)
            case _:
                kind = chance.choice(list(ReportKind))
                return Heard(kind, place, chance.getrandbits(24), chance.randint(0, 240))

    return [
        (chance.choice([10, 30, 70, 200, 700]), [happening() for _ in range(chance.randint(1, 4))]) for _ in range(40)
    ]


def crew_done(name: str, incident: str, device: str, found: str | None, at: int) -> OrderChanged:
    """Return the news that a crew is done."""
    return OrderChanged(
        id=name,
        at=from_ms(at),
        order=name,
        crew="C1",
        incident=incident,
        area="A1",
        device=device,
        place=Place(lon=8.0, lat=50.0),
        state=OrderState.DONE,
        reason="script",
        found=found,
    )


@thorough
@given(steps)
def test_whatever_happens_the_ledger_stays_whole_and_all_of_it_ends(
    script: Script,
) -> None:
    storm = play(Storm(NETWORK, {"T11-1": "ACC-1"}), script)
    for switch in SWITCHES:
        at, closed = from_ms(storm.now + 1), SwitchPosition.CLOSED
        storm.now += 1
        storm.say(
            DeviceStateReported(id=f"end-{switch}", at=at, device=switch, position=closed, source=StateSource.SCADA)
        )
    for window in range(3):
        storm.say(WorkCompleted(id=f"end-{window}", at=from_ms(storm.now), window=f"W{window}", isolates=[DEVICES[0]]))
    storm.quiet()
    for round_ in range(20):
        for incident in storm.incidents():
            storm.say(crew_done(f"last-{round_}-{incident.id}", incident.id, incident.device, None, storm.now))
        storm.quiet()
        if not storm.out():
            break
    assert storm.out() == set()
    assert storm.incidents() == []
    begun = {event.outage for event in storm.events if isinstance(event, LargeCustomerOut)}
    ended = [event.outage for event in storm.events if isinstance(event, LargeCustomerRestored)]
    assert sorted(begun) == sorted(ended)
    assert all(disposed.state != "located" for disposed in storm.reports.values())


@thorough
@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_arrival_within_a_turn_changes_nothing(script: Script, chance: random.Random) -> None:
    first = play(Storm(NETWORK), script)
    second = Storm(NETWORK)
    for now, facts in first.turns:
        shuffled = list(facts)
        chance.shuffle(shuffled)
        second.turn(now, shuffled)
    assert second.outcomes == first.outcomes


@thorough
@given(steps)
def test_state_read_back_from_storage_before_every_turn_decides_the_same(
    script: Script,
) -> None:
    first = play(Storm(NETWORK), script)
    second = Storm(NETWORK, resumed=True)
    for now, facts in first.turns:
        second.turn(now, facts)
    assert second.outcomes == first.outcomes


@thorough
@given(steps)
def test_a_report_said_again_under_another_id_changes_nothing(
    script: Script,
) -> None:
    first = play(Storm(NETWORK), script)
    second = Storm(NETWORK)
    for now, facts in first.turns:
        second.turn(now, [*facts, *(again(fact) for fact in facts if isinstance(fact.what, LocatedReport))])
    assert second.events == first.events
    assert second.ledger == first.ledger


def again(fact: Fact) -> Fact:
    """Return the same report, said once more: it comes after the first."""
    assert isinstance(fact.what, LocatedReport)
    return Fact(fact.at, f"{fact.id}~", msgspec.structs.replace(fact.what, id=f"{fact.id}~"))


@thorough
@given(steps)
def test_a_turn_without_anything_due_changes_nothing(script: Script) -> None:
    storm = play(Storm(NETWORK), script)
    known, rows = storm.known(), dict(storm.ledger)
    events = len(storm.events)
    storm.turn(storm.now, [])
    assert (storm.known(), storm.ledger, len(storm.events)) == (known, rows, events)


def test_an_incident_that_moves_twice_at_one_instant_has_an_entry_for_each_move() -> None:
    silent = Heard(ReportKind.CALL, 0, 0, 0)
    called, unanswered = Heard(ReportKind.CALL, 7, 3, 0), Heard(ReportKind.NO_ANSWER, 6, 15, 0)
    script: Script = [(10, [silent]), (200, [called]), (70, [unanswered]), (10, [silent])]
    play(Storm(NETWORK), [*script, (10, [Heard(ReportKind.LAST_GASP, 0, 1, 0)])])
