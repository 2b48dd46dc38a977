"""The audit rules about talking with customers: sound data passes, damaged data is named by the rule that promises otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.codec import encode
from schemas.events import NoticesResumed, NoticesStopped
from services.clock import from_ms
from services.notices.audit_dialogue import RULES

if TYPE_CHECKING:
    from services.engine.taking import Connection

BY_NAME = {rule.name.removeprefix("notices."): rule for rule in RULES}
T0 = 1_772_388_000_000
MINUTE_MS = 60_000


@pytest.fixture
async def sound(connection: Connection) -> Connection:
    """A phone that linked itself, a small and a large broadcast, an answered text, and a stop of all texts that is over."""
    await connection.execute(
        """INSERT INTO inbound_text (id, area, tick, decided_at_ms, at_ms, phone, handle, words, state, reason, answer)
           VALUES ('t1', 'A1', 2, $1, $1, '+9990000001', 'H1', 'LINK C1', 'linking', 'codeSent', 'a1'),
                  ('t2', 'A1', 3, $1 + 60000, $1 + 60000, '+9990000001', 'H1', '123456', 'linked', 'linked', 'a2'),
                  ('t3', 'A1', 4, $1 + 90000, $1 + 90000, '+9990000002', 'H2', 'hm', 'unread', 'notUnderstood', 'a3')""",
        T0,
    )
    await connection.execute(
        """INSERT INTO linked_phone (id, phone, handle, customer, area, tick, at_ms)
           VALUES ('l1', '+9990000001', 'H1', 'C1', 'A1', 4, $1)""",
        T0 + MINUTE_MS,
    )
    await connection.execute(
        """INSERT INTO inbound_answer (key, text, area, tick, decided_at_ms, by_user) VALUES ('p1', 't3', 'A1', 5, $1, 'dora')""",
        T0,
    )
    await connection.execute(
        """INSERT INTO broadcast (id, state, audience, words, why, customers, phones, segments, second_from, asked_by, asked_at_ms,
                                  approved_by, approved_at_ms)
           VALUES ('b1', 'sent', '{}', '{}', '', 1, 1, 1, 2, 'dora', 1, NULL, NULL),
                  ('b2', 'sent', '{}', '{}', '', 2, 2, 2, 2, 'dora', 1, 'dirk', 2),
                  ('b3', 'asked', '{}', '{}', '', 9, 9, 9, 2, 'dora', 1, NULL, NULL)"""
    )
    for key, incident, handle, moment, tick in (
        ("k1", "b1", "H3", "broadcast", 5),
        ("k2", "b2", "H3", "broadcast", 5),
        ("k3", "b2", "H4", "broadcast", 5),
        ("k4", "I", "H3", "powerOut", 6),
        ("k5", "I", "H3", "powerRestored", 9),
    ):
        await connection.execute(
            """INSERT INTO notice_decided (key, area, incident, customer, customers, handle, moment, tick, decided_at_ms,
                                           expires_at_ms)
               VALUES ($1, 'A1', $2, 'C1', '{C1}', $3, $4, $5, 1, 2)""",
            key,
            incident,
            handle,
            moment,
            tick,
        )
        await connection.execute(
            """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, reason, attempts, gateway,
                                    wall_attempted)
               VALUES ($1, 'text', 'notify', 'A1', $2, 1, '{}', 'done', 'accepted', 1, 'smpp', now() - interval '1 hour')""",
            key,
            tick,
        )
    await connection.execute(
        """INSERT INTO notice_stop (id, scope, area, since_ms, by_user, why, wall_since, until_ms, ended_by, wall_until)
           VALUES ('s1', 'all', '', 1, 'dora', '', now() - interval '10 minutes', 2, 'dora', now() - interval '5 minutes')"""
    )
    stop = NoticesStopped(id="e1", at=from_ms(T0), area="A1", by="dora")
    resume = NoticesResumed(id="e2", at=from_ms(T0), area="A1", by="dora")
    for event, decided in ((stop, 7), (resume, 8)):
        await connection.execute(
            """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body, decided)
               VALUES ('notify', $1, 'A1', $2, 1, 'notice.actions', $3, $4)""",
            event.id,
            T0,
            encode(event),
            decided,
        )
    return connection


async def test_sound_data_holds_every_promise_and_every_rule_looks_at_something(sound: Connection) -> None:
    for rule in RULES:
        assert await sound.fetchval(rule.checked_sql) > 0, rule.name
        assert await sound.fetch(rule.violations_sql) == [], rule.name


@pytest.mark.parametrize(
    ("rule", "damage", "named"),
    [
        ("largeBroadcastHasTwoPersons", "UPDATE broadcast SET approved_by = 'dora' WHERE id = 'b2'", ["b2"]),
        ("largeBroadcastHasTwoPersons", "UPDATE broadcast SET phones = 2 WHERE id = 'b1'", ["b1"]),
        ("broadcastIsSomebodys", "UPDATE notice_decided SET handle = 'H3' WHERE key = 'k3'", ["k2"]),
        ("broadcastIsSomebodys", "UPDATE broadcast SET state = 'refused' WHERE id = 'b1'", ["k1"]),
        ("broadcastIsSomebodys", "DELETE FROM broadcast WHERE id = 'b1'", ["k1"]),
        (
            "stoppedIsStopped",
            "UPDATE effects SET wall_attempted = now() - interval '9 minutes' WHERE key = 'k4'",
            ["k4"],
        ),
        ("stoppedIsStopped", "UPDATE effects SET wall_attempted = now() - interval '595 seconds'", []),
        (
            "stoppedIsStopped",
            """WITH e AS (UPDATE effects SET wall_attempted = now() WHERE key = 'k5')
               UPDATE notice_stop SET until_ms = NULL, ended_by = NULL, wall_until = NULL""",
            ["k5"],
        ),
        ("stoppedIncidentIsUntold", "UPDATE notice_decided SET tick = 8 WHERE key = 'k5'", []),
        ("stoppedIncidentIsUntold", "DELETE FROM inbox WHERE id = 'e2'", ["k5"]),
        (
            "answeredOnce",
            "INSERT INTO inbound_answer (key, text, area, tick, decided_at_ms, by_user) VALUES ('p2', 't3', 'A1', 5, 1, 'dirk')",
            ["t3"],
        ),
        ("answeredOnce", "DELETE FROM inbound_text WHERE id = 't3'", ["t3"]),
        ("linkedByItsCode", "DELETE FROM inbound_text WHERE id = 't1'", ["t2"]),
        ("linkedByItsCode", "UPDATE inbound_text SET decided_at_ms = decided_at_ms - 900000 WHERE id = 't1'", ["t2"]),
        ("linkedByItsCode", "UPDATE linked_phone SET handle = 'H2'", ["l1"]),
        (
            "linkedByItsCode",
            """INSERT INTO inbound_text (id, area, tick, decided_at_ms, at_ms, phone, handle, words, state, reason)
               SELECT 'c' || n, area, tick, decided_at_ms + n, at_ms, phone, handle, words, state, reason
               FROM inbound_text, generate_series(1, 3) n WHERE id = 't1'""",
            ["c3"],
        ),
    ],
)
async def test_damaged_data_is_named(sound: Connection, rule: str, damage: str, named: list[str]) -> None:
    assert (await sound.execute(damage))[-2:] != " 0"
    assert [row["key"] for row in await sound.fetch(BY_NAME[rule].violations_sql)] == named
