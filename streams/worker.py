"""A worker: takes and decides for some stages. The only place that knows which rule goes with which topic.

python -m streams.worker --name worker-1 --stages intake,correlate
python -m streams.worker --name dispatch --stages dispatch
python -m streams.worker --name notify --stages notify
python -m streams.worker --name worker-2 --stages intake        (takes reports and does nothing else)
python -m streams.worker --name priority --stages escalate       (hotline reports and the priority topics, before all others)
python -m streams.worker --name drill --stages world --drill lockstep|running
"""

from __future__ import annotations

import argparse
import asyncio
import functools

import mode.loop

mode.loop.use("uvloop")

import faust  # noqa: E402 - the event loop has to be chosen before
import structlog  # noqa: E402

from schemas.topics import HOTLINE_REPORTS, OUTAGE_REPORTS, Topic, consumed_by  # noqa: E402
from services.database.pool import LOST, connect, create_pool  # noqa: E402
from services.dispatch import plan  # noqa: E402
from services.dispatch.store_rules import set_dispatch_rules  # noqa: E402
from services.engine.clock import make_shards  # noqa: E402
from services.engine.deathpoints import DeathPoints  # noqa: E402
from services.engine.deciding import Deciding  # noqa: E402
from services.engine.taking import InboxKeeper, Taking  # noqa: E402
from services.logs import configure_logs  # noqa: E402
from services.outages.store_asking import set_asking  # noqa: E402
from services.ready import announce_ready  # noqa: E402
from services.reports.store import ReportKeeper  # noqa: E402
from services.settings import Settings, load_settings  # noqa: E402
from streams import drill, intake, telling  # noqa: E402
from streams.app import Feed, Task, build_app  # noqa: E402
from streams.brokers import wait_for  # noqa: E402
from streams.leaving import leave  # noqa: E402
from streams.loop import Lane  # noqa: E402
from streams.outdated import leave_when_outdated  # noqa: E402
from streams.processes import addresses, known_schema, process_name, run_until_told, settle  # noqa: E402
from streams.rules import House, asking_rules, build, dispatch_rules  # noqa: E402
from streams.turns import TickLoop  # noqa: E402
from streams.watchdog import Watchdog  # noqa: E402

log = structlog.get_logger(__name__)

_OF_THE_HOTLINE = {topic.name for topic in consumed_by("escalate")}

POOL = 6


async def prepare(settings: Settings, stages: tuple[str, ...]) -> House:
    """Check the schema, wait for the broker, load what the rules need, make the rows of turns."""
    dsn, bootstrap = addresses(settings)
    await known_schema(dsn)
    await wait_for(bootstrap, 60.0)
    connection = await connect(dsn)
    try:
        named = tuple(name for name in stages if name != "intake")
        house = await build(connection, named, settings.reclosing_s)
        for name, ruled in house.stages.items():
            await make_shards(connection, name, ruled.stage.shards())
        if "correlate" in house.stages:
            await set_asking(connection, house.stages["correlate"].stage.shards(), asking_rules(settings))
        if "dispatch" in house.stages:
            plan.get_ready()
            regions = house.stages["dispatch"].stage.shards()
            await set_dispatch_rules(connection, {region: dispatch_rules(settings, region) for region in regions})
        return house
    finally:
        await connection.close()


class Worker:
    """The parts of one worker process, wired together."""

    def __init__(
        self, settings: Settings, *, name: str, stages: tuple[str, ...], house: House, driving: str | None
    ) -> None:
        self._settings = settings
        self._stages = stages
        self._house = house
        self._driving = driving
        self._dsn, self._bootstrap = addresses(settings)
        self._watchdog = Watchdog(
            settings.worker_stall_s, lambda s: leave("worker.stalled", without_progress_s=round(s))
        )
        self._lanes: list[Lane] = []
        agents: list[tuple[str, Topic, Feed]] = []
        for stage, ruled in house.stages.items():
            taking = Taking(stage, InboxKeeper(stage, ruled.stage.shard_of), exercise=settings.exercise)
            lane = Lane(taking=taking, prefix=settings.topic_prefix, bootstrap=self._bootstrap, watchdog=self._watchdog)
            self._lanes.append(lane)
            agents += [(f"{stage}-{topic.name}", topic, lane.feed) for topic in consumed_by(stage)]
        self.app = build_app(
            name="+".join(stages),
            bootstrap=self._bootstrap,
            prefix=settings.topic_prefix,
            session_s=settings.kafka_session_s,
            agents=agents,
            tasks=[self.run],
        )
        log.info("worker.starting", worker=name, stages=list(stages))

    async def run(self) -> None:
        """Run everything of this worker, for ever."""
        settings, house = self._settings, self._house
        try:
            pool = await create_pool(self._dsn, POOL)
        except LOST as error:
            leave("worker.database_lost", error=type(error).__name__)
        await telling.serve(settings, process_name(), dsn=self._dsn, bootstrap=self._bootstrap)
        deaths = DeathPoints(settings.death_dir)
        ticks = TickLoop(
            decidings={
                name: (
                    Deciding(r.stage, r.store, exercise=settings.exercise, version=house.version),
                    consumed_by(name)[0],
                )
                for name, r in house.stages.items()
            },
            taken=list(self._stages),
            owns=self._owns,
            watchdog=self._watchdog,
            deaths=deaths,
        )
        work: list[Task] = [functools.partial(lane.run, pool) for lane in self._lanes]
        work.append(functools.partial(ticks.run, self._dsn, pool))
        for topic, stage in ((OUTAGE_REPORTS, "intake"), (HOTLINE_REPORTS, "escalate")):
            if stage not in self._stages:
                continue
            taking = Taking("intake", ReportKeeper(house.network, house.premises), exercise=settings.exercise)
            work.append(
                functools.partial(
                    intake.run,
                    topic=topic,
                    taking=taking,
                    pool=pool,
                    prefix=settings.topic_prefix,
                    session_s=settings.kafka_session_s,
                    bootstrap=self._bootstrap,
                    watchdog=self._watchdog,
                )
            )
        if self._driving:
            work.append(functools.partial(drill.drive, settings, self._dsn, self._bootstrap, self._driving))
        work.append(functools.partial(leave_when_outdated, self._dsn, house.version))
        self._watchdog.start()
        announce_ready(settings)
        await asyncio.gather(*(task() for task in work))

    def _owns(self, topic: str, part: int) -> bool:
        if topic in _OF_THE_HOTLINE:
            return False  # the hotline's own process goes first
        consumer = self.app.consumer
        name = self._settings.topic_prefix + topic
        return any(place.topic == name and place.partition == part for place in consumer.assignment())


def main() -> None:
    """Run a worker of this installation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--stages", required=True)
    parser.add_argument("--drill", choices=["lockstep", "running"])
    given = parser.parse_args()
    settings = load_settings()
    configure_logs(settings, given.name)
    stages = tuple(given.stages.split(","))
    try:
        house = asyncio.run(prepare(settings, stages))
    except LOST as error:
        leave("worker.not_prepared", error=type(error).__name__)
    worker = Worker(settings, name=given.name, stages=stages, house=house, driving=given.drill)
    settle()
    if not house.stages:
        run_until_told(worker.run)  # an app of Faust needs an agent, and intake has none
        return
    faust.Worker(
        worker.app, loglevel="warn", override_logging=False, redirect_stdouts=False, quiet=True
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
