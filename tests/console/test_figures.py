"""Figures in the console: over a real socket, on a real database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from services.access.who import Role, Who
from services.console import api_figures, figure_files
from services.console.app import build_app
from services.database.pool import create_pool
from tests.measures.storm_written import MINUTE, Storm, storm

if TYPE_CHECKING:
    from services.engine.taking import Connection

ROLE = "X-Test-Role"


async def by_header(request: web.Request) -> Who | None:
    """Take whoever asks for somebody of the role that a header names."""
    role = request.headers.get(ROLE)
    return None if role is None else Who(user="u", name="U", role=Role(role), session="s")


@pytest.fixture
async def written(connection: Connection) -> Storm:
    """A storm in the ledger."""
    return await storm(connection, 20)


@pytest.fixture
async def browser(written: Storm, dsn: str) -> AsyncIterator[ClientSession]:
    """Somebody of operations who looks at that storm."""
    assert written.spells
    pool = await create_pool(dsn, 3)
    app = build_app(pool, exercise=False, asks=by_header)
    async with (
        TestServer(app, host="127.0.0.1") as server,
        ClientSession(server.make_url("/"), headers={ROLE: "operations"}) as session,
    ):
        yield session
    await pool.close()


async def ask(browser: ClientSession, path: str, status: int = 200, **query: Any) -> Any:
    """Return what is answered, after a look at the status."""
    async with browser.get(f"/api/figures{path}", params={k: str(v) for k, v in query.items()}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def sheet(browser: ClientSession, name: str, **query: Any) -> list[dict[str, str]]:
    """Return a file's rows by the words of its first line."""
    async with browser.get(f"/api/figures/{name}.csv", params={k: str(v) for k, v in query.items()}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="lamplighter-{name}.csv"'
        body = await answer.read()
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_the_answers_of_one_moment_add_up(browser: ClientSession, written: Storm) -> None:
    query = {"planned": 1, "as_of_ms": written.now - MINUTE}
    found = await ask(browser, "", **query)
    assert found["as_of_ms"] == written.now - MINUTE
    lost = found["totals"]["customer_ms"]
    assert lost > 0
    series = await ask(browser, "/series", bucket_ms=15 * MINUTE, **query)
    feeders = await ask(browser, "/feeders", **query)
    incidents = await ask(browser, "/incidents", limit=1000, **query)
    behind = await ask(browser, "/behind", limit=1000, **query)
    for minutes in (
        sum(series["now"]["customer_min"]),
        sum(row["customer_min"] for row in feeders["feeders"]),
        sum(row["customer_min"] for row in incidents["incidents"] + incidents["others"]),
    ):
        assert round(minutes * MINUTE) == lost
    assert sum(row["counted_ms"] for row in behind["rows"]) == lost
    assert found["indices"]["saidi_min"] == pytest.approx(lost / MINUTE / found["served"])


async def test_a_look_ahead_of_the_clock_is_a_look_at_now(browser: ClientSession, written: Storm) -> None:
    assert (await ask(browser, "", as_of_ms=written.now + 99))["as_of_ms"] == written.now


async def test_an_incident_opens_to_its_customers_page_by_page(browser: ClientSession) -> None:
    first = (await ask(browser, "/incidents", limit=1))["incidents"][0]
    rows: list[dict[str, Any]] = []
    while True:
        page = await ask(browser, "/behind", incident=first["incident"], offset=len(rows), limit=4)
        if not page["rows"]:
            break
        rows += page["rows"]
    assert len(rows) == page["total"]
    assert round(first["customer_min"] * MINUTE) == sum(row["counted_ms"] for row in rows) == page["counted_ms"]


async def test_the_same_earlier_comes_with_the_series(browser: ClientSession) -> None:
    assert (await ask(browser, "/series"))["before"] is None
    shifted = await ask(browser, "/series", from_ms=240 * MINUTE, shift_ms=200 * MINUTE)
    assert sum(shifted["before"]["customer_min"]) > 0


async def test_estimates_and_storms_are_answered(browser: ClientSession) -> None:
    found = await ask(browser, "/estimates")
    assert sum(each["incidents"] for each in found["bins"]) == found["incidents"] > 0
    assert (await ask(browser, "/storms"))["storms"]


async def test_how_far_hypotheses_can_be_believed_is_answered(browser: ClientSession, connection: Connection) -> None:
    found = await ask(browser, "/calibration")
    assert (found["incidents"], found["mean_of_true"], len(found["bins"])) == (0, None, 10)
    await connection.execute(
        """INSERT INTO incident_hypothesis SELECT id, opened_at_ms, 1, device, 800 FROM incident;
           INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           SELECT id, 'correlate', 'A1', 1, opened_at_ms + 1, 'incident', id, 'confirmed', 'crewFound', '{}' FROM incident"""
    )
    found = await ask(browser, "/calibration")
    scored = await connection.fetchval("SELECT count(*) FROM incident_score")
    assert found["incidents"] == found["ranked_first"] == found["bins"][8]["hypotheses"] == scored > 0
    assert found["bins"][8] == {
        "from_percent": 80, "until_percent": 90, "hypotheses": scored, "true": scored, "said": 0.8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"from_ms": "yesterday"}),
        ("", {"from_ms": 5, "until_ms": 5}),
        ("", {"tier": "huge"}),
        ("", {"planned": "yes"}),
        ("", {"feeder": "F" * 201}),
        ("", {"region": "\x00"}),
        ("/series", {"bucket_ms": 1}),
        ("/series", {"shift_ms": -5}),
        ("/incidents", {"order": "1; DROP TABLE incident"}),
        ("/incidents", {"limit": 1_001}),
        ("/behind", {"of": "everything"}),
        ("/behind", {"offset": -1}),
        ("/customers.csv", {"language": "de"}),
    ],
)
async def test_what_makes_no_sense_is_refused(browser: ClientSession, path: str, query: dict[str, Any]) -> None:
    assert (await ask(browser, path, 422, **query))["error"]["code"] == "invalid"


async def test_files_hold_what_the_answers_hold(browser: ClientSession, written: Storm) -> None:
    query = {"planned": 1, "as_of_ms": written.now}
    lost = (await ask(browser, "", **query))["totals"]["customer_ms"]
    customers = await sheet(browser, "customers", **query)
    assert round(sum(float(row["counted (seconds)"]) for row in customers) * 1000) == lost
    for name in ("incidents", "feeders", "series"):
        rows = await sheet(browser, name, **query)
        minutes = sum(float(row["time without power (customer-minutes)"]) for row in rows)
        assert minutes == pytest.approx(lost / MINUTE, abs=1e-3), name
    series = await sheet(browser, "series", shift_ms=30 * MINUTE, **query)
    assert {row["series"] for row in series} == {"now", "before"}


async def test_a_long_file_is_read_in_pieces(browser: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: await sheet(browser, name) for name in ("customers", "incidents")}
    monkeypatch.setattr(figure_files, "PIECE", 2)
    for name, rows in whole.items():
        assert await sheet(browser, name) == rows


async def test_a_file_is_never_a_formula(browser: ClientSession, connection: Connection) -> None:
    await connection.execute("UPDATE interruption SET holder = '=HYPERLINK(1)'")
    assert {row["held by"] for row in await sheet(browser, "customers")} == {"'=HYPERLINK(1)"}


async def test_a_file_speaks_chinese_when_asked_to(browser: ClientSession) -> None:
    rows = await sheet(browser, "feeders", language="zh")
    assert "停电时间（户·分钟）" in rows[0]  # noqa: RUF001 - Chinese has its own brackets


async def test_who_took_a_file_is_on_record(browser: ClientSession, connection: Connection) -> None:
    await sheet(browser, "customers", feeder="F1", planned=1)
    row = await connection.fetchrow("SELECT by_user, kind, subject_kind, subject, said FROM person_action")
    assert row is not None
    assert tuple(row)[:4] == ("u", "export", "figures", "customers")
    said = json.loads(row["said"])
    assert (said["feeder"], said["planned"]) == ("F1", True)


async def test_who_may_look_may_not_carry_away(browser: ClientSession) -> None:
    for role, status in (("viewer", 403), ("dispatcher", 200), ("crew", 403)):
        async with browser.get("/api/figures/customers.csv", headers={ROLE: role}) as answer:
            assert answer.status == status
    async with browser.get("/api/figures", headers={ROLE: "viewer"}) as answer:
        assert answer.status == 200
    async with browser.get("/api/figures", headers={ROLE: "crew"}) as answer:
        assert answer.status == 403


async def test_what_takes_too_long_is_refused_and_the_rest_goes_on(
    browser: ClientSession, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_figures, "MOST_MS", 100)
    # A ledger that nobody can read for a while, as when a very long answer is worked on.
    async with connection.transaction():
        await connection.execute("LOCK TABLE interruption IN ACCESS EXCLUSIVE MODE")
        refused = await ask(browser, "", 503)
        assert refused["error"]["code"] == "tooMuch"
        async with browser.get("/api/figures/customers.csv") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, "tooMuch")
    assert (await ask(browser, ""))["served"] > 0


async def test_only_a_few_look_at_once(
    browser: ClientSession, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_figures, "AT_ONCE", 0)
    monkeypatch.setattr(api_figures, "WAIT_S", 0.05)
    assert connection
    assert (await ask(browser, "", 503))["error"]["code"] == "tooMuch"
