"""What must hold of the inference whatever happens: drawn storms with every kind of fact, in every order."""

from __future__ import annotations

import random
from dataclasses import dataclass

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import OrderChanged, OrderState, Place, ReportKind, WorkCompleted, WorkStarted
from services.clock import from_ms
from services.engine.turn import Fact
from services.outages.report import LocatedReport
from tests.outages.storm import Storm, clock
from tests.outages.town import town

NETWORK = town()
CUSTOMERS = sorted(customer.id for customer in NETWORK.customers if customer.active)
DEVICES = sorted(device.id for device in NETWORK.devices)
TEN = 10_000


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
    """Planned work behind a device begins or ends."""

    device: int
    ends: bool


heard = st.builds(
    Heard,
    kind=st.sampled_from(ReportKind),
    device=st.integers(0, len(DEVICES) - 1),
    luck=st.integers(0, 2**24 - 1),
    ago_s=st.integers(0, 240),
)
done = st.builds(Done, which=st.integers(0, 50), found=st.none() | st.integers(0, len(DEVICES) - 1))
work = st.builds(Work, device=st.integers(0, len(DEVICES) - 1), ends=st.booleans())
steps = st.lists(
    st.tuples(st.sampled_from([10, 30, 70, 200, 700]), st.lists(heard | heard | done | work, min_size=1, max_size=4)),
    min_size=1,
    max_size=12,
)
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def play(storm: Storm, script: list[tuple[int, list[Heard | Done | Work]]]) -> Storm:
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


def _happen(storm: Storm, happening: Heard | Done | Work, now: int, name: str) -> None:
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
        case Work(device, ends):
            notice = WorkCompleted if ends else WorkStarted
            storm.say(notice(id=f"w-{name}", at=from_ms(now), window=f"W{device % 3}", device=DEVICES[device % 3]))


def drawn_script(seed: int) -> list[tuple[int, list[Heard | Done | Work]]]:
    """Return a long script of the same kind, drawn without hypothesis."""
    chance = random.Random(seed)
    last = len(DEVICES) - 1

    def happening() -> Heard | Done | Work:
        match chance.randrange(6):
            case 0:
                return Done(chance.randint(0, 50), chance.choice([None, chance.randint(0, last)]))
            case 1:
                return Work(chance.randint(0, last), chance.random() < 0.5)
            case _:
                kind = chance.choice(list(ReportKind))
                return Heard(kind, chance.randint(0, last), chance.getrandbits(24), chance.randint(0, 240))

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
    script: list[tuple[int, list[Heard | Done | Work]]],
) -> None:
    storm = play(Storm(NETWORK, {"T11-1": "ACC-1"}), script)
    for device in DEVICES[:3]:
        for window in range(3):
            storm.say(
                WorkCompleted(id=f"end-{device}-{window}", at=from_ms(storm.now), window=f"W{window}", device=device)
            )
    storm.quiet()
    for round_ in range(20):
        for incident in storm.incidents():
            storm.say(crew_done(f"last-{round_}-{incident.id}", incident.id, incident.device, None, storm.now))
        storm.quiet()
        if not storm.out():
            break
    assert storm.out() == set()
    assert storm.incidents() == []
    told = [type(event).__name__ for event in storm.events]
    assert told.count("LargeCustomerOut") == told.count("LargeCustomerRestored")
    assert all(disposed.state != "located" for disposed in storm.reports.values())


@thorough
@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_arrival_within_a_turn_changes_nothing(
    script: list[tuple[int, list[Heard | Done | Work]]], chance: random.Random
) -> None:
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
    script: list[tuple[int, list[Heard | Done | Work]]],
) -> None:
    first = play(Storm(NETWORK), script)
    second = Storm(NETWORK, resumed=True)
    for now, facts in first.turns:
        second.turn(now, facts)
    assert second.outcomes == first.outcomes


@thorough
@given(steps)
def test_a_report_said_again_under_another_id_changes_nothing(
    script: list[tuple[int, list[Heard | Done | Work]]],
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
def test_a_turn_without_anything_due_changes_nothing(script: list[tuple[int, list[Heard | Done | Work]]]) -> None:
    storm = play(Storm(NETWORK), script)
    known, rows = storm.known(), dict(storm.ledger)
    events = len(storm.events)
    storm.turn(storm.now, [])
    assert (storm.known(), storm.ledger, len(storm.events)) == (known, rows, events)
