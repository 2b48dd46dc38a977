"""Meters that are pinged and customers who are asked answer by the truth, and the same each time."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from schemas.events import OutageReported, ReportKind
from services.clock import to_ms
from services.drill.asking import GIVEN_UP_AFTER_MS, LONGEST_MS, Asked, By, asks_power
from services.drill.messages import Texted
from services.engine.turn import Fact
from tests.drill.world_script import FU1, FU2, World, fault
from tests.stage_script import ms

PHONES = {customer: f"+99900000{number:04}" for number, customer in enumerate([f"A{n}" for n in range(1, 9)] + ["C1"])}


def ask(world: World, by: By, *customers: str, times: int = 1) -> World:
    """Have customers asked now, each so many times, and let the world hear of it."""
    world.script.settle()
    world.script.hear_facts(
        *(
            Fact(world.script.now, f"{by}-{customer}-{number}-{world.script.now}", Asked(customer=customer, by=by))
            for customer in customers
            for number in range(times)
        )
    )
    world.script.settle()
    return world


def answers(world: World) -> list[tuple[int, OutageReported]]:
    """Return when the head-end reported what of pings."""
    kinds = {ReportKind.POWER_RESTORED, ReportKind.NO_ANSWER}
    return [(at, event) for at, event in world.events() if isinstance(event, OutageReported) and event.kind in kinds]


def test_a_meter_without_power_never_answers_and_the_head_end_says_so_after_a_minute() -> None:
    world = World(fault("F1", FU1, "18:05"), phones=PHONES).at("18:10")
    ask(world, By.METER, "A1", times=200)
    assert len(answers(world)) == 200
    for at, event in answers(world):
        assert (event.kind, event.meter, event.customer) == (ReportKind.NO_ANSWER, "M-A1", None)
        assert (to_ms(event.at), at) == (ms("18:10"), ms("18:10") + GIVEN_UP_AFTER_MS)


def test_of_meters_with_power_nineteen_of_twenty_answer_within_seconds() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10")
    ask(world, By.METER, "C1", times=400)
    seen = Counter(event.kind for _, event in answers(world))
    assert 365 <= seen[ReportKind.POWER_RESTORED] <= 395
    assert sum(seen.values()) == 400
    answered = [at for at, event in answers(world) if event.kind is ReportKind.POWER_RESTORED]
    assert max(answered) <= ms("18:10") + 20_000


def texts(world: World) -> list[tuple[int, str, str]]:
    """Return the texts that people sent: when (ms), from which phone, words."""
    sent = [(said.at, msgspec.json.decode(said.body, type=Texted)) for said in world.said() if said.channel == "smpp"]
    return [(at, text.phone, text.words) for at, text in sent]


def test_two_in_five_people_answer_a_text_within_a_quarter_of_an_hour() -> None:
    world = World(fault("F1", FU1, "19:30"), phones=PHONES).at("18:10")
    ask(world, By.TEXT, "C1", times=500)
    world.at("18:40")
    answered = texts(world)
    assert 165 <= len(answered) <= 235
    assert {words for _, _, words in answered} == {"Y"}
    assert {phone for _, phone, _ in answered} == {PHONES["C1"]}
    assert max(at for at, _, _ in answered) <= ms("18:10") + LONGEST_MS + 30_000


def test_people_answer_by_what_is_so_when_they_write_in_their_language() -> None:
    languages = {"A1": "zh"}
    world = World(fault("F1", FU1, "18:12"), phones=PHONES, languages=languages).at("18:10")
    ask(world, By.TEXT, "A1", "A2", times=200)
    world.at("18:40")
    for at, phone, words in texts(world):
        on = at < ms("18:12") + 2_000
        expected = {PHONES["A1"]: ("有", "没有"), PHONES["A2"]: ("Y", "N")}[phone]
        assert words == expected[0 if on else 1]
    assert len({words for _, _, words in texts(world)}) == 4


def test_who_has_no_phone_answers_nothing() -> None:
    world = World(fault("F1", FU2, "19:30")).at("18:10")
    ask(world, By.TEXT, "C1", times=50)
    assert texts(world.at("18:40")) == []


def test_the_same_questions_have_the_same_answers() -> None:
    def said(*, resumed: bool) -> list[bytes]:
        world = World(fault("F1", FU1, "18:05"), phones=PHONES, resumed=resumed).at("18:10")
        ask(world, By.TEXT, *sorted(PHONES))
        ask(world, By.METER, *sorted(PHONES))
        return [one.body for one in world.at("18:40").said()]

    assert said(resumed=False) == said(resumed=True)


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ("EXERCISE: Is your power on? Answer Y or N.", True),
        ("【演练】您处现在有电吗？请回复有或没有。", True),  # noqa: RUF001 - as Chinese is written
        ("Power is out at your address since 18:00.", False),
    ],
)
def test_a_question_is_known_by_its_words(words: str, asks: bool) -> None:
    assert asks_power(words) is asks
