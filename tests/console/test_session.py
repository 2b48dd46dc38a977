"""Signing in and out, locking out, one's own password, and who is asked for what."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from services.access import lockout, people, sessions, signing_in
from services.access.who import Role, Who
from services.engine.taking import Connection
from tests.access.console import PASSWORD, Console, ask, code, console_on, make_users

NEW_PASSWORD = "loud-mountain-12"


@pytest.fixture
async def console(connection: Connection, dsn: str) -> AsyncIterator[Console]:
    await make_users(connection)
    async with console_on(dsn) as running:
        yield running


async def test_a_person_signs_in_is_known_and_signs_out(console: Console, connection: Connection) -> None:
    async with console.browser() as browser:
        assert code(await ask(browser, "GET", "/api/session")) == (401, "notSignedIn")
        status, session = await ask(browser, "POST", "/api/session", {"user": " Dora ", "password": PASSWORD})
        assert status == 200
        assert (session["user"], session["name"], session["role"]) == ("dora", "Dora", "dispatcher")
        assert "personal" in session["rights"]
        assert "administer" not in session["rights"]
        assert "drill" not in session["rights"], "this is no exercise"
        assert session["utility"] is None
        assert await ask(browser, "GET", "/api/session") == (200, session)
        assert (await ask(browser, "DELETE", "/api/session"))[0] == 204
        assert code(await ask(browser, "GET", "/api/session")) == (401, "notSignedIn")
    assert await connection.fetchval("SELECT ended_why FROM session") == "signedOut"


async def test_who_signs_in_anew_has_one_session(console: Console, connection: Connection) -> None:
    async with console.signed_in("dora") as browser:
        assert (await ask(browser, "POST", "/api/session", {"user": "vera", "password": PASSWORD}))[0] == 200
        assert (await ask(browser, "GET", "/api/session"))[1]["user"] == "vera"
    rows = await connection.fetch("SELECT user_id, ended_why FROM session ORDER BY wall_opened")
    assert [tuple(row) for row in rows] == [("dora", "signedOut"), ("vera", None)]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_kept_hashed(
    console: Console, connection: Connection
) -> None:
    async with (
        console.browser() as browser,
        browser.post("/api/session", json={"user": "dora", "password": PASSWORD}) as response,
    ):
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("lamplighter_session=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        token = response.cookies["lamplighter_session"].value
        assert len(token) == 43
        assert await connection.fetchval("SELECT token_sha256 FROM session") == sessions.hashed_token(token)
        assert (
            await connection.fetchval("SELECT count(*) FROM session WHERE session::text LIKE '%' || $1 || '%'", token)
            == 0
        )


async def test_behind_tls_the_cookie_is_for_this_host_alone(connection: Connection, dsn: str) -> None:
    await make_users(connection)
    async with (
        console_on(dsn, secure_cookie=True) as console,
        console.browser() as browser,
        browser.post("/api/session", json={"user": "dora", "password": PASSWORD}) as response,
    ):
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-lamplighter_session=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Secure"} <= set(cookie.split("; "))
        token = response.cookies["__Host-lamplighter_session"].value
        sent = {"Cookie": f"lamplighter_session={token}"}
        assert code(await ask(browser, "GET", "/api/session", headers=sent)) == (401, "notSignedIn")
        sent = {"Cookie": f"__Host-lamplighter_session={token}"}
        assert (await ask(browser, "GET", "/api/session", headers=sent))[0] == 200


async def test_a_request_of_another_sites_page_opens_nothing(console: Console) -> None:
    async with console.browser() as browser:
        answer = await ask(
            browser,
            "POST",
            "/api/session",
            {"user": "dora", "password": PASSWORD},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert code(answer) == (403, "crossSite")


@pytest.mark.parametrize("user", ["dora", "nobody", "DORA; --", "disabled"])
async def test_wrong_passwords_lock_out_the_same_way_whether_the_user_exists_or_not(
    console: Console, connection: Connection, user: str
) -> None:
    await people.create(connection, "disabled", "Gone", Role.VIEWER)
    await people.change(connection, "disabled", people.Change(disabled=True))
    async with console.browser() as browser:
        wrong = {"user": user, "password": "not-the-password"}
        for _ in range(lockout.USER_MAY_FAIL):
            answer = await ask(browser, "POST", "/api/session", wrong)
            assert answer == (401, {"error": {"code": "wrongPassword", "detail": "user or password is wrong"}})
        async with browser.post("/api/session", json={**wrong, "password": PASSWORD}) as response:
            assert response.status == 429
            assert (await response.json())["error"]["code"] == "locked"
            assert 1 <= int(response.headers["Retry-After"]) <= 60
    async with console.signed_in("ada"):
        pass  # others are not locked out


async def test_a_lock_out_ends_by_itself_and_doubles_up_to_a_quarter_hour(
    console: Console, connection: Connection
) -> None:
    waits = [lockout.locked_for_s(failed, lockout.USER_MAY_FAIL) for failed in (4, 5, 6, 7, 8, 9, 5000)]
    assert waits == [0, 60, 120, 240, 480, 900, 900]
    async with console.browser() as browser:
        wrong = {"user": "dora", "password": "not-the-password"}
        for _ in range(lockout.USER_MAY_FAIL):
            await ask(browser, "POST", "/api/session", wrong)
        await connection.execute("UPDATE sign_in_failure SET wall_locked_until = wall_locked_until - interval '61 s'")
        assert code(await ask(browser, "POST", "/api/session", wrong)) == (401, "wrongPassword")
        status, body = await ask(browser, "POST", "/api/session", wrong)
        assert status == 429
        assert 60 < body["error"]["retry"] <= 120
        await connection.execute("UPDATE sign_in_failure SET wall_locked_until = wall_locked_until - interval '121 s'")
        right = {"user": "dora", "password": PASSWORD}
        assert (await ask(browser, "POST", "/api/session", right))[0] == 200
    assert await connection.fetchval("SELECT count(*) FROM sign_in_failure WHERE kind = 'user'") == 0
    assert await connection.fetchval("SELECT failed FROM sign_in_failure WHERE kind = 'address'") == 6


async def test_wrong_passwords_from_one_address_are_limited_over_all_users(
    console: Console, connection: Connection
) -> None:
    async with console.browser() as browser:
        await ask(browser, "POST", "/api/session", {"user": "u-0", "password": "x"}, headers=_from("203.0.113.7"))
        await connection.execute(
            "UPDATE sign_in_failure SET failed = $1 WHERE kind = 'address'", lockout.ADDRESS_MAY_FAIL - 1
        )
        for number, expected in ((1, "wrongPassword"), (2, "locked")):
            wrong = {"user": f"u-{number}", "password": "x"}
            answer = await ask(browser, "POST", "/api/session", wrong, headers=_from("203.0.113.7"))
            assert code(answer)[1] == expected
        right = {"user": "dora", "password": PASSWORD}
        assert (await ask(browser, "POST", "/api/session", right, headers=_from("203.0.113.7")))[0] == 429
        assert (await ask(browser, "POST", "/api/session", right, headers=_from("203.0.113.8")))[0] == 200


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": f"198.51.100.1, {address}"}


async def test_what_was_typed_as_a_name_is_not_kept(console: Console, connection: Connection) -> None:
    async with console.browser() as browser:
        await ask(browser, "POST", "/api/session", {"user": PASSWORD, "password": "x"})
    assert await connection.fetchval("SELECT count(*) FROM sign_in_failure f WHERE f::text LIKE '%quiet%'") == 0


async def test_a_hash_of_other_costs_is_made_anew_at_the_next_sign_in(console: Console, connection: Connection) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await connection.execute("UPDATE app_user SET password_hash = $1 WHERE user_id = 'dora'", cheap)
    async with console.signed_in("dora"):
        pass
    known = await connection.fetchval("SELECT password_hash FROM app_user WHERE user_id = 'dora'")
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    async with console.signed_in("dora"):
        pass


async def test_a_new_password_ends_the_other_sessions_and_not_this_one(console: Console) -> None:
    async with console.signed_in("dora") as here, console.signed_in("dora") as there:
        for new, why in (
            ("short", "tooShort"),
            ("password12345", "commonest"),
            ("aaaaaaaaaaaaaaa", "commonest"),
            (PASSWORD, "unchanged"),
        ):
            status, body = await ask(here, "POST", "/api/session/password", {"old": PASSWORD, "new": new})
            assert (status, body["error"]["code"], body["error"]["why"]) == (422, "weakPassword", why)
        wrong = {"old": "not-the-password", "new": NEW_PASSWORD}
        assert code(await ask(here, "POST", "/api/session/password", wrong)) == (403, "wrongPassword")
        right = {"old": PASSWORD, "new": NEW_PASSWORD}
        assert (await ask(here, "POST", "/api/session/password", right))[0] == 204
        assert (await ask(here, "GET", "/api/session"))[0] == 200
        assert code(await ask(there, "GET", "/api/session")) == (401, "notSignedIn")
        old = {"user": "dora", "password": PASSWORD}
        assert code(await ask(there, "POST", "/api/session", old)) == (401, "wrongPassword")
        new_one = {"user": "dora", "password": NEW_PASSWORD}
        assert (await ask(there, "POST", "/api/session", new_one))[0] == 200


async def test_a_password_cannot_be_the_user_name(connection: Connection) -> None:
    with pytest.raises(ValueError, match="user name"):
        await people.insert(connection, "long.user.name", "L", Role.VIEWER, "Long.User.Name", must_change=False)


async def test_who_was_given_a_password_must_change_it_before_anything_else(
    console: Console, connection: Connection
) -> None:
    given = await people.create(connection, "new.one", "New One", Role.ADMINISTRATOR)
    async with console.signed_in("new.one", given) as browser:
        assert (await ask(browser, "GET", "/api/session"))[1]["must_change_password"] is True
        assert code(await ask(browser, "GET", "/api/admin/users")) == (403, "passwordChange")
        chosen = {"old": given, "new": NEW_PASSWORD}
        assert (await ask(browser, "POST", "/api/session/password", chosen))[0] == 204
        assert (await ask(browser, "GET", "/api/session"))[1]["must_change_password"] is False
        assert (await ask(browser, "GET", "/api/admin/users"))[0] == 200


@pytest.mark.parametrize("made_old", ["wall_seen = wall_seen - interval '121 min'", "wall_expires = clock_timestamp()"])
async def test_a_session_ends_when_idle_or_old(console: Console, connection: Connection, made_old: str) -> None:
    async with console.signed_in("dora") as browser:
        lasts, idles = await _minutes(connection)
        assert (lasts, idles) == (720, 120)
        await connection.execute(f"UPDATE session SET {made_old}")
        assert code(await ask(browser, "GET", "/api/session")) == (401, "notSignedIn")


async def _minutes(connection: Connection) -> tuple[int, int]:
    row = await connection.fetchrow(
        """SELECT round(extract(epoch FROM wall_expires - wall_opened) / 60)::integer AS lasts,
                  (extract(epoch FROM idle) / 60)::integer AS idles FROM session"""
    )
    assert row is not None
    return row["lasts"], row["idles"]


async def test_a_session_that_another_process_ended_stops_within_two_seconds(
    console: Console, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(signing_in, "monotonic", lambda: now_s)
    async with console.signed_in("dora") as browser:
        assert (await ask(browser, "GET", "/api/session"))[0] == 200
        await sessions.end_of_user(connection, "dora", "ended")
        now_s += 1.9
        assert (await ask(browser, "GET", "/api/session"))[0] == 200, "it is known for two seconds"
        now_s += 0.2
        assert code(await ask(browser, "GET", "/api/session")) == (401, "notSignedIn")


async def test_a_request_is_seen_at_most_each_half_minute(
    console: Console, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(signing_in, "monotonic", lambda: now_s)
    async with console.signed_in("dora") as browser:
        seen = []
        for passed_s in (0.0, 3.0, 28.0):
            now_s += passed_s
            await ask(browser, "GET", "/api/session")
            seen.append(await connection.fetchval("SELECT wall_seen FROM session"))
    assert seen[0] == seen[1] < seen[2]


async def test_a_crew_enters_by_its_link_once_and_in_time(connection: Connection) -> None:
    maker = Who(user="dora", name="Dora", role=Role.DISPATCHER, session="s")
    path, _ = await sessions.make_crew_link(connection, maker, "K-7")
    page, _, token = path.partition("#")
    assert page == "/phone"
    assert await sessions.enter(connection, "another", "phone") is None
    opened = await sessions.enter(connection, token, "phone")
    assert opened is not None
    assert await sessions.enter(connection, token, "phone") is None
    who = await sessions.who_has(connection, opened, touch=True)
    assert who is not None
    assert (who.user, who.name, who.role, who.crew) == ("crew:K-7", "K-7", Role.CREW, "K-7")
    assert await _minutes(connection) == (960, 960)

    late, _ = await sessions.make_crew_link(connection, maker, "K-7")
    await connection.execute("UPDATE crew_link SET wall_expires = clock_timestamp()")
    assert await sessions.enter(connection, late.partition("#")[2], "phone") is None


async def test_a_crew_may_not_do_what_a_person_may(console: Console, connection: Connection) -> None:
    maker = Who(user="dora", name="Dora", role=Role.DISPATCHER, session="s")
    path, _ = await sessions.make_crew_link(connection, maker, "K-7")
    token = await sessions.enter(connection, path.partition("#")[2], "phone")
    async with console.browser() as browser:
        sent = {"Cookie": f"lamplighter_session={token}"}
        status, session = await ask(browser, "GET", "/api/session", headers=sent)
        assert (status, session["role"], session["crew"], session["rights"]) == (200, "crew", "K-7", ["crew"])
        assert code(await ask(browser, "GET", "/api/admin/users", headers=sent)) == (403, "notAllowed")
