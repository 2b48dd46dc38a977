"""Users, sessions, keys and actions: who may see and change them, and that each change leaves a trace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from services.access import people, store
from services.access.actions import record
from services.access.keys import SCOPES
from services.access.who import Role, Who
from services.engine.taking import Connection
from tests.access.console import PASSWORD, USERS, Console, ask, code, console_on, make_users


@pytest.fixture
async def console(connection: Connection, dsn: str) -> AsyncIterator[Console]:
    await make_users(connection)
    async with console_on(dsn) as running:
        yield running


async def done(connection: Connection) -> list[tuple[str, str, str, str, object]]:
    """Return what people did: by, kind, subject, why, said."""
    rows = await connection.fetch("SELECT * FROM person_action ORDER BY wall_at")
    return [(row["by_user"], row["kind"], row["subject"], row["why"], json.loads(row["said"])) for row in rows]


@pytest.mark.parametrize("user", ["vera", "dora", "otto"])
async def test_only_administrators_get_in(console: Console, user: str) -> None:
    async with console.signed_in(user) as browser:
        for what in ("users", "sessions", "keys", "actions"):
            assert code(await ask(browser, "GET", f"/api/admin/{what}")) == (403, "notAllowed")
        grab = {"role": "administrator"}
        assert code(await ask(browser, "PATCH", f"/api/admin/users/{user}", grab)) == (403, "notAllowed")


async def test_users_are_listed_without_their_hashes(console: Console) -> None:
    async with console.signed_in("ada") as browser, console.signed_in("dora"), console.signed_in("dora"):
        status, body = await ask(browser, "GET", "/api/admin/users")
        assert status == 200
        assert [(row["user"], row["role"], row["sessions"]) for row in body["users"]] == [
            ("ada", "administrator", 1),
            ("dora", "dispatcher", 2),
            ("otto", "operations", 0),
            ("vera", "viewer", 0),
        ]
        assert body["users"][1]["last_seen_ms"] > 0
        assert body["users"][2]["last_seen_ms"] is None
        assert "argon2" not in json.dumps(body)


async def test_a_user_is_made_with_a_password_that_opens_and_must_be_changed(
    console: Console, connection: Connection
) -> None:
    async with console.signed_in("ada") as browser:
        asked = {"user": "new.one", "name": "Nora", "role": "dispatcher", "why": "starts on Monday"}
        status, made = await ask(browser, "POST", "/api/admin/users", asked)
        assert (status, made["user"]["name"], made["user"]["must_change_password"]) == (201, "Nora", True)
        assert code(await ask(browser, "POST", "/api/admin/users", asked)) == (409, "userExists")
        for wrong, why in (
            ({"user": "A Name"}, "badUserName"),
            ({"user": "terminal"}, "badUserName"),
            ({"user": "ok", "name": ""}, "badPersonName"),
            ({"user": "ok", "role": "crew"}, "badRole"),
            ({"user": "ok", "role": "king"}, "invalid"),
        ):
            assert code(await ask(browser, "POST", "/api/admin/users", {**asked, **wrong})) == (422, why)
        async with console.signed_in("new.one", made["password"]):
            pass
    expected = ("ada", "createUser", "new.one", "starts on Monday", {"role": "dispatcher"})
    assert await done(connection) == [expected]


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "viewer"}, {"new_password": True}])
async def test_disabling_and_a_new_role_or_password_end_the_sessions_of_the_user(
    console: Console, connection: Connection, change: dict[str, object]
) -> None:
    async with console.signed_in("ada") as ada, console.signed_in("dora") as dora:
        assert (await ask(dora, "GET", "/api/session"))[0] == 200
        status, body = await ask(ada, "PATCH", "/api/admin/users/dora", {**change, "why": "left"})
        assert status == 200
        assert code(await ask(dora, "GET", "/api/session")) == (401, "notSignedIn")
        assert (body["password"] is not None) == ("new_password" in change)
        old = await ask(dora, "POST", "/api/session", {"user": "dora", "password": PASSWORD})
        assert old[0] == (200 if "role" in change else 401)
        assert (await ask(ada, "GET", "/api/session"))[0] == 200
    assert await done(connection) == [("ada", "changeUser", "dora", "left", {**change, "sessions_ended": 1})]


async def test_a_new_name_ends_nothing_and_is_not_written_into_the_actions(
    console: Console, connection: Connection
) -> None:
    async with console.signed_in("ada") as ada, console.signed_in("dora") as dora:
        assert (await ask(ada, "PATCH", "/api/admin/users/dora", {"name": "Dorothea"}))[0] == 200
        assert (await ask(dora, "GET", "/api/session"))[1]["name"] == "Dorothea"
    assert await done(connection) == [("ada", "changeUser", "dora", "", {"name": True, "sessions_ended": 0})]


async def test_a_user_who_is_locked_out_is_shown_and_let_in_again(console: Console) -> None:
    async with console.signed_in("ada") as ada, console.browser() as browser:
        for _ in range(5):
            await ask(browser, "POST", "/api/session", {"user": "dora", "password": "not-the-password"})
        rows = {row["user"]: row for row in (await ask(ada, "GET", "/api/admin/users"))[1]["users"]}
        assert rows["dora"]["locked_until_ms"] > 0
        assert rows["vera"]["locked_until_ms"] is None
        status, body = await ask(ada, "PATCH", "/api/admin/users/dora", {"unlock": True})
        assert (status, body["user"]["locked_until_ms"]) == (200, None)
        right = {"user": "dora", "password": PASSWORD}
        assert (await ask(browser, "POST", "/api/session", right))[0] == 200


async def test_the_last_administrator_cannot_leave(console: Console, connection: Connection) -> None:
    async with console.signed_in("ada") as browser:
        for change in ({"disabled": True}, {"role": "viewer"}):
            answer = await ask(browser, "PATCH", "/api/admin/users/ada", change)
            assert code(answer) == (409, "lastAdministrator")
        assert await done(connection) == []
        assert (await ask(browser, "PATCH", "/api/admin/users/dora", {"role": "administrator"}))[0] == 200
        assert (await ask(browser, "PATCH", "/api/admin/users/ada", {"role": "viewer"}))[0] == 200
        assert code(await ask(browser, "GET", "/api/session")) == (401, "notSignedIn"), "the role was another one"


async def test_two_administrators_cannot_both_leave_at_once(console: Console, connection: Connection) -> None:
    await people.insert(connection, "abe", "Abe", Role.ADMINISTRATOR, PASSWORD, must_change=False)
    async with console.signed_in("ada") as ada, console.signed_in("abe") as abe:
        answers = await asyncio.gather(
            ask(ada, "PATCH", "/api/admin/users/ada", {"disabled": True}),
            ask(abe, "PATCH", "/api/admin/users/abe", {"disabled": True}),
        )
    assert sorted(status for status, _ in answers) == [200, 409]


async def test_an_unknown_user_and_ones_own_password(console: Console) -> None:
    async with console.signed_in("ada") as browser:
        assert code(await ask(browser, "PATCH", "/api/admin/users/nobody", {"disabled": True})) == (404, "noUser")
        own = await ask(browser, "PATCH", "/api/admin/users/ada", {"new_password": True})
        assert code(own) == (409, "ownPassword")


async def test_sessions_are_listed_and_ended(console: Console, connection: Connection) -> None:
    async with console.signed_in("ada") as ada, console.signed_in("dora") as dora:
        listed = (await ask(ada, "GET", "/api/admin/sessions"))[1]["sessions"]
        assert [(row["user"], row["role"], row["current"]) for row in listed] == [
            ("dora", "dispatcher", False),
            ("ada", "administrator", True),
        ]
        assert "aiohttp" in listed[0]["agent"]
        assert listed[0]["expires_at_ms"] - listed[0]["seen_at_ms"] == 2 * 3_600_000
        path = f"/api/admin/sessions/{listed[0]['id']}?why=lost%20laptop"
        assert (await ask(ada, "DELETE", path))[0] == 204
        assert code(await ask(dora, "GET", "/api/session")) == (401, "notSignedIn")
        assert code(await ask(ada, "DELETE", path)) == (404, "noSession")
    assert await done(connection) == [("ada", "endSession", listed[0]["id"], "lost laptop", {})]


async def test_keys_are_made_listed_and_revoked(console: Console, connection: Connection) -> None:
    async with console.signed_in("ada") as browser:
        asked = {"name": "call centre", "scopes": ["reports:write"], "account": None, "why": "new centre"}
        status, made = await ask(browser, "POST", "/api/admin/keys", asked)
        assert status == 201
        assert await store.find(connection, made["key"]) is not None
        wrong = {"name": "x", "scopes": ["everything"]}
        assert code(await ask(browser, "POST", "/api/admin/keys", wrong)) == (422, "unknownScope")
        body = (await ask(browser, "GET", "/api/admin/keys"))[1]
        assert body["scopes"] == sorted(SCOPES)
        (row,) = body["keys"]
        assert (row["name"], row["scopes"], row["account"], row["revoked"]) == (
            "call centre",
            ["reports:write"],
            None,
            False,
        )
        assert (await ask(browser, "DELETE", f"/api/admin/keys/{row['key_id']}"))[0] == 204
        assert code(await ask(browser, "DELETE", f"/api/admin/keys/{row['key_id']}")) == (404, "noKey")
        assert await store.find(connection, made["key"]) is None
    assert [(by, kind, subject) for by, kind, subject, _, _ in await done(connection)] == [
        ("ada", "createKey", row["key_id"]),
        ("ada", "revokeKey", row["key_id"]),
    ]
    assert made["key"] not in json.dumps(await done(connection))


async def test_actions_are_filtered_and_turned_page_by_page(console: Console, connection: Connection) -> None:
    dora = Who(user="dora", name="Dora", role=USERS["dora"], session="s")
    crew = Who(user="crew:K-7", name="K-7", role=Role.CREW, session="s", crew="K-7")
    for number in range(5):
        await record(connection, dora, "note", "incident", f"I-{number % 2}", why="so", said={"n": number})
    await record(connection, crew, "crewStatus", "crew", "K-7", why="", said={"status": "arrived"}, event_id="e-1")
    async with console.signed_in("ada") as browser:
        body = (await ask(browser, "GET", "/api/admin/actions?limit=4"))[1]
        first = body["actions"]
        assert body["more"] == first[-1]["id"]
        assert (first[0]["by"], first[0]["by_name"], first[0]["state"]) == ("crew:K-7", "crew:K-7", "sent")
        assert (first[1]["by_name"], first[1]["said"], first[1]["state"]) == ("Dora", {"n": 4}, "done")
        rest = (await ask(browser, "GET", f"/api/admin/actions?limit=4&before_id={body['more']}"))[1]
        assert rest["more"] is None
        assert len({row["id"] for row in first + rest["actions"]}) == 6
        of_one = (await ask(browser, "GET", "/api/admin/actions?user=dora&subject=I-1&kind=note"))[1]["actions"]
        assert [row["said"]["n"] for row in of_one] == [3, 1]
        assert code(await ask(browser, "GET", "/api/admin/actions?limit=0")) == (422, "invalid")
