"""Two at one incident, the same request again, and what is refused at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.codec import decode
from schemas.events import Quality, StateSource
from schemas.events.reports import DeviceStateReported
from schemas.topics import DEVICE_STATES
from services.access.http import ApiError
from services.audit.rule import AuditRule
from services.audit.run import RULES
from services.clock import from_ms
from services.console.intents import ActionAsked, Head, Known, about_incident
from services.outages.showing_incident import Standing
from tests.console.house import House, code
from tests.console.test_actions import DAY_MS, OTHER_FUSE, TRANSFORMER, WHY, act, done, revision
from tests.console.test_incidents import FUSE, People, opened
from tests.outages.town import town
from tests.stage_script import violations


# --------------------------------------------------------------------------------------------------- two at one incident
async def test_of_two_dispatchers_the_second_learns_who_was_first(house: House, people: People) -> None:
    incident = await opened(house)
    seen = await revision(house, incident)
    assert (await act(house, people["dora"], incident, "estimate", seen=seen, estimate_ms=house.now + 3_600_000))[
        0
    ] == 202
    late = await act(house, people["dirk"], incident, "reject", seen=seen)
    assert code(late) == (409, "changedMeanwhile")
    error = late[1]["error"]
    assert (error["by"], error["what"], error["at_ms"], error["revision"]) == ("Dora", "estimate", house.now, seen)
    await house.settle()
    late = await act(house, people["dirk"], incident, "reject", seen=seen)
    error = late[1]["error"]
    assert (error["code"], error["revision"]) == ("changedMeanwhile", await revision(house, incident))
    assert (await act(house, people["dirk"], incident, "reject"))[0] == 202


async def test_what_was_done_in_the_step_of_the_clock_in_which_somebody_looked_is_no_secret_to_him(
    house: House, people: People
) -> None:
    incident = await opened(house)
    await house.connection.execute("UPDATE clock SET mode = 'running', speed = 10, step_s = 3600, wall_anchor = now()")
    await done(house, people["dora"], incident, "hold")
    for reckoned_ms in (0, 1_500):
        late = await act(house, people["dirk"], incident, "reject", seen_at_ms=house.now + reckoned_ms)
        assert code(late) == (409, "changedMeanwhile")
    assert (await act(house, people["dirk"], incident, "reject", seen_at_ms=house.now + 36_000_000))[0] == 202


async def test_what_leaves_the_revision_as_it_was_is_seen_by_the_time_of_the_look(house: House, people: People) -> None:
    incident = await opened(house)
    looked = house.now
    await house.later(1)
    await done(house, people["dora"], incident, "hold")
    await house.later(1)
    late = await act(house, people["dirk"], incident, "release", seen_at_ms=looked)
    assert code(late) == (409, "changedMeanwhile")
    assert (late[1]["error"]["by"], late[1]["error"]["what"]) == ("Dora", "hold")
    await done(house, people["dirk"], incident, "release", seen_at_ms=house.now)


async def test_two_at_the_same_moment_are_one_after_the_other(house: House, people: People) -> None:
    incident = await opened(house)
    seen = await revision(house, incident)
    answers = await asyncio.gather(
        *(act(house, people[name], incident, "confirm", seen=seen, device=TRANSFORMER) for name in ("dora", "dirk"))
    )
    assert sorted(status for status, _ in answers) == [202, 409]
    assert await house.connection.fetchval("SELECT count(*) FROM outbox WHERE topic = 'incident.actions'") == 1


async def test_a_decision_that_came_meanwhile_is_told_as_one(house: House, people: People) -> None:
    incident = await opened(house)
    seen = await revision(house, incident)
    order = await house.order(incident)
    await house.later(2)
    await house.crew(order["crew"], "accepted", order["order"])
    await house.crew(order["crew"], "enroute", order["order"])
    await house.crew(order["crew"], "arrived", order["order"], estimate=from_ms(house.now + 4 * 3_600_000))
    assert await revision(house, incident) > seen
    late = await act(house, people["dora"], incident, "confirm", seen=seen, device=TRANSFORMER)
    assert code(late) == (409, "changedMeanwhile")
    assert "by" not in late[1]["error"]


async def test_a_note_is_in_nobodys_way(house: House, people: People) -> None:
    incident = await opened(house)
    assert (await act(house, people["dora"], incident, "note", seen=0, words="first"))[0] == 202
    assert (await act(house, people["dirk"], incident, "note", seen=0, words="second"))[0] == 202
    assert (await act(house, people["dirk"], incident, "hold", seen_at_ms=house.now))[0] == 202


async def test_what_others_did_since_is_not_undone_over_their_heads(house: House, people: People) -> None:
    incident = await opened(house)
    first = await done(house, people["dora"], incident, "estimate", estimate_ms=house.now + 3 * 3_600_000)
    await house.later(1)
    await done(house, people["dirk"], incident, "estimate", estimate_ms=house.now + 6 * 3_600_000)
    answered = await people["dora"].post(f"/api/actions/{first['id']}/undo", {"why": WHY})
    assert code(answered) == (409, "changedMeanwhile")
    assert answered[1]["error"]["by"] == "Dirk"


async def test_what_is_not_decided_yet_waits_with_being_undone(house: House, people: People) -> None:
    incident = await opened(house)
    status, body = await act(house, people["dora"], incident, "hold")
    assert status == 202
    answered = await people["dora"].post(f"/api/actions/{body['action']['id']}/undo", {"why": WHY})
    assert code(answered) == (409, "notDecidedYet")


# --------------------------------------------------------------------------------------------------- the same again
async def test_the_same_request_makes_one_action(house: House, people: People) -> None:
    incident = await opened(house)
    seen = await revision(house, incident)
    answers = await asyncio.gather(
        *(act(house, people["dora"], incident, "confirm", seen=seen, key="k-1", device=TRANSFORMER) for _ in range(3))
    )
    assert [status for status, _ in answers] == [202, 202, 202]
    assert len({body["action"]["id"] for _, body in answers}) == 1
    assert await house.connection.fetchval("SELECT count(*) FROM person_action") == 1
    assert await house.connection.fetchval("SELECT count(*) FROM outbox WHERE topic = 'incident.actions'") == 1
    await house.settle()
    later = await act(house, people["dora"], incident, "confirm", seen=seen, key="k-1", device=TRANSFORMER)
    assert (later[0], later[1]["action"]["state"]) == (202, "done"), "though the revision has moved on since"
    other = await act(house, people["dora"], incident, "reject", seen=seen, key="k-1")
    assert code(other) == (409, "idempotencyMismatch")
    theirs = await act(house, people["dirk"], incident, "note", key="k-1", words="a key is one's own")
    assert theirs[0] == 202
    bad = await act(house, people["dora"], incident, "note", key="a b", words="x")
    assert code(bad) == (400, "idempotencyKey")


async def test_a_remark_and_an_undo_come_once_too(house: House, people: People) -> None:
    incident = await opened(house)
    notes = [await act(house, people["dora"], incident, "note", key="n", words="once") for _ in range(2)]
    assert notes[0][1]["action"]["id"] == notes[1][1]["action"]["id"]
    path = f"/api/actions/{notes[0][1]['action']['id']}/undo"
    undone = [await people["dora"].post(path, {"why": WHY}, key="u") for _ in range(2)]
    assert [status for status, _ in undone] == [202, 202]
    assert undone[0][1]["action"]["id"] == undone[1][1]["action"]["id"]


async def test_an_event_says_who_and_why_and_that_it_is_an_exercise(house: House, people: People) -> None:
    incident = await opened(house)
    await act(house, people["dora"], incident, "hold", why="  a tree hangs over it ")
    row = await house.connection.fetchrow("SELECT * FROM outbox WHERE topic = 'crew.actions'")
    body = row["body"].decode()
    assert (row["stage"], row["key"]) == ("console", "R1")
    for part in ('"by":"dora"', '"why":"a tree hangs over it"', '"exercise":true', f'"incident":"{incident}"'):
        assert part in body
    recorded = await house.connection.fetchrow("SELECT * FROM person_action")
    assert (recorded["event_id"], recorded["by_user"], recorded["session"]) == (row["id"], "dora", "session-dora")


# --------------------------------------------------------------------------------------------------------- what is refused
async def test_what_cannot_be_is_refused_with_a_code(house: House, people: People) -> None:
    incident = await opened(house)
    other = await opened(house, OTHER_FUSE)
    await done(house, people["dora"], other, "reject")
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("hold", {"why": "  "}, "whyMissing"),
        ("hold", {"why": "no"}, "whyMissing"),
        ("confirm", {}, "deviceMissing"),
        ("confirm", {"device": "switch:NONE"}, "unknownDevice"),
        ("split", {"device": "switch:CB-1"}, "notBehind"),
        ("split", {"device": FUSE}, "notBehind"),
        ("merge", {}, "unknownIncident"),
        ("merge", {"into": incident}, "sameIncident"),
        ("merge", {"into": "none"}, "unknownIncident"),
        ("merge", {"into": other}, "targetNotOpen"),
        ("estimate", {}, "estimateMissing"),
        ("estimate", {"estimate_ms": house.now}, "estimatePast"),
        ("estimate", {"estimate_ms": house.now + 15 * DAY_MS}, "estimateTooFar"),
        ("cause", {"cause": "GREMLINS"}, "unknownCause"),
        ("cause", {}, "unknownCause"),
        ("note", {"words": "   "}, "wordsMissing"),
        ("assign", {}, "crewMissing"),
        ("assign", {"crew": "C99"}, "unknownCrew"),
        ("revoke", {}, "unknownOrder"),
        ("dismissHazard", {}, "wrongSubject"),
    ]
    for kind, given, expected in refused:
        assert code(await act(house, people["dora"], incident, kind, **given)) == (422, expected), (kind, given)
    for kind in ("confirm", "estimate", "reject"):
        assert code(await act(house, people["dora"], other, kind, device=FUSE)) == (422, "notOpen")
    assert code(await act(house, people["dora"], other, "assign", crew="C01")) == (422, "workOver")
    assert await house.connection.fetchval("SELECT count(*) FROM person_action WHERE subject = $1", incident) == 0


GARBAGE: list[tuple[bytes, tuple[int, str]]] = [
    (b"", (400, "empty")),
    (b"{", (400, "malformed")),
    (b'{"kind":"hold","kind":"hold","seen":1,"why":"aaa"}', (400, "doubledField")),
    (b"[]", (422, "invalid")),
    (b"null", (422, "invalid")),
    (b'{"kind":"explode","seen":1,"why":"aaa"}', (422, "invalid")),
    (b'{"kind":"hold","why":"aaa"}', (422, "invalid")),
    (b'{"kind":"hold","seen":-1,"why":"aaa"}', (422, "invalid")),
    (b'{"kind":"hold","seen":"1","why":"aaa"}', (422, "invalid")),
    (b'{"kind":"hold","seen":1,"why":"aaa","more":1}', (422, "invalid")),
    (b'{"kind":"hold","seen":1,"why":"a\\u0000bc"}', (422, "invalid")),
    (b'{"kind":"confirm","seen":1,"why":"aaa","device":"a b"}', (422, "invalid")),
    (b'{"kind":"estimate","seen":1,"why":"aaa","estimate_ms":1e30}', (422, "invalid")),
    (b'{"kind":"note","seen":1,"words":"' + b"x" * 501 + b'"}', (422, "invalid")),
    (b"\xff\xfe", (400, "malformed")),
]


async def test_garbage_is_refused(people: People) -> None:
    for body, expected in GARBAGE:
        assert code(await people["dora"].post("/api/incidents/none/actions", body)) == expected, body


async def test_what_can_be_nobodys_id_is_not_found(people: People) -> None:
    dora = people["dora"]
    hold = {"kind": "hold", "seen": 1, "why": WHY}
    for name in ("%00", "a%0Ab", "%E2%80%AE"):
        assert code(await dora.get(f"/api/incidents/{name}")) == (404, "notFound")
        assert code(await dora.get(f"/api/actions/{name}")) == (404, "notFound")
        assert code(await dora.post(f"/api/incidents/{name}/actions", hold)) == (404, "notFound")
        assert code(await dora.post(f"/api/hazards/{name}/actions", hold)) == (404, "notFound")
        assert code(await dora.post(f"/api/inbox/{name}/actions", {"action": "dismiss", "why": WHY})) == (
            404,
            "notFound",
        )


async def test_who_may_not_act_does_not(house: House, people: People) -> None:
    incident = await opened(house)
    for name in ("vera", "otto"):
        assert code(await act(house, people[name], incident, "hold")) == (403, "notAllowed")
        state = await people[name].post(f"/api/devices/{FUSE}/state", {"position": "open", "why": WHY})
        assert code(state) == (403, "notAllowed")
    assert code(await act(house, people["nobody"], incident, "hold")) == (401, "notSignedIn")
    assert code(await people["vera"].get("/api/actions/none")) == (404, "notFound")
    assert code(await people["dora"].post("/api/actions/none/undo", {"why": WHY})) == (404, "notFound")
    assert code(await act(house, people["dora"], incident, "note", seen=0, words="x", crew="\u00e4")) == (
        422,
        "invalid",
    )
    missing = await people["dora"].post("/api/incidents/none/actions", {"kind": "hold", "seen": 1, "why": WHY})
    assert code(missing) == (404, "notFound")


HEAD = Head(event_id="e", now_ms=0, exercise=True, by="dora", why=WHY)


def standing(incident: str, area: str) -> Standing:
    return Standing(
        id=incident, area=area, region="R1", device="switch:L1", state="confirmed", reason="", basis="call", revision=1,
        opened_at_ms=0, started_at_ms=0, changed_at_ms=0, estimate_ms=0, restored_at_ms=None, customers_out=1,
    )  # fmt: skip


def test_an_incident_goes_up_in_one_of_its_own_area_only() -> None:
    asked = ActionAsked(kind="merge", seen=1, why=WHY, into="i2")
    with pytest.raises(ApiError, match="otherArea"):
        about_incident(asked, standing("i1", "A1"), Known(network=town(), into=standing("i2", "A2")), HEAD)
    confirm = ActionAsked(kind="confirm", seen=1, why=WHY, device="switch:L1")
    with pytest.raises(ApiError, match="otherArea"):
        about_incident(confirm, standing("i1", "A2"), Known(network=town()), HEAD)


@pytest.mark.parametrize("held", [{"T12-1"}, {"T11-1"}, set()])
def test_where_nobody_or_everybody_is_behind_there_is_nothing_to_split(held: set[str]) -> None:
    area = town().device("switch:L1").area
    asked = ActionAsked(kind="split", seen=1, why=WHY, device="transformer:T11")
    with pytest.raises(ApiError, match="nothingToSplit"):
        about_incident(asked, standing("i1", area), Known(network=town(), held=held), HEAD)


async def test_a_device_state_of_a_person_is_one_of_good_quality(house: House, people: People) -> None:
    await people["dora"].post(f"/api/devices/{FUSE}/state", {"position": "closed", "why": WHY})
    body = await house.connection.fetchval("SELECT body FROM outbox WHERE topic = 'device.states'")
    event = decode(body, DEVICE_STATES)
    assert isinstance(event, DeviceStateReported)
    assert (event.source, event.quality, event.by) == (StateSource.CONSOLE, Quality.GOOD, "dora")


async def test_what_people_did_breaks_no_rule_of_the_audit(house: House, people: People) -> None:
    incident = await opened(house)
    await done(house, people["dora"], incident, "confirm", device=TRANSFORMER)
    part = await done(house, people["dora"], incident, "split", device=FUSE)
    assert part["state"] == "done"
    held = await done(house, people["dora"], incident, "hold")
    assert (await people["dirk"].post(f"/api/actions/{held['id']}/undo", {"why": WHY}))[0] == 202
    await people["dora"].post("/api/devices/switch:FU-LV2.104-43/state", {"position": "open", "why": WHY})
    await done(house, people["dora"], incident, "note", words="as the audit may read")
    await house.later(3)
    assert await violations(house.connection, [rule for rule in RULES if not _of_what_is_not_here(rule)]) == {}


def _of_what_is_not_here(rule: AuditRule) -> bool:
    """Answers whether a rule is about Kafka, or about texts being sent: this house has neither."""
    return "broker_end" in rule.violations_sql + rule.checked_sql or rule.name == "effectsDoneOnce"


NEEDS_A_BROKER = {
    rule.name for rule in RULES if "broker_end" in rule.violations_sql or "broker_end" in rule.checked_sql
}
"""Rules that compare with what Kafka holds: this house has none."""
