"""Each rule of access holds on what was accepted, and names the row when the data is damaged."""

from __future__ import annotations

from schemas.events import IncidentRejected, OutageReported, ReportKind
from schemas.topics import INCIDENT_ACTIONS, OUTAGE_REPORTS
from services.access import sessions, store
from services.access.actions import record
from services.access.audit import RULES
from services.access.keys import id_of
from services.access.who import Role, Who
from services.engine import clock
from services.engine.direct import publish
from services.engine.taking import Connection
from tests.access.console import make_users
from tests.stage_script import moment, ms, violations

_KEPT_IN_CLEAR = "'lk_' || key_id || '_secret'"
DAMAGE = {
    "keysStayHashed": (
        f"UPDATE access_key SET secret_sha256 = {_KEPT_IN_CLEAR}",
        f"UPDATE access_key SET name = {_KEPT_IN_CLEAR}",
        f"UPDATE edge_request SET idempotency_key = {_KEPT_IN_CLEAR}",
    ),
    "acceptedIsPublished": (
        "DELETE FROM outbox",
        "UPDATE outbox SET body = body || ' '",
        "UPDATE outbox SET topic = 'hotline.reports'",
    ),
    "requestAcceptedWhole": ("DELETE FROM edge_event",),
}


async def test_each_rule_holds_and_names_what_was_damaged(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    key_id = str(id_of(await store.create(connection, "call centre", ["reports:write"])))
    event = OutageReported(id="r-1", at=moment("06:00"), kind=ReportKind.CALL, customer="C-1")
    await store.accept(connection, key_id, "night-1", OUTAGE_REPORTS, [event])
    assert await violations(connection, RULES) == {}
    for rule, damages in DAMAGE.items():
        for damage in damages:
            damaging = connection.transaction()
            await damaging.start()
            await connection.execute(damage)
            found = await violations(connection, RULES)
            await damaging.rollback()
            assert set(found) == {rule}, damage
            assert key_id in found[rule][0]


async def test_a_key_in_what_was_sent_with_it_is_found(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    shown = await store.create(connection, "call centre", ["reports:write"])
    event = OutageReported(id="r-1", at=moment("06:00"), kind=ReportKind.CALL, customer="C-1", words=f"key {shown}")
    await store.accept(connection, str(id_of(shown)), None, OUTAGE_REPORTS, [event])
    assert await violations(connection, RULES) == {"keysStayHashed": [[id_of(shown), "outbox"]]}


PEOPLE_DAMAGE = {
    "sessionsOfThoseWhoMay": (
        ("UPDATE app_user SET disabled = true WHERE user_id = 'dora'", "dora"),
        ("UPDATE app_user SET role = 'viewer' WHERE user_id = 'dora'", "dora"),
    ),
    "actionsOfKnownPeople": (("UPDATE person_action SET by_user = 'nobody'", "nobody"),),
    "actedWithTrace": (("DELETE FROM outbox", "e-1"), ("UPDATE person_action SET event_id = 'e-2'", "e-2")),
    "usersToldApart": (("UPDATE app_user SET name = 'DORA' WHERE user_id = 'vera'", "vera"),),
    "passwordsStayHashed": (
        ("UPDATE app_user SET password_hash = '$argon2id$quiet-river-77' WHERE user_id = 'dora'", "dora"),
    ),
    "crewLinksOnce": (
        ("UPDATE crew_link SET crew = 'K-8'", "K-8"),
        ("UPDATE crew_link SET wall_expires = wall_expires - interval '1 day'", "K-7"),
    ),
    "erasedIsGone": (
        ('UPDATE inbox SET body = \'{"phone": "+4915100000001"}\'', "t-1"),
        ('UPDATE inbox SET body = \'{"words": "my name is Kim"}\'', "t-1"),
    ),
}


async def test_each_rule_of_people_holds_and_names_what_was_damaged(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    await make_users(connection)
    await sessions.open_for(connection, "dora", Role.DISPATCHER, "")
    dora = Who(user="dora", name="Dora", role=Role.DISPATCHER, session="s")
    path, _ = await sessions.make_crew_link(connection, dora, "K-7")
    assert await sessions.enter(connection, path.partition("#")[2], "") is not None
    event = IncidentRejected(id="e-1", at=moment("06:30"), area="A", incident="I-1", by="dora")
    await publish(connection, "console", INCIDENT_ACTIONS, "A", event)
    await record(connection, dora, "reject", "incident", "I-1", why="", said={}, event_id="e-1")
    await connection.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body, erased)
           VALUES ('notify', 't-1', 'A', 0, 0, 'notice.inbound', '{}', true)"""
    )
    assert await violations(connection, RULES) == {}
    for rule, damages in PEOPLE_DAMAGE.items():
        for damage, named in damages:
            damaging = connection.transaction()
            await damaging.start()
            await connection.execute(damage)
            found = await violations(connection, RULES)
            await damaging.rollback()
            assert set(found) == {rule}, damage
            assert named in found[rule][0]
    assert {rule.name for rule in RULES} == set(DAMAGE) | set(PEOPLE_DAMAGE)
