"""An installation: which parts it has, where they find each other, in which order they start."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

from deploy import kannel
from deploy.kafka import Kafka
from deploy.parts import HOST, Part, PartError, Ports, PortTaken, python_command
from deploy.postgres import Postgres
from deploy.supervisor import Supervisor, runs_already
from services.database import databases
from services.database.pool import UNUSABLE, ready
from services.dispatch import plan
from services.settings import Settings
from streams import brokers

NAMED_WITHIN_S = 10.0
REPORTS = ("intake", "correlate")
"""The stages of the workers: they hear reports and find what has failed."""
APART = ("dispatch", "notify")
"""The stages that have a process of their own, named after them: neither a plan nor texts hold up a report (ADR 21)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backends:
    """A PostgreSQL (DSN of its maintenance database) and a broker that run, and the ports kept for what speaks HTTP.

    A port is 0 where nothing is started by this process.
    """

    admin_dsn: str
    bootstrap: str
    web_port: int = 0
    hotline_port: int = 0
    console_port: int = 0
    metrics_port: int = 0
    texts_port: int = 0
    kannel_port: int = 0


TELLING = (
    "relay",
    "priority",
    "hotline",
    "web",
    "texts",
    "console",
    "operator",
    "drill",
    *(f"worker-{n}" for n in range(1, 9)),
    "pings",
    "mails",
    "webhooks",
    "voice-notices",
    *APART,
)
"""The processes that tell metrics and health, each on the port that lies as far behind the first one as it stands here."""


@contextlib.asynccontextmanager
async def backends(settings: Settings) -> AsyncIterator[tuple[Supervisor, Backends]]:
    """Start the PostgreSQL and the broker that the settings leave to us, and stop everything at the end.

    Raises `PartError` when a part cannot be started or another supervisor has the data folder.
    """
    async with Supervisor(settings.data_dir) as supervisor:
        _addresses(settings).unlink(missing_ok=True)  # where the last run listened, others may listen by now
        with Ports() as ports:
            postgres, kafka, _ = await asyncio.gather(
                _own_postgres(supervisor, settings, ports), _own_kafka(supervisor, settings, ports), _compiled()
            )
            web, hotline, console = map(ports.take, (settings.web_port, settings.hotline_port, settings.console_port))
            metrics = ports.row(settings.metrics_port, len(TELLING)) if settings.metrics_port else 0
            texts = ports.take(settings.texts_callback_port)
            boxes = ports.row(settings.kannel_port, 3) if kannel.wanted(settings) else 0
            taken = Backends("", "", web, hotline, console, metrics, texts, boxes)
            yield supervisor, await _noted(settings, postgres, kafka, taken)


async def _compiled() -> None:
    """Have the search of dispatch compiled once, before several workers need it at the same time."""
    await asyncio.to_thread(plan.get_ready)


async def _own_postgres(supervisor: Supervisor, settings: Settings, ports: Ports) -> Postgres | None:
    """Start our own PostgreSQL, on the next port if another program was quicker; None when one is named."""
    while settings.postgres_dsn is None:
        postgres = Postgres(settings.data_dir / "postgres", ports.take(settings.postgres_port))
        with contextlib.suppress(PortTaken):
            await supervisor.start(postgres.part())
            return postgres
    return None


async def _own_kafka(supervisor: Supervisor, settings: Settings, ports: Ports) -> Kafka | None:
    """Start our own broker, on the next ports if another program was quicker; None when one is named."""
    while settings.kafka_bootstrap is None:
        port = ports.take(settings.kafka_port)
        kafka = Kafka(settings.data_dir / "kafka", settings.cache_dir, port, ports.take(port + 1))
        with contextlib.suppress(PortTaken):
            await supervisor.start(kafka.part())
            return kafka
    return None


async def _noted(settings: Settings, postgres: Postgres | None, kafka: Kafka | None, taken: Backends) -> Backends:
    """Return where the backends are, noted in the data folder for other commands. Raises `PartError` for a named one away."""
    found = dataclasses.replace(
        taken,
        admin_dsn=postgres.dsn() if postgres else _secret(settings.postgres_dsn),
        bootstrap=kafka.bootstrap if kafka else settings.kafka_bootstrap or "",
    )
    if settings.postgres_dsn is not None or settings.kafka_bootstrap is not None:
        await _check_named(found)
    ports = {
        "postgres": postgres.port if postgres else None,
        "bootstrap": found.bootstrap,
        "console": found.console_port,
        "texts": found.texts_port,
        "metrics": {name: port_of(found.metrics_port, name) for name in TELLING} if found.metrics_port else {},
    }
    part = _addresses(settings).with_suffix(".part")
    part.write_text(json.dumps(ports) + "\n", encoding="utf-8")
    part.replace(_addresses(settings))
    return found


def _addresses(settings: Settings) -> Path:
    """Return the file that tells where a running installation's servers listen; it appears when all are ready."""
    return settings.data_dir / "addresses.json"


async def _check_named(found: Backends) -> None:
    """Raise `PartError` when a database or a broker that the settings name does not answer."""
    try:
        await ready(found.admin_dsn)
    except (*UNUSABLE, RuntimeError) as problem:
        raise PartError(f"the configured PostgreSQL cannot be used ({type(problem).__name__})") from problem
    try:
        await brokers.wait_for(found.bootstrap, NAMED_WITHIN_S)
    except TimeoutError as problem:
        raise PartError(f"the configured Kafka at {found.bootstrap} does not answer") from problem


@contextlib.asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[Backends]:
    """Give the backends of this data folder: those of the installation that runs on it now, or started for the while."""
    if settings.postgres_dsn is not None and settings.kafka_bootstrap is not None:
        yield Backends(settings.postgres_dsn.get_secret_value(), settings.kafka_bootstrap)
    elif runs_already(settings.data_dir):
        try:
            ports = json.loads(_addresses(settings).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PartError(f"what runs on {settings.data_dir} is still starting: ask again when it is ready") from None
        own = Postgres(settings.data_dir / "postgres", ports["postgres"] or 0)
        yield Backends(_secret(settings.postgres_dsn) if settings.postgres_dsn else own.dsn(), ports["bootstrap"])
    else:
        async with backends(settings) as (_, found):
            yield found


def database_of(settings: Settings) -> str:
    """Return the name of the installation's database: the one that a configured DSN names, else the setting's."""
    return databases.name_in(_secret(settings.postgres_dsn)) or settings.database


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


def placed(settings: Settings, found: Backends, *, database: str, **given: object) -> Settings:
    """Return the settings that a process of ours is handed: with the addresses of what runs, and `given`."""
    return settings.model_copy(
        update={
            "postgres_dsn": SecretStr(databases.named(found.admin_dsn, database)),
            "kafka_bootstrap": found.bootstrap,
            "web_port": found.web_port or settings.web_port,
            "hotline_port": found.hotline_port or settings.hotline_port,
            "console_port": found.console_port or settings.console_port,
            "metrics_port": found.metrics_port,
            "texts_callback_port": found.texts_port or settings.texts_callback_port,
            "kannel_port": found.kannel_port or settings.kannel_port,
            "database": database,
            **given,
        }
    )


def process(settings: Settings, name: str, module: str, *arguments: str, **options: object) -> Part:
    """Return the part of one process of ours, with these settings."""
    own = settings.model_copy(update={"metrics_port": port_of(settings.metrics_port, name)})
    return Part(
        name=name,
        command=python_command(module, *arguments),
        environment=own.environment(),
        **options,  # type: ignore[arg-type]
    )


def port_of(first: int, name: str) -> int:
    """Return the port on which a process tells its metrics, when `first` is that of the first; 0: it tells none."""
    return first + TELLING.index(name) if first and name in TELLING else 0


def targets(data_dir: Path) -> list[dict[str, object]]:
    """Return where Prometheus finds the processes that run on a data folder now, in the form of its `file_sd_configs`.

    Raises `PartError` when nothing runs there.
    """
    try:
        ports = json.loads((data_dir / "addresses.json").read_text(encoding="utf-8")).get("metrics", {})
        running = json.loads((data_dir / "processes.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PartError(f"nothing runs on {data_dir}, or it is still starting") from None
    return [
        {"targets": [f"{HOST}:{port}"], "labels": {"job": "lamplighter", "process": name}}
        for name, port in ports.items()
        if name in running
    ]


GROUPS = (REPORTS, *((stage,) for stage in APART), ("escalate",))
"""The stages of each kind of worker of the product: they share a consumer group."""


def product_parts(settings: Settings, workers: int = 1) -> list[Part]:
    """Return the processes of the product: relay, workers, stages apart, the priority channel's two, edges, texts, console.

    Pings of meters have one where there is a head-end to ask; letters, webhooks, spoken notices where they are configured; and
    Kannel's boxes stand behind the text sender, to be stopped before it. Raises `PartError` where Kannel is chosen and missing.
    """
    parts = [process(settings, "relay", "streams.relay")]
    for number in range(1, workers + 1):
        name = f"worker-{number}"
        parts.append(process(settings, name, "streams.worker", "--name", name, "--stages", ",".join(REPORTS)))
    for name, stage in (*((stage, stage) for stage in APART), ("priority", "escalate")):
        parts.append(process(settings, name, "streams.worker", "--name", name, "--stages", stage))
    parts.append(process(settings, "hotline", "streams.hotline"))
    parts.append(process(settings, "web", "streams.web"))
    boxes = kannel.Kannel.of(settings) if kannel.wanted(settings) else None
    parts.append(process(boxes.reached_by(settings) if boxes else settings, "texts", "streams.texts"))
    parts += boxes.parts() if boxes else []
    parts += [process(settings, name, module) for name, module in _beside_texts(settings)]
    if settings.exercise or settings.meter_ping_url is not None:
        parts.append(process(settings, "pings", "streams.pings"))
    parts.append(process(settings, "console", "streams.console"))
    return parts


def _beside_texts(settings: Settings) -> list[tuple[str, str]]:
    """Return the processes of the channels beside texts that are configured. In an exercise the text sender does their work."""
    if settings.exercise:
        return []
    names = {"email": "mails", "webhook": "webhooks", "voiceNotice": "voice-notices"}
    processes = [names[kind] for kind, configured in settings.beside_texts().items() if configured]
    return [(name, f"streams.{name.replace('-', '_')}") for name in processes]


@dataclasses.dataclass(frozen=True, slots=True)
class LastRun:
    """Which database and topics the last drill or installation of a data folder used."""

    database: str
    topic_prefix: str
    exercise: bool

    def keep(self, data_dir: Path) -> None:
        """Write it into the data folder."""
        part = data_dir / "last-run.json.part"
        part.write_text(json.dumps(dataclasses.asdict(self)) + "\n", encoding="utf-8")
        part.replace(data_dir / "last-run.json")

    @classmethod
    def read(cls, data_dir: Path) -> LastRun | None:
        """Return it; None when nothing ran in this folder yet."""
        try:
            return cls(**json.loads((data_dir / "last-run.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
