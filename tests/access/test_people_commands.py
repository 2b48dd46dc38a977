"""The commands about people make, list and change users, end sessions, and erase what is personal; each leaves a trace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import asyncpg
import pytest
from pydantic import SecretStr

from deploy import people as commands
from deploy.cli_people import PersonRole
from services.access import people, sessions
from services.access.passwords import fits
from services.access.people import PERSON_ROLES, Change
from services.access.who import Role
from services.engine import clock
from services.settings import Settings, load_settings
from tests.deploy.test_cli import run
from tests.stage_script import ms

T = TypeVar("T")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")


def on(dsn: str, work: Callable[[Any], Awaitable[T]]) -> T:
    """Do something on the database that the commands work on."""

    async def connected() -> T:
        connection = await asyncpg.connect(dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def test_a_user_is_made_listed_and_changed(settings: Settings, dsn: str, capsys: Capture) -> None:
    assert commands.create_user(settings, "k.meyer", "Kim Meyer", "dispatcher") == 0
    password = capsys.readouterr().out.strip()
    known = on(dsn, lambda c: people.known_hash(c, "k.meyer"))
    assert known is not None
    assert asyncio.run(fits(password, known))

    assert commands.create_user(settings, "k.meyer", "Kim Other", "viewer") == 1
    assert capsys.readouterr().err == "there is a user k.meyer already\n"
    assert commands.create_user(settings, "kim", "KIM MEYER", "viewer") == 1
    assert "k.meyer has this name" in capsys.readouterr().err

    assert commands.list_users(settings) == 0
    shown = capsys.readouterr().out
    assert shown.split()[:3] == ["k.meyer", "dispatcher", "valid"]
    assert shown.endswith("never                 Kim Meyer\n1 users.\n")

    assert commands.change_user(settings, "k.meyer", Change(role=Role.OPERATIONS, new_password=True)) == 0
    assert capsys.readouterr().out.strip() not in {"", password}
    assert commands.change_user(settings, "nobody", Change(disabled=True)) == 1
    assert capsys.readouterr().err == "there is no user nobody\n"
    commands.list_users(settings)
    assert capsys.readouterr().out.split()[:3] == ["k.meyer", "operations", "valid"]
    done = on(dsn, lambda c: c.fetch("SELECT by_user, kind, subject, said FROM person_action ORDER BY wall_at"))
    assert [(row["by_user"], row["kind"], row["subject"]) for row in done] == [
        ("terminal", "createUser", "k.meyer"),
        ("terminal", "changeUser", "k.meyer"),
    ]
    assert json.loads(done[1]["said"]) == {"role": "operations", "new_password": True, "sessions_ended": 0}


def test_the_last_administrator_stays(settings: Settings, dsn: str, capsys: Capture) -> None:
    on(dsn, lambda c: people.insert(c, "ada", "Ada", Role.ADMINISTRATOR, "quiet-river-77", must_change=False))
    assert commands.change_user(settings, "ada", Change(disabled=True)) == 1
    assert "nobody else may administer" in capsys.readouterr().err


def test_a_session_is_listed_and_ended(settings: Settings, dsn: str, capsys: Capture) -> None:
    on(dsn, lambda c: people.insert(c, "dora", "Dora", Role.DISPATCHER, "quiet-river-77", must_change=False))
    token = on(dsn, lambda c: sessions.open_for(c, "dora", Role.DISPATCHER, "a browser"))
    assert commands.list_sessions(settings) == 0
    shown = capsys.readouterr().out
    session = shown.split()[0]
    assert "dora" in shown
    assert "a browser\n1 open sessions.\n" in shown
    assert token not in shown
    assert commands.end_session(settings, session) == 0
    assert commands.end_session(settings, session) == 1
    assert on(dsn, lambda c: sessions.who_has(c, token, touch=False)) is None


def test_a_user_is_made_once(dsn: str) -> None:
    def make(password: str) -> None:
        on(dsn, lambda c: people.insert(c, "ada", "Ada", Role.ADMINISTRATOR, password, must_change=False))

    make("quiet-river-77")
    with pytest.raises(people.UserProblem, match="there is a user ada already"):
        make("another-river-88")
    known = on(dsn, lambda c: people.known_hash(c, "ada"))
    assert asyncio.run(fits("quiet-river-77", known))


def test_erasing_says_first_what_it_would_erase(settings: Settings, dsn: str, capsys: Capture) -> None:
    assert commands.erase_personal(settings, apply=False, as_json=False) == 0
    assert capsys.readouterr().out.startswith("Nothing is erased: no clock runs")

    async def old_report(connection: Any) -> None:
        await clock.found(connection, exercise=False, topic_prefix="")
        await clock.set_lockstep(connection, now_ms=ms("12:00") + 401 * 86_400_000)
        await connection.execute(
            """INSERT INTO report (id, kind, phone_named, at_ms, state, reason, exercise, tick)
               VALUES ('r', 'call', '+4915100000001', $1, 'unknown', 'unknownPhone', false, 3)""",
            ms("12:00"),
        )
        await connection.execute(
            "INSERT INTO ticks (stage, shard, n, now_ms, facts, outcome) VALUES ('correlate', 'A', 5, $1, 0, '')",
            ms("12:00"),
        )

    on(dsn, old_report)
    assert commands.erase_personal(settings, apply=False, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "from before 2026-03-02T12:00:00Z" in shown
    assert "Nothing was changed" in shown
    assert commands.erase_personal(settings, apply=True, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"retention_days": 400, "until": "2026-03-02T12:00:00Z", "applied": True, "rows": {"report": 1}}
    assert on(dsn, lambda c: c.fetchval("SELECT phone_named FROM report")) is None
    assert commands.erase_personal(settings, apply=True, as_json=False) == 0
    assert capsys.readouterr().out.endswith("Nothing of it is left.\n")


def test_the_roles_of_the_command_are_the_roles_of_people() -> None:
    assert set(get_args(PersonRole)) == {role.value for role in PERSON_ROLES}


@pytest.mark.parametrize(
    "command", ["users create", "users list", "users set", "sessions list", "sessions end", "erase-personal"]
)
def test_each_command_has_help_with_an_example(command: str) -> None:
    done = run(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"lamplighter {command}" in " ".join(done.stdout.split("Example:", 1)[1].split())
