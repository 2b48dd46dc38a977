"""Who is asked, when, within which budget: incidents in doubt are put into the state by hand, turns follow the clock."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events import CustomerAsked, IncidentState
from services.engine.deciding import Entities, apply, canonical
from services.engine.turn import Entity, Outcome, Turn
from services.outages.board import Board
from services.outages.entities import (
    Basis,
    Hypothesis,
    Incident,
    Out,
    Pending,
    Supplied,
    Unanswered,
    Window,
    WindowState,
)
from services.outages.grid import Grid
from services.outages.questions import (
    Askable,
    AskingSet,
    Mode,
    PingBody,
    QuestionRow,
    ask,
    next_look,
    set_asking,
)
from tests.outages.town import device_id, name_of, town
from tests.stage_script import ms as clock

NETWORK = town()
LOW = AskingSet(mode=Mode.LOW, pings_per_minute=6, texts_per_hour=12)
OFF = AskingSet(mode=Mode.OFF, pings_per_minute=6, texts_per_hour=12)
EVERYBODY = frozenset(customer.id for customer in NETWORK.customers)


class Asker:
    """One area whose incidents are as the test says."""

    def __init__(self, rules: AskingSet | None = LOW, *, texted: bool = False, quiet_end: int | None = None) -> None:
        self.grid = Grid(NETWORK)
        self.askable = Askable(by_text=EVERYBODY if texted else frozenset(), quiet_end=lambda _: quiet_end)
        self.entities: Entities = {}
        self.outcomes: list[Outcome] = []
        self.wake_at: int | None = None
        self._rules = rules

    def set(self, rules: AskingSet) -> Asker:
        self._rules = rules
        return self

    def know(self, *entities: Entity) -> Asker:
        for entity in entities:
            self.entities.setdefault(entity.kind, {})[entity.id] = entity
        return self

    def doubt(
        self, name: str = "I", *, started: str = "06:00", more: dict[str, Any] | None = None, **permille: int
    ) -> Asker:
        top = max(permille, key=lambda device: permille[device])
        incident = Incident(
            id=name, device=device_id(top), region="R1", reason="r", whole=True, basis=Basis.METER,
            opened_at=clock(started), started_at=clock(started), estimate=clock("09:00"),
            hypotheses=tuple(Hypothesis(device_id(d), p) for d, p in sorted(permille.items(), key=lambda e: -e[1])),
            state=IncidentState.PREDICTED, **(more or {}),
        )  # fmt: skip
        return self.know(incident)

    def at(self, time: str) -> Asker:
        turn = Turn(shard="A1", now=clock(time), facts=[], entities=self.entities)
        board = Board(turn, self.grid)
        if self._rules is not None:
            set_asking(board, self._rules)
        ask(board, self.askable)
        self.wake_at = next_look(board)
        assert self.wake_at is None or self.wake_at > turn.now
        apply(self.entities, turn.outcome)
        self.outcomes.append(turn.outcome)
        return self

    def asked(self) -> list[tuple[str, str]]:
        """Return who was asked in the last turn, and how."""
        rows = [r for r in self.outcomes[-1].records if isinstance(r, QuestionRow)]
        return [(str(r.by), r.customer) for r in rows]


def out(customer: str, holder: str = "I", *, reports: tuple[str, ...] = ()) -> Out:
    at = clock("06:00")
    return Out(
        id=customer, holder=holder, planned=False, since=at, start=at, basis=Basis.PRESUMED, own="o", interruption="o",
        stretches=(), reports=reports,
    )  # fmt: skip


def test_a_meter_is_pinged_whose_answer_tells_two_devices_apart_and_the_reason_is_kept() -> None:
    asker = Asker().doubt(T11=590, L1=400).at("06:02")
    assert asker.asked() == [("meter", "T12-1")]
    (outcome,) = asker.outcomes
    (effect,) = outcome.effects
    assert (effect.kind, effect.body) == ("ping", PingBody(customer="T12-1", meter="M-T12-1"))
    assert effect.expires_at == clock("06:07")
    (row,) = outcome.records
    assert isinstance(row, QuestionRow)
    assert (row.key, row.incident, name_of(row.device), name_of(row.other or "")) == (effect.key, "I", "L1", "T11")
    assert [(e.subject_kind, e.subject, e.to, e.reason, e.facts) for e in outcome.journal] == [
        ("question", effect.key, "asked", "tellsApart", ("I",))
    ]


def test_a_customer_is_asked_by_text_where_no_meter_can_be() -> None:
    rules = AskingSet(mode=Mode.LOW, pings_per_minute=0, texts_per_hour=12)
    asker = Asker(rules, texted=True).doubt(T11=590, L1=400).at("12:00")
    assert asker.asked() == [("text", "T12-1")]
    (emission,) = asker.outcomes[-1].events
    event = emission.event
    assert isinstance(event, CustomerAsked)
    assert (emission.topic.name, emission.key, event.area, event.region) == ("outage.incidents", "A1", "A1", "R1")
    assert (event.customer, event.incident, event.device, event.other) == (
        "T12-1", "I", device_id("L1"), device_id("T11"),
    )  # fmt: skip
    assert not event.at_night


@pytest.mark.parametrize("rules", [None, OFF])
def test_nobody_is_asked_when_asking_is_off(rules: AskingSet | None) -> None:
    asker = Asker(rules, texted=True).doubt(T11=590, L1=400).at("12:00")
    assert (asker.asked(), asker.wake_at, asker.outcomes[-1].effects) == ([], None, [])


def test_a_doubt_is_given_time_to_pass_before_a_meter_is_pinged_and_more_before_a_person_is_asked() -> None:
    asker = Asker(texted=True).doubt(T11=590, L1=400).at("06:00:10")
    assert (asker.asked(), asker.wake_at) == ([], clock("06:00:30"))
    assert asker.at("06:00:30").asked() == [("meter", "T12-1")]
    by_text = Asker(AskingSet(mode=Mode.LOW, pings_per_minute=0, texts_per_hour=12), texted=True)
    by_text.doubt(T11=590, L1=400).at("06:02")
    assert (by_text.asked(), by_text.wake_at) == ([], clock("06:03"))
    assert by_text.at("06:03").asked() == [("text", "T12-1")]


def test_nobody_is_asked_twice_while_an_answer_may_come_and_then_somebody_else_is() -> None:
    asker = Asker().doubt(T11=590, L1=400).at("06:02")
    assert asker.wake_at == clock("06:04")
    assert asker.doubt(T11=600, L1=390).at("06:03").asked() == []
    assert asker.at("06:04").asked() == [("meter", "T12-2")]
    asked = {customer for _, customer in asker.asked()}
    for minute in range(5, 40):
        asked_now = {customer for _, customer in asker.at(f"06:{minute:02}").asked()}
        assert minute > 11 or asked.isdisjoint(asked_now)
        asked |= asked_now
    assert asked <= {f"T12-{n}" for n in range(1, 6)} | {"T13-1"}


def test_after_silence_a_neighbour_is_asked_at_once_and_the_silent_one_never_again() -> None:
    asker = Asker().doubt(T11=590, L1=400).at("06:02")
    asker.know(Unanswered(id="T12-1", at=clock("06:03"))).doubt(T11=450, L1=540)
    assert asker.at("06:03").asked() == [("meter", "T12-2")]


def test_the_same_turn_again_changes_nothing() -> None:
    asker = Asker().doubt(T11=590, L1=400).at("06:02").at("06:02:30")
    last = asker.outcomes[-1]
    assert (last.entities, last.effects, last.journal, last.records) == ({}, [], [], [])


def test_the_budget_of_a_minute_is_kept_and_the_rest_is_asked_when_there_is_room() -> None:
    asker = Asker(AskingSet(mode=Mode.LOW, pings_per_minute=2, texts_per_hour=0))
    asker.doubt("I1", T11=590, L1=400).doubt("I2", T21=590, L2=400).doubt("I3", T31=590, L3=400)
    first = asker.at("06:02").asked()
    assert len(first) == 2
    assert asker.wake_at == clock("06:03")
    then = asker.at("06:03").asked()
    assert len(then) == 1
    assert {customer for _, customer in first}.isdisjoint(customer for _, customer in then)


def test_texts_keep_their_budget_of_an_hour() -> None:
    asker = Asker(AskingSet(mode=Mode.LOW, pings_per_minute=0, texts_per_hour=2), texted=True)
    asker.doubt("I1", T11=590, L1=400).doubt("I2", T21=590, L2=400).doubt("I3", T31=590, L3=400)
    assert len(asker.at("12:00").asked()) == 2
    assert asker.at("12:59").asked() == []
    assert len(asker.at("13:00").asked()) == 2, "an hour later there is room for as many"


@pytest.mark.parametrize(
    "known",
    [
        out("T12-1", reports=("r",)),
        out("T12-1", "another"),
        Pending(id="T12-1", device="x", heard_at=clock("06:01"), call_at=clock("06:01"), reports=("r",)),
        Supplied(id="T12-1", since=clock("06:01")),
        Unanswered(id="T12-1", at=clock("06:01")),
    ],
    ids=["reported", "out otherwise", "reported lately", "has power", "did not answer"],
)
def test_of_whom_it_is_known_he_is_not_asked(known: Entity) -> None:
    asker = Asker().know(known).doubt(T11=590, L1=400)
    assert asker.at("06:02").asked() == [("meter", "T12-2")]


def test_who_had_power_before_it_began_and_who_is_only_presumed_out_is_asked() -> None:
    asker = Asker().know(Supplied(id="T12-1", since=clock("05:59")), out("T12-1")).doubt(T11=590, L1=400)
    assert asker.at("06:02").asked() == [("meter", "T12-1")]


def test_nobody_behind_planned_work_is_asked() -> None:
    window = Window(id="W", isolates=(device_id("T12"),), state=WindowState.ACTIVE, fact="f")
    assert Asker().know(window).doubt(T11=590, L1=400).at("06:02").asked() == [("meter", "T13-1")]


@pytest.mark.parametrize(
    "more",
    [
        {"found": True},
        {"fixed": True},
        {"switched": True},
        {"back_at": clock("06:01")},
        {"check_at": clock("06:05")},
        {"upstream": "J"},
    ],
)
def test_nobody_is_asked_about_what_was_looked_at_or_is_over(more: dict[str, Any]) -> None:
    assert Asker().doubt(T11=590, L1=400, more=more).at("06:02").asked() == []


def test_nobody_is_asked_about_what_is_nearly_certain() -> None:
    assert Asker().doubt(T11=950, L1=40).at("06:02").asked() == []


def test_at_night_nobody_is_asked_by_text_but_in_a_storm() -> None:
    low = AskingSet(mode=Mode.LOW, pings_per_minute=0, texts_per_hour=12)
    asker = Asker(low, texted=True, quiet_end=clock("07:00")).doubt(T11=590, L1=400).at("06:02")
    assert (asker.asked(), asker.wake_at) == ([], clock("07:00"))
    storm = AskingSet(mode=Mode.STORM, pings_per_minute=0, texts_per_hour=12)
    assert asker.set(storm).at("06:03").asked() == [("text", "T12-1")]
    (emission,) = asker.outcomes[-1].events
    assert isinstance(emission.event, CustomerAsked)
    assert emission.event.at_night


def test_a_device_that_is_none_now_is_left_out() -> None:
    gone = Hypothesis("switch:GONE", 500)
    asker = Asker().doubt(T11=300, L1=200)
    incident = asker.entities["incident"]["I"]
    assert isinstance(incident, Incident)
    asker.doubt(T11=300, L1=200, more=None)
    asker.know(Incident(**{**_fields(incident), "hypotheses": (gone, *incident.hypotheses)}))
    assert ("meter", "T12-1") in asker.at("06:02").asked()


def _fields(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in incident.__struct_fields__}


def test_the_same_state_gives_the_same_questions_byte_for_byte() -> None:
    runs = [Asker(texted=True).doubt(T11=500, L1=300, R1=150).doubt("J", T41=480, F2=470) for _ in range(2)]
    for run in runs:
        run.at("12:00").at("12:02").at("12:20")
    assert [canonical(o) for o in runs[0].outcomes] == [canonical(o) for o in runs[1].outcomes]
    assert len(runs[0].outcomes[0].records) >= 2


def test_whom_nothing_keeps_from_being_asked_again_is_forgotten() -> None:
    asker = Asker().doubt(T11=590, L1=400).at("06:02")
    assert list(asker.entities["asked"]) == ["T12-1"]
    asker.doubt(T11=620, L1=370).at("06:30")
    assert "T12-1" in asker.entities["asked"], "asked again, since it is allowed again"
    asker.doubt("K", T41=480, F2=470).entities["incident"].pop("I")
    asker.at("06:50")
    assert "T12-1" not in asker.entities["asked"]
