"""A back-up is restored while Kafka and the world have gone on: what is lacking is named, and nobody is told twice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiokafka.errors import KafkaError

from deploy import backup
from deploy.installation import GROUPS, Backends, backends, database_of, placed, product_parts
from deploy.parts import PartError
from deploy.supervisor import Supervisor
from schemas import events
from schemas.codec import encode
from schemas.events import OutageReported, ReportKind
from schemas.topics import CREW_STATUS, OUTAGE_INCIDENTS, OUTAGE_REPORTS, TOPICS
from services.audit import run as auditing
from services.clock import from_ms
from services.database import databases
from services.database.pool import Wakeups, connect
from services.drill.prepare import STARTS_AT_MS
from services.drill.smpp_pdu import Status, Submit
from services.drill.smpp_server import SmppServer
from services.engine import clock, direct, outbox, restoring
from services.engine.taking import Connection
from services.settings import Settings, load_settings
from services.utility import store as utility
from services.utility.folder import EXAMPLE, read_folder
from streams import brokers, restored

LIMIT_S = 120
DAY_MS = STARTS_AT_MS + 14 * 3_600_000  # by day where the example utility lies: nobody is left for the morning
SPEED = 60.0
SLOWLY = 4.0
"""While what is still held is looked at: the quarter of an hour until it can be released lasts nearly four minutes."""
ACCOUNT = ("lamplighter", "secret")
CONSUMERS = tuple(
    zip(
        *((stage, topic.name) for topic in TOPICS.values() for stage in topic.consumers if stage != "world"),
        strict=True,
    )
)
NOT_TAKEN = """SELECT o.id FROM outbox o JOIN unnest($1::text[], $2::text[]) AS consumer (stage, topic) USING (topic)
               WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.stage = consumer.stage AND i.id = o.id)"""


class MobileOperator:
    """An operator outside of the installation: it forgets nothing when a database is lost."""

    def __init__(self) -> None:
        self.texts: list[Submit] = []
        self.came = asyncio.Event()
        self._smpp = SmppServer(ACCOUNT, self._take, name="TOWN-MOBILE")  # a real gateway binds to no drill's operator
        self._http: web.AppRunner | None = None

    async def start(self) -> tuple[int, int]:
        """Listen; return the ports of SMPP and of the look-up."""
        app = web.Application()
        app.router.add_get("/texts/{reference}", self._known)
        self._http = web.AppRunner(app)
        await self._http.setup()
        await web.TCPSite(self._http, "127.0.0.1", 0).start()
        return await self._smpp.start("127.0.0.1", 0), int(self._http.addresses[0][1])

    async def stop(self) -> None:
        await self._smpp.stop()
        if self._http is not None:
            await self._http.cleanup()

    async def _take(self, text: Submit) -> tuple[int, str]:
        self.texts.append(text)
        self.came.set()
        return Status.OK, f"op-{text.reference}"

    async def _known(self, request: web.Request) -> web.Response:
        reference = request.match_info["reference"]
        if all(text.reference != reference for text in self.texts):
            raise web.HTTPNotFound
        return web.json_response({"operator_id": f"op-{reference}"})


@dataclasses.dataclass(slots=True)
class Town:
    """An installation in earnest, its clock running sixty times as fast as real time, and its operator."""

    settings: Settings
    supervisor: Supervisor
    found: Backends
    operator: MobileOperator

    @property
    def dsn(self) -> str:
        return databases.named(self.found.admin_dsn, database_of(self.settings))

    async def start(self) -> restored.Compared:
        """Start as `up` does."""
        compared = await restored.compare(self.dsn, self.found.bootstrap, "", GROUPS)
        own = placed(self.settings, self.found, database=database_of(self.settings))
        await asyncio.gather(*(self.supervisor.start(part) for part in product_parts(own)))
        return compared

    async def stop(self) -> None:
        own = placed(self.settings, self.found, database=database_of(self.settings))
        await self.supervisor.stop(*(part.name for part in product_parts(own)))

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Connection]:
        connection = await connect(self.dsn)
        try:
            yield connection
        finally:
            await connection.close()

    async def pace(self, speed: float) -> None:
        """Let the clock run so many times as fast as real time from now on."""
        async with self.database() as connection:
            await clock.set_running(connection, now_ms=0, speed=speed, step_s=0.25)

    async def until(self, sql: str, *arguments: object) -> None:
        """Return when a query answers true; whatever is stored, and every step of the clock, wakes it."""
        wakeups = await Wakeups.listen(self.dsn, "moved", "clock")
        try:
            async with self.database() as connection, asyncio.timeout(LIMIT_S):
                while not await connection.fetchval(sql, *arguments):
                    await wakeups.wait(0.25)
        finally:
            await wakeups.close()

    async def power_fails(self, transformer: str) -> None:
        """Let every meter behind a transformer say its last."""
        async with self.database() as connection:
            stands = await clock.standing(connection)
            rows = await connection.fetch(
                "SELECT customer FROM current_customer WHERE transformer = $1 AND active ORDER BY 1", transformer
            )
        assert stands is not None
        gasps = [
            OutageReported(
                id=f"gasp-{row['customer']}",
                at=from_ms(stands.now_ms),
                kind=ReportKind.LAST_GASP,
                customer=row["customer"],
            )
            for row in rows
        ]
        async with brokers.producing(self.found.bootstrap) as made:
            await brokers.send_all(
                made,
                "",
                [(OUTAGE_REPORTS.name, gasp.customer.encode(), [], encode(gasp)) for gasp in gasps if gasp.customer],
            )

    async def told(self, more_than: int) -> None:
        """Return when the operator has taken more texts than so many, and nothing is under way any more."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.operator.texts) <= more_than:
                self.operator.came.clear()
                await self.operator.came.wait()
        await self.until(
            """SELECT NOT EXISTS (SELECT FROM effects e, tick() t
                                  WHERE e.state IN ('due', 'attempting') AND e.due_at_ms <= t.now_ms)
                  AND NOT EXISTS (SELECT FROM undecided) AND NOT EXISTS (SELECT FROM outbox WHERE NOT sent)"""
        )

    async def everything_taken(self) -> None:
        """Return when each stage has taken what was published for it."""
        await self.until(f"SELECT NOT EXISTS ({NOT_TAKEN})", *CONSUMERS)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-town-"))
    folder.chmod(0o711)
    operator = MobileOperator()
    smpp, http = await operator.start()
    settings = load_settings(
        data_dir=folder,
        smpp_port=smpp,
        smpp_password=ACCOUNT[1],
        smpp_lookup_url=f"http://127.0.0.1:{http}",
        kafka_session_s=2.0,
    )
    try:
        async with backends(settings) as (supervisor, found):
            dsn = await databases.ensure(found.admin_dsn, database_of(settings))
            connection = await connect(dsn)
            try:
                await clock.found(connection, exercise=False, topic_prefix="")
                await utility.save(connection, read_folder(EXAMPLE))
                await clock.set_running(connection, now_ms=DAY_MS, speed=SPEED, step_s=0.25)
            finally:
                await connection.close()
            await brokers.create_topics(found.bootstrap, "")
            yield Town(settings, supervisor, found, operator)
    finally:
        await operator.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _transformers(connection: Connection) -> list[str]:
    """Return transformers far from each other, each with several customers who can be told."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (c.feeder) c.transformer FROM current_customer c JOIN current_phone p USING (customer)
           WHERE c.active GROUP BY c.feeder, c.transformer HAVING count(DISTINCT c.customer) BETWEEN 4 AND 30
           ORDER BY c.feeder, c.transformer LIMIT 3"""
    )
    return [row["transformer"] for row in rows]


async def test_a_restored_database_names_what_it_lacks_and_tells_nobody_twice(town: Town) -> None:
    assert (await town.start()) == restored.Compared((), (), held=False)
    async with town.database() as connection:
        first, second, third = await _transformers(connection)
    await town.power_fails(first)
    await town.told(0)
    file = town.settings.data_dir / "backup.tar"
    assert await asyncio.to_thread(backup.backup, town.settings, file) == backup.DONE

    before = len(town.operator.texts)
    await town.power_fails(second)
    await town.told(before)
    told = len(town.operator.texts)
    await town.stop()
    async with town.database() as connection:
        lost = {
            row["id"]: row["sent"]
            for row in await connection.fetch(
                "SELECT id, sent FROM outbox WHERE topic = $1 AND stage = 'correlate'", OUTAGE_INCIDENTS.name
            )
        }
    await databases.drop(town.found.admin_dsn, database_of(town.settings))
    assert await asyncio.to_thread(backup.restore, town.settings, file) == backup.DONE
    with pytest.raises(PartError, match="there is a database lamplighter already, and it is not empty"):
        await asyncio.to_thread(backup.restore, town.settings, file)

    async with town.database() as connection:
        kept = {row["id"] for row in await connection.fetch("SELECT id FROM outbox")}
    await town.pace(SLOWLY)
    compared = await town.start()
    assert compared.held
    named = {orphan.event_id for orphan in compared.orphans if orphan.topic == OUTAGE_INCIDENTS.name}
    assert {event for event, sent in lost.items() if sent} - kept <= named <= lost.keys() - kept
    assert named
    assert {orphan.source for orphan in compared.orphans} <= {"correlate", "dispatch", "notify", "escalate"}

    # The same meters are heard again, the same is decided anew, and held.
    await town.until("SELECT EXISTS (SELECT FROM incident WHERE device = $1)", f"transformer:{second}")
    await town.until("SELECT EXISTS (SELECT FROM effects WHERE kind = 'text' AND reason = 'heldAfterRestore')")
    assert await asyncio.to_thread(_restored, town.settings, release=True) == backup.HELD
    await town.pace(SPEED)
    async with asyncio.timeout(LIMIT_S):
        while await asyncio.to_thread(_restored, town.settings, release=False) == backup.HELD:
            await asyncio.sleep(0.5)  # the clock's time has to pass
    assert len(town.operator.texts) == told
    assert await asyncio.to_thread(_restored, town.settings, release=True) == backup.DONE
    assert backup.marked(town.settings) is None

    await town.power_fails(third)
    await town.told(told)
    assert max(Counter(text.reference for text in town.operator.texts).values()) == 1
    assert max(Counter((text.phone, text.words) for text in town.operator.texts).values()) == 1
    async with town.database() as connection:
        assert await restoring.standing(connection) is None
        kinds = await connection.fetch("SELECT DISTINCT reason FROM effects WHERE state = 'unknown'")
        assert {row["reason"] for row in kinds} == {restoring.MAY_HAVE_LEFT}
        async with asyncio.timeout(LIMIT_S):
            while broken := await _broken(town, connection):
                await asyncio.sleep(0.2)  # crews are ordered all the time: something is always just under way
    assert broken == {}


async def test_a_database_that_nobody_said_to_be_restored_is_held_when_kafka_has_its_decisions(town: Town) -> None:
    change = events.HazardChanged.__struct_config__.tag
    headers = [("ce_source", b"/lamplighter/correlate"), ("ce_id", b"lost-1"), ("ce_type", str(change).encode())]
    of_others = [("ce_source", b"/lamplighter/console"), ("ce_id", b"fact-1")]
    async with brokers.producing(town.found.bootstrap) as made:
        await brokers.send_all(
            made, "", [(OUTAGE_INCIDENTS.name, b"A1", headers, b"{}"), (OUTAGE_INCIDENTS.name, b"A1", of_others, b"{}")]
        )
    compared = await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS)
    assert compared.held
    assert [(one.event_id, one.source, one.event_type) for one in compared.orphans] == [("lost-1", "correlate", change)]
    async with town.database() as connection:
        standing = await restoring.standing(connection)
        assert standing is not None
        assert (standing.state, standing.orphans, standing.backed_up_at) == ("held", 1, None)
    again = await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS)
    assert again.orphans == compared.orphans


async def test_what_a_dead_relay_had_sent_and_not_marked_is_no_orphan(town: Town) -> None:
    headers = [("ce_source", b"/lamplighter/correlate"), ("ce_id", b"mine")]
    async with town.database() as connection:
        await outbox.write(
            connection,
            event_id="mine",
            stage="correlate",
            shard="A1",
            topic=OUTAGE_INCIDENTS.name,
            key="A1",
            headers=headers,
            body=b"{}",
        )
    async with brokers.producing(town.found.bootstrap) as made:
        await brokers.send_all(made, "", [(OUTAGE_INCIDENTS.name, b"A1", headers, b"{}")])
    compared = await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS)
    assert (compared.held, compared.orphans) == (False, ())
    assert [(each.topic, each.end - each.known.end) for each in compared.ahead] == [(OUTAGE_INCIDENTS.name, 1)]


async def test_a_kafka_that_has_less_than_the_database_is_refused(town: Town) -> None:
    async with town.database() as connection:
        await outbox.mark_sent(connection, [], {(OUTAGE_INCIDENTS.name, 0): 5})
    with pytest.raises(restored.KafkaBehind, match=r"outage\.incidents/0 ends at 0, not 5"):
        await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS)


async def test_a_new_kafka_is_filled_up_and_offsets_go_on(town: Town) -> None:
    await town.start()
    async with town.database() as connection:
        first, second, _ = await _transformers(connection)
    await town.power_fails(first)
    await town.told(0)
    await town.everything_taken()
    await town.stop()
    async with town.database() as connection:
        # What a crew said over HTTP was published, and had not been taken when the machine was lost.
        crew = await connection.fetchval("SELECT min(crew) FROM current_crew")
        stands = await clock.standing(connection)
        assert stands is not None
        said = events.CrewReported(id="said", at=from_ms(stands.now_ms), crew=crew, status=events.CrewState.ON_BREAK)
        await direct.publish(connection, "web", CREW_STATUS, crew, said)
        await outbox.mark_sent(connection, ["said"], {})
        # The clock ran on until the last worker stopped: what came due then may wait to be sent or taken as well.
        waiting = await connection.fetch(f"{NOT_TAKEN} UNION SELECT id FROM outbox WHERE NOT sent", *CONSUMERS)
        ends = await brokers.ends(town.found.bootstrap, "")
    await brokers.delete_topics(town.found.bootstrap, "")
    async with asyncio.timeout(LIMIT_S):
        while True:  # the broker deletes in its own time
            with contextlib.suppress(KafkaError):
                await brokers.create_topics(town.found.bootstrap, "")
                if not any((await brokers.ends(town.found.bootstrap, "")).values()):
                    break
            await asyncio.sleep(0.2)
    with pytest.raises(restored.KafkaBehind):
        await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS)
    compared = await restored.compare(town.dsn, town.found.bootstrap, "", GROUPS, refill=True)
    assert not compared.held
    known = {place: end for place, end in ends.items() if place[0] != "dead.letters"}
    after = await brokers.ends(town.found.bootstrap, "")
    assert {place: after[place] for place in known} == known
    async with town.database() as connection:
        again = {row["id"] for row in await connection.fetch("SELECT id FROM outbox WHERE NOT sent")}
        assert "said" in again
        assert again == {row["id"] for row in waiting}

    before = len(town.operator.texts)
    await town.start()
    await town.until("SELECT EXISTS (SELECT FROM inbox WHERE id = 'said' AND decided IS NOT NULL)")
    await town.power_fails(second)
    await town.told(before)
    async with town.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM parked") == 0
        async with asyncio.timeout(LIMIT_S):
            while broken := await _broken(town, connection):
                await asyncio.sleep(0.2)
    assert broken == {}


async def _broken(town: Town, connection: Connection) -> dict[str, object]:
    findings = await auditing.audit(connection, await brokers.ends(town.found.bootstrap, ""))
    return {finding.rule.name: finding.violations for finding in findings if finding.violations}


def _restored(settings: Settings, *, release: bool) -> int:
    return backup.restored(settings, release=release)
