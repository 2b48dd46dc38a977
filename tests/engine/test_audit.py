"""Each audit rule of the mechanism holds on what the mechanism wrote, and names the row when the data is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.ids import derived
from schemas.topics import CREW_STATUS, DEAD_LETTERS
from services.audit.store import in_one_snapshot
from services.engine import effects, outbox
from services.engine.audit import RULES
from services.engine.deciding import Deciding, InboxStore
from services.engine.gateway import Result
from services.engine.taking import Connection, InboxKeeper, Taking
from tests.engine.toy import START_MS, Toy, message, said

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDS = {(CREW_STATUS.name, 0): 4, (CREW_STATUS.name, 1): 1, (DEAD_LETTERS.name, 0): 1}
PARKED = derived("parked", "dispatch", CREW_STATUS.name, 0, 2)
LETTER = derived("deadLetter", PARKED)


class Desk(Toy):
    """The toy under the name of the stage that takes the status of crews: the audit knows who has to take what."""

    name = "dispatch"


@pytest.fixture
async def played(house: Connection) -> Connection:
    """Crews of both shards were heard on two partitions, one message was parked, the effects done, the outbox emptied."""
    toy = Desk()
    taking = Taking(toy.name, InboxKeeper(toy.name, toy.shard_of), exercise=True)
    deciding = Deciding(toy, InboxStore(toy.name), exercise=True)
    await house.execute("INSERT INTO turns (stage, shard) SELECT 'dispatch', shard FROM turns WHERE stage = 'toy'")
    await taking.take(house, [message(0, said("A", 1)), message(1, said("A", 2, after_s=1)), message(2, b"cut o")])
    await taking.take(house, [message(3, said("N", 1))])
    await taking.take(house, [message(0, said("B", 1), part=1)])
    await _round(house, deciding, n=2, seconds=0)
    await outbox.mark_sent(house, [row.id for row in await outbox.unsent(house, 10)], ENDS)
    await house.execute("UPDATE clock SET n = 3")
    now, attempts = await effects.claim(house, "ping", "drill:ping", 10)
    assert [attempt.key for attempt in attempts] == ["ping:A", "ping:B", "ping:N"]
    pinged = Result(state="done", reason="pinged", reference=None, retry_after_ms=None)
    await effects.settle(house, now, [(attempt.key, pinged) for attempt in attempts])
    await _round(house, deciding, n=4, seconds=60)
    await house.execute("UPDATE clock SET n = 6")
    return house


async def _round(connection: Connection, deciding: Deciding, *, n: int, seconds: int) -> None:
    now = START_MS + seconds * 1000
    await connection.execute("UPDATE clock SET n = $1, now_ms = $2", n, now)
    for shard in deciding.stage.shards():
        await deciding.decide(connection, shard, n, now)


async def broken(
    connection: Connection, ends: Mapping[tuple[str, int], int] = ENDS
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that each broken rule names; every rule must have looked at something."""
    found = {}
    for rule, (checked, rows) in zip(RULES, await in_one_snapshot(connection, RULES, ends), strict=True):
        assert checked > 0, rule.name
        if rows:
            found[rule.name] = [tuple(row.values()) for row in rows]
    return found


async def test_what_the_mechanism_wrote_keeps_every_promise(played: Connection) -> None:
    assert await broken(played) == {}


@pytest.mark.parametrize(
    ("rule", "damage", "row"),
    [
        # A batch is not on record, in the middle or at the end.
        (
            "offsetsWithoutGap",
            "DELETE FROM taken WHERE part = 0 AND first_offset = 0",
            ("dispatch", "crew.status", 0, 0, 3),
        ),
        ("offsetsWithoutGap", "DELETE FROM taken WHERE first_offset = 3", ("dispatch", "crew.status", 0, 3, 4)),
        # A batch was taken twice.
        (
            "offsetsWithoutGap",
            "UPDATE taken SET first_offset = 2 WHERE first_offset = 3",
            ("dispatch", "crew.status", 0, 3, 2),
        ),
        # The relay lost count.
        (
            "headsEqualEnds",
            "UPDATE heads SET end_offset = 0 WHERE topic = 'dead.letters'",
            ("dead.letters", 0, 0, 1),
        ),
        ("headsEqualEnds", "DELETE FROM heads WHERE part = 1", ("crew.status", 1, 0, 1)),
        # A fact is open although the clock has gone on.
        ("nothingUndecided", "UPDATE inbox SET decided = NULL WHERE id = 'N-1'", ("dispatch", "right", 1, 6)),
        ("decidedLater", "UPDATE inbox SET tick = decided WHERE id = 'A-2'", ("dispatch", "A-2", 2, 2)),
        (
            "everyTurnOnRecord",
            "DELETE FROM ticks WHERE shard = 'right' AND n = 2",
            ("dispatch", "N-1", 2),
        ),
        (
            "everyDecisionHasAReason",
            "UPDATE journal SET reason = '' WHERE subject = 'B'",
            (derived("journal", "left", "crew", "B", "heard", "said", START_MS, "B-1"), "crew", "B", "heard"),
        ),
        ("everythingPublished", "UPDATE outbox SET sent = false", (LETTER, "dead.letters", 1)),
        # Settled without a reason or a time, done without an attempt, forgotten while attempting, overdue.
        ("effectsDoneOnce", "UPDATE effects SET reason = NULL WHERE key = 'ping:A'", ("ping:A", "ping", "done", 1)),
        (
            "effectsDoneOnce",
            "UPDATE effects SET state = 'failed', done_at_ms = NULL WHERE key = 'ping:A'",
            ("ping:A", "ping", "failed", 1),
        ),
        ("effectsDoneOnce", "UPDATE effects SET attempts = 0 WHERE key = 'ping:A'", ("ping:A", "ping", "done", 0)),
        (
            "effectsDoneOnce",
            "UPDATE effects SET state = 'attempting' WHERE key = 'ping:N'",
            ("ping:N", "ping", "attempting", 1),
        ),
        ("effectsDoneOnce", "UPDATE effects SET state = 'due' WHERE key = 'ping:N'", ("ping:N", "ping", "due", 1)),
        # Reason, bytes or the copy for the dead letters are gone.
        ("parkedCanBeReplayed", "UPDATE parked SET reason = ''", (PARKED, "crew.status", 0, 2, "")),
        (
            "parkedCanBeReplayed",
            "UPDATE parked SET body = NULL",
            (PARKED, "crew.status", 0, 2, "malformed"),
        ),
        (
            "parkedCanBeReplayed",
            "UPDATE outbox SET key = 'elsewhere'",
            (PARKED, "crew.status", 0, 2, "malformed"),
        ),
        ("drillsCannotLeak", "UPDATE effects SET gateway = 'ping' WHERE key = 'ping:B'", ("ping:B", "ping")),
        (
            "drillsCannotLeak",
            """UPDATE inbox SET body = convert_to(replace(convert_from(body, 'UTF8'), 'true', 'false'), 'UTF8')
               WHERE id = 'B-1'""",
            ("B-1", "crew.status"),
        ),
    ],
)
async def test_damage_is_named_by_its_rule_and_by_no_other(
    played: Connection, rule: str, damage: str, row: tuple[Any, ...]
) -> None:
    assert (await played.execute(damage)).split()[-1] == "1"
    assert await broken(played) == {rule: [row]}


async def test_a_message_that_a_consumer_did_not_take_is_named(played: Connection) -> None:
    await played.execute("UPDATE heads SET end_offset = 5 WHERE topic = 'crew.status' AND part = 0")
    found = await broken(played, {**ENDS, (CREW_STATUS.name, 0): 5})
    assert found == {"everythingTaken": [("dispatch", "crew.status", 0, 4, 5)]}


async def test_a_partition_that_a_consumer_never_looked_at_is_named(played: Connection) -> None:
    await outbox.mark_sent(played, [], {("hotline.priority", 1): 2})
    found = await broken(played, {**ENDS, ("hotline.priority", 1): 2})
    assert found == {"everythingTaken": [("escalate", "hotline.priority", 1, 0, 2)]}


async def test_what_the_broker_has_beyond_our_knowledge_is_named(played: Connection) -> None:
    found = await broken(played, {**ENDS, (DEAD_LETTERS.name, 0): 2})
    assert found == {"headsEqualEnds": [("dead.letters", 0, 1, 2)]}
