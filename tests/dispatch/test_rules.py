"""What a region dispatches by is a fact: of the settings, and of a dispatcher, who goes before them."""

from __future__ import annotations

from typing import Any, TypeAlias

import asyncpg
import pytest

from schemas.events import DispatchMode, ModeSet
from services.dispatch.roster import REGION
from services.dispatch.rules import DEFAULTS, DispatchRulesSet, Rules, rules_of
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from services.dispatch.store_rules import decided_rules, read_rules, set_dispatch_rules, take_rules
from services.engine import clock
from services.engine.clock import make_shards
from services.engine.deciding import Deciding
from services.engine.turn import Fact, Turn
from services.settings import Settings
from streams.rules import dispatch_rules
from tests.dispatch.desk import Desk, roster
from tests.stage_script import StageScript, moment, ms

Connection: TypeAlias = "asyncpg.Connection[Any]"
NOW = 1_772_388_000_000
CALM, TIRED = Rules(mode=DispatchMode.NEAREST_DEPOT), Rules(most_on_duty_h=12, kit=())


def rules_at(script: StageScript) -> Rules:
    """Return what the region dispatches by."""
    script.settle()
    return rules_of(Turn(shard=REGION, now=script.now, facts=(), entities=script.entities))


def set_rules(script: StageScript, rules: Rules, name: str = "rules:1") -> None:
    """Let the settings say something of the rules."""
    script.hear_facts(Fact(script.now, name, DispatchRulesSet(rules=rules)))


def set_mode(script: StageScript, mode: DispatchMode | None, name: str) -> None:
    """Let the dispatcher say how crews are sent."""
    script.hear(ModeSet(id=name, at=moment("06:00"), region=REGION, by="ann", mode=mode))


def test_the_settings_say_every_rule_and_their_defaults_are_those_of_the_room(settings: Settings) -> None:
    assert dispatch_rules(settings, "R1") == DEFAULTS
    other = settings.model_copy(update={"dispatch_modes": {"R2": "advise"}, "dispatch_most_on_duty_h": 12})
    assert dispatch_rules(other, "R1") == Rules(most_on_duty_h=12)
    assert dispatch_rules(other, "R2") == Rules(most_on_duty_h=12, mode=DispatchMode.ADVISE)
    named = {name.removeprefix("dispatch_") for name in Settings.model_fields if name.startswith("dispatch_")}
    assert named == {*Rules.__struct_fields__, "modes"}


def test_where_nothing_was_said_the_defaults_hold() -> None:
    assert rules_at(StageScript(DispatchStage(roster("W1")), REGION)) == DEFAULTS


def test_the_last_word_of_the_settings_holds_and_is_in_the_journal() -> None:
    script = Desk("W1").script
    set_rules(script, CALM)
    assert rules_at(script) == CALM
    set_rules(script, TIRED, "rules:2")
    assert rules_at(script) == TIRED
    assert script.why("rules", REGION) == [("nearest-depot", "rulesSet"), ("plan", "rulesSet")]


def test_a_dispatcher_chooses_the_mode_until_he_leaves_it_to_the_settings_again() -> None:
    script = Desk("W1").script
    set_mode(script, DispatchMode.ADVISE, "m1")
    assert rules_at(script).mode is DispatchMode.ADVISE
    set_rules(script, CALM)
    assert rules_at(script) == Rules(mode=DispatchMode.ADVISE)
    set_mode(script, DispatchMode.ADVISE, "m2")
    set_mode(script, None, "m3")
    assert rules_at(script) == CALM
    assert script.why("rules", REGION) == [
        ("advise", "dispatcherSetMode"),
        ("advise", "rulesSet"),
        ("advise", "nothingToChange"),
        ("nearest-depot", "dispatcherLeftMode"),
    ]


def test_a_worker_that_takes_over_has_the_same_rules() -> None:
    script = StageScript(DispatchStage(roster("W1")), REGION, resumed=True)
    set_rules(script, TIRED)
    set_mode(script, DispatchMode.ADVISE, "m1")
    assert rules_at(script) == Rules(most_on_duty_h=12, kit=(), mode=DispatchMode.ADVISE)


@pytest.fixture
async def ticking(connection: Connection) -> Connection:
    """A database whose clock stands at tick 3."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    return connection


async def test_the_rules_are_a_fact_of_the_next_turn_and_said_once(ticking: Connection) -> None:
    for _ in range(2):
        await set_dispatch_rules(ticking, {"R1": CALM, "R2": TIRED})
    assert await take_rules(ticking, "R1", 3) == [], "a fact taken at a tick is decided later"
    (fact,) = await take_rules(ticking, "R1", 4)
    assert (fact.at, fact.what) == (NOW, DispatchRulesSet(rules=CALM))
    await ticking.execute("UPDATE clock SET n = 9")
    await set_dispatch_rules(ticking, {"R1": CALM, "R2": CALM})
    assert await take_rules(ticking, "R1", 10) == []
    assert [each.what for each in sorted(await take_rules(ticking, "R2", 10))] == [
        DispatchRulesSet(rules=TIRED),
        DispatchRulesSet(rules=CALM),
    ]
    assert [each.what for each in await decided_rules(ticking, "R1", 4)] == [DispatchRulesSet(rules=CALM)]


async def test_the_stage_keeps_what_was_said_and_people_can_read_it(connection: Connection) -> None:
    stage = DispatchStage(roster("W1"))
    await make_shards(connection, "dispatch", stage.shards())
    await set_dispatch_rules(connection, {REGION: TIRED})
    await Deciding(stage, DispatchStore(), exercise=False).decide(connection, REGION, 1, ms("06:00"))
    assert await read_rules(connection) == {REGION: TIRED}
