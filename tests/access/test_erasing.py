"""What is personal goes when it is old enough, and everything that is promised holds afterwards as before."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from schemas.codec import decode, encode
from schemas.events import (
    CallAnswered,
    ConsentChanged,
    Event,
    HazardKind,
    HazardReported,
    HotlineReported,
    InboundAnswered,
    LanguageChosen,
    OutageReported,
    PhoneLinked,
    ReportKind,
    TextReceived,
)
from schemas.topics import (
    HOTLINE_ANSWERS,
    HOTLINE_REPORTS,
    NOTICE_ACTIONS,
    NOTICE_CONSENTS,
    NOTICE_INBOUND,
    OUTAGE_REPORTS,
    TOPICS,
    Topic,
)
from services.access import erasing as erasing_rows
from services.access import store as access
from services.access.audit import RULES as ACCESS_RULES
from services.access.keys import id_of
from services.access.personal import NO_PHONE, without_person
from services.clock import from_ms, to_ms
from services.engine import clock, erasure, parked
from services.engine.deciding import Deciding
from services.engine.direct import publish
from services.engine.taking import Connection, Message, Refused, Stamp, park
from services.hotline.audit import RULES as HOTLINE_RULES
from services.notices.audit import RULES as NOTICE_RULES
from services.notices.people import handle_of
from services.reports.audit import RULES as REPORT_RULES
from services.reports.locating import locate
from services.reports.store import insert
from services.settings import Settings, load_settings
from services.utility.folder import read_folder
from services.utility.store import save
from streams import erasing
from streams.daily import erase_daily
from streams.replay import replay
from streams.rules import build
from tests.stage_script import ms, violations
from tests.utility.valley import write

DAY_MS = 86_400_000
THEN, NOW = ms("12:00"), ms("12:00") + 401 * DAY_MS
PHONE, STRANGER, CONTACT = "+4915100000001", "+4915199999999", "+4915100000011"
SECRETS = (PHONE, STRANGER, CONTACT, "+4915100000002", "+4915100000012", "Gate", "Office", "my name is Kim")
STAYS = {"app_user", "session"}
RULES = (*ACCESS_RULES, *NOTICE_RULES, *HOTLINE_RULES, *REPORT_RULES)


class Valley:
    """An installation of a small utility that hears texts and hotline reports, and decides them tick by tick."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tick = 0

    async def hear(self, now: int, *heard: tuple[str, Topic, Event]) -> None:
        """Take these facts and decide them at the next tick, by the version of the utility that is current."""
        self.tick += 1
        await self.connection.execute("UPDATE clock SET n = $1, now_ms = $2", self.tick, now)
        house = await build(self.connection, ("notify", "escalate"))
        for name, ruled in house.stages.items():
            await clock.make_shards(self.connection, name, ruled.stage.shards())
            for stage, topic, event in heard:
                if stage == name:
                    await self.connection.execute(
                        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
                           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                        *(stage, event.id, ruled.stage.shard_of(event), to_ms(event.at), self.tick - 1),
                        *(topic.name, encode(event)),
                    )
            deciding = Deciding(ruled.stage, ruled.store, exercise=False, version=house.version)
            for shard in ruled.stage.shards():
                await deciding.decide(self.connection, shard, self.tick, now)
        await self.connection.execute("UPDATE outbox SET sent = true")
        await self.connection.execute(
            "UPDATE effects SET state = 'done', reason = 'taken', attempts = 1, gateway = 'smpp:x', done_at_ms = $1",
            now,
        )


async def live_through(connection: Connection, now: int, name: str, valley: Valley) -> None:
    """Let a day pass on which customers call, write and want no more texts, and something cannot be read."""
    at = from_ms(now)
    await valley.hear(
        now,
        ("notify", NOTICE_INBOUND, TextReceived(id=f"{name}-1", at=at, phone=PHONE, words="OUT")),
        ("notify", NOTICE_INBOUND, TextReceived(id=f"{name}-2", at=at, phone=STRANGER, words="my name is Kim")),
    )
    area = await connection.fetchval("SELECT shard FROM inbox WHERE id = $1", f"{name}-1")
    who = PHONE if name == "old" else STRANGER
    stop = ConsentChanged(id=f"{name}-3", at=at, phone=who, area=area, consents=False)
    out = HotlineReported(
        id=f"{name}-4", at=at, account="L1", kind=ReportKind.CALL, contact="night", words="my name is Kim"
    )
    answer = InboundAnswered(id=f"{name}-10", at=at, area=area, text=f"{name}-2", by="dora", words="my name is Kim")
    speaks = LanguageChosen(id=f"{name}-11", at=at, phone=STRANGER, area=area, language="zh")
    await valley.hear(
        now + 1,
        ("notify", NOTICE_CONSENTS, stop),
        ("notify", NOTICE_CONSENTS, speaks),
        ("notify", NOTICE_ACTIONS, answer),
        ("escalate", HOTLINE_REPORTS, out),
    )
    key = str(id_of(await access.create(connection, "call centre", ["reports:write"])))
    call = OutageReported(id=f"{name}-6", at=at, kind=ReportKind.CALL, phone=PHONE, words="my name is Kim")
    await access.accept(connection, key, f"once-{name}", OUTAGE_REPORTS, [call])
    house = await build(connection, ())
    await insert(connection, [(call, locate(call, house.network, now, house.premises))], valley.tick)
    await connection.execute("UPDATE report SET state = 'answered' WHERE id = $1", call.id)
    danger = HazardReported(
        id=f"{name}-9", at=at, hazard=HazardKind.FIRE, customer=f"NOBODY-{name}", words="my name is Kim"
    )
    await insert(connection, [(danger, locate(danger, house.network, now, house.premises))], valley.tick)
    text = TextReceived(id=f"{name}-7", at=at, phone=STRANGER, words="my name is Kim")
    await publish(connection, "sms", NOTICE_INBOUND, STRANGER, text)
    headers = (("ce_id", f"{name}-8".encode()), ("from", STRANGER.encode()))
    message = Message("notice.inbound", 0, valley.tick, STRANGER.encode(), headers, b"my name is Kim")
    await park(connection, "notify", [Refused(message, "malformed", "my name is Kim")], Stamp(valley.tick, now, now))
    await connection.execute(
        "INSERT INTO inbound_part VALUES ($1, $2, 2, 1, 0, 'my name is Kim', '', $3)", STRANGER, name, now
    )
    await connection.execute("UPDATE outbox SET sent = true")


@pytest.fixture
async def valley(connection: Connection, tmp_path: Path) -> Valley:
    """A valley with a day more than 400 days ago, a day now, and another folder since."""
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=THEN)
    folder = read_folder(write(tmp_path))
    await save(connection, folder)
    made = Valley(connection)
    await live_through(connection, THEN, "old", made)
    await save(connection, dataclasses.replace(folder, name="Valley and Hill"))
    await connection.execute("UPDATE utility_version SET imported_at = imported_at - interval '401 days'")
    changes = (("night", "phone", CONTACT, "+4915100000099"), ("night", "phone", "+4915100000099", "+4915100000098"))
    for number, (contact, field, was, became) in enumerate(changes, start=1):
        await connection.execute(
            "INSERT INTO hotline_contact_change VALUES ('L1', $1, $2, $3, $4, $5, $6, 'k')",
            *(number, contact, field, was, became, THEN),
        )
    await connection.execute("INSERT INTO hotline_contact_override VALUES ('L1', 'night', '+4915100000098')")
    await live_through(connection, NOW, "new", made)
    return made


@pytest.fixture
def settings() -> Settings:
    return load_settings()


async def told(connection: Connection) -> str:
    """Return every row of every table as text."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    lines: list[str] = []
    for table in tables:
        rows: Sequence[Any] = await connection.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" t')
        lines += [f"{table['tablename']}: {_readable(row['row'])}" for row in rows]
    return "\n".join(lines)


def _readable(row: str) -> str:
    """Return a row with its bytes as the text that they are."""
    return re.sub(r"\\\\x([0-9a-f]+)", lambda found: bytes.fromhex(found[1]).decode("utf-8", "replace"), row)


async def test_the_old_day_is_erased_and_the_new_one_stays(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    assert await violations(connection, RULES) == {}
    assert await replay(connection, exercise=False) == (await _turns(connection), [])
    before = await told(connection)

    counted = await erasing.erase(connection, settings, apply=False)
    assert counted is not None
    assert await told(connection) == before, "nothing goes before --apply"
    done = await erasing.erase(connection, settings)
    assert done == counted
    assert counted.until_ms == NOW + 1 - 400 * DAY_MS
    assert counted.rows == {
        "inbox": 6,
        "outbox": 4,
        "parked": 1,
        "effects (texts)": 3,
        "effects (calls)": 1,
        "report": 2,
        "inbound_text": 2,
        "consent_log": 1,
        "inbound_part": 1,
        "hotline_contact_change (was)": 2,
        "hotline_contact_change (became)": 1,
        "customer_phone": 2,
        "notice_contact": 4,
        "hotline_contact": 2,
    }
    row = await connection.fetchrow("SELECT at_ms, until_ms, rows FROM erasure")
    assert row is not None
    assert (row["at_ms"], row["until_ms"], json.loads(row["rows"])) == (NOW + 1, done.until_ms, done.rows)

    for kept in ("old", "new"):
        events = await connection.fetch(
            "SELECT topic, body FROM inbox WHERE id LIKE $1 UNION ALL SELECT topic, body FROM outbox WHERE id LIKE $1",
            f"{kept}-%",
        )
        for one in events:
            event = decode(one["body"], TOPICS[one["topic"]])
            assert (without_person(event) == event) == (kept == "old")
    assert await connection.fetchval("SELECT phone FROM inbound_text WHERE id = 'old-2'") == NO_PHONE
    assert await connection.fetchval("SELECT words FROM inbound_text WHERE id = 'new-2'") == "my name is Kim"
    assert await connection.fetchval("SELECT handle FROM consent_log WHERE id = 'old-3'") == handle_of(PHONE)
    left = await told(connection)
    for secret in SECRETS:
        assert left.count(secret) < before.count(secret), secret

    assert await erasing.erase(connection, settings, apply=False) == dataclasses.replace(done, rows={})
    assert await violations(connection, RULES) == {}


async def test_nothing_of_the_old_day_is_left_anywhere(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    await connection.execute("UPDATE clock SET now_ms = now_ms + $1", 401 * DAY_MS)  # the new day is old as well
    await erasing.erase(connection, settings)
    left = await told(connection)
    found = [line for line in left.splitlines() for secret in SECRETS if secret in line]
    in_use = ("customer_phone:", "notice_contact:", "hotline_contact:", "hotline_contact_override:")
    assert [line for line in found if not line.startswith(in_use)] == []
    assert {line.partition(":")[0] for line in found} == {"customer_phone", "notice_contact", "hotline_contact"}
    assert await violations(connection, RULES) == {}


async def test_the_number_of_a_link_goes_once_it_ended_long_ago(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    now = int(await connection.fetchval("SELECT now_ms FROM clock"))
    for name, ended in (("over", now - 401 * DAY_MS), ("lately", now - DAY_MS), ("now", None)):
        await connection.execute(
            """INSERT INTO linked_phone (id, phone, handle, customer, area, tick, at_ms, ended_at_ms)
               VALUES ($1, $2, $1, 'C1', 'A1', 1, 1, $3)""",
            name,
            STRANGER,
            ended,
        )
    await erasing.erase(connection, settings)
    left = await connection.fetch("SELECT id FROM linked_phone WHERE phone = $1 ORDER BY id", STRANGER)
    assert [row["id"] for row in left] == ["lately", "now"]


async def test_what_was_erased_is_not_decided_again_and_what_came_later_is(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    turns = await _turns(connection)
    await erasing.erase(connection, settings)
    uncompared = await erasure.uncompared(connection)
    assert uncompared == await connection.fetchval("SELECT count(*) FROM ticks WHERE stage = 'notify' AND n <= 2")
    assert await replay(connection, exercise=False) == (turns - uncompared, [])

    at = NOW + 60_000
    await valley.hear(
        at, ("notify", NOTICE_INBOUND, TextReceived(id="later", at=from_ms(at), phone=PHONE, words="OUT"))
    )
    answer = CallAnswered(id="heard", at=from_ms(at), call="c", account="L1", outage="o", acknowledged=True)
    await valley.hear(at + 1, ("escalate", HOTLINE_ANSWERS, answer))
    assert (await replay(connection, exercise=False))[1] == []
    await connection.execute("UPDATE erased_state SET entities = '{}'")
    assert {one.part for one in (await replay(connection, exercise=False))[1]} >= {"entities"}


async def test_what_an_earlier_edition_of_the_rules_decided_stands_as_before(
    valley: Valley, settings: Settings
) -> None:
    connection = valley.connection
    await connection.execute("UPDATE ticks SET rules = 0 WHERE stage = 'notify'")
    await erasing.erase(connection, settings)
    assert await connection.fetchval("SELECT count(*) FROM erased_state") == 0
    assert (await replay(connection, exercise=False))[1] == []
    at = NOW + 60_000
    await valley.hear(
        at, ("notify", NOTICE_INBOUND, TextReceived(id="later", at=from_ms(at), phone=PHONE, words="OUT"))
    )
    await connection.execute("UPDATE clock SET now_ms = now_ms + $1", 401 * DAY_MS)
    await erasing.erase(connection, settings)
    assert (await replay(connection, exercise=False))[1] == []


async def test_it_can_be_broken_off_and_taken_up(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    limit = await erasing_rows.limit_of(connection, settings.personal_retention_days)
    assert limit is not None
    await erasing._keep_state(connection, limit.until_tick, exercise=False)
    assert (await replay(connection, exercise=False))[1] == [], "the state is kept and nothing is erased yet"
    await erasing.erase(connection, settings)
    assert (await replay(connection, exercise=False))[1] == []
    assert await violations(connection, RULES) == {}


async def test_an_erased_message_is_not_sent_once_more(valley: Valley, settings: Settings) -> None:
    connection = valley.connection
    old, new = [row["id"] for row in await connection.fetch("SELECT id FROM parked ORDER BY at_ms")]
    await erasing.erase(connection, settings)
    assert not await parked.requeue(connection, old)
    assert await parked.requeue(connection, new)


async def test_a_folder_whose_phones_were_erased_can_be_imported_again(
    valley: Valley, settings: Settings, tmp_path: Path
) -> None:
    connection = valley.connection
    await erasing.erase(connection, settings)
    assert await save(connection, read_folder(tmp_path)) == 3
    phones = await connection.fetch("SELECT phone FROM current_phone ORDER BY rank")
    assert [row["phone"] for row in phones] == [PHONE, "+4915100000002"]


async def test_for_ever_is_kept_with_a_retention_of_nothing(valley: Valley) -> None:
    before = await told(valley.connection)
    assert await erasing.erase(valley.connection, load_settings(personal_retention_days=0)) is None
    assert await told(valley.connection) == before


async def test_without_a_clock_nothing_is_old(connection: Connection, settings: Settings) -> None:
    assert await erasing.erase(connection, settings) is None


async def test_of_two_who_erase_at_once_one_does(valley: Valley, settings: Settings, dsn: str) -> None:
    import asyncpg  # noqa: PLC0415 (a second session of the same database)

    other = await asyncpg.connect(dsn)
    await other.execute("SELECT pg_advisory_lock($1)", erasing_rows.LOCK)
    assert await erasing.erase(valley.connection, settings) is None
    await other.close()


def test_an_event_loses_what_is_personal_and_can_still_be_read() -> None:
    at = from_ms(THEN)
    hazard = HazardReported(id="h", at=at, hazard=HazardKind.FIRE, pole="P1", phone=PHONE, words="my name is Kim")
    assert without_person(hazard) == HazardReported(id="h", at=at, hazard=HazardKind.FIRE, pole="P1")
    text = without_person(TextReceived(id="t", at=at, phone=PHONE, words="hello"))
    assert decode(encode(text), NOTICE_INBOUND) == TextReceived(id="t", at=at, phone=NO_PHONE, words="")
    link = PhoneLinked(id="l", at=at, area="A1", customer="C1", phone=PHONE)
    assert without_person(link) == PhoneLinked(id="l", at=at, area="A1", customer="C1", phone=NO_PHONE)
    every = PhoneLinked(id="l", at=at, area="A1", customer="C1", linked=False)
    assert without_person(every) is every
    said = without_person(InboundAnswered(id="i", at=at, area="A1", text="t", by="dora", words="dear Kim"))
    assert said == InboundAnswered(id="i", at=at, area="A1", text="t", by="dora", words="")
    other = CallAnswered(id="a", at=at, call="c", account="L1", outage="o", acknowledged=True)
    assert without_person(other) is other


async def _turns(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM ticks"))


async def test_a_process_has_it_erased_daily(valley: Valley, dsn: str) -> None:
    settings = load_settings(postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    daily = asyncio.create_task(erase_daily(settings, first_after_s=0))
    async with asyncio.timeout(60):
        while not await valley.connection.fetchval("SELECT count(*) FROM erasure"):
            await asyncio.sleep(0.1)
        while await valley.connection.fetchval("SELECT count(*) FROM customer_phone WHERE version = 1"):
            await asyncio.sleep(0.1)
    assert not daily.done()
    daily.cancel()
    await asyncio.gather(daily, return_exceptions=True)


@pytest.mark.parametrize("given", [{"exercise": True}, {"personal_retention_days": 0}])
async def test_in_an_exercise_and_where_for_ever_is_kept_nothing_is_begun(given: dict[str, Any]) -> None:
    async with asyncio.timeout(5):
        await erase_daily(load_settings(**given), first_after_s=0)
