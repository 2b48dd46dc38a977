"""Looks at every part that this installation would use, and says in words what is wrong with it. Starts no server."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import kannel
from deploy.backup import marked
from deploy.kafka import cluster_at
from deploy.kafka.jars import fetch_one, jars_folder
from deploy.kafka.node import java
from deploy.parts import PartError, free_port
from deploy.postgres import Postgres
from services.settings import SettingsError, load_settings, postgres_user, unknown_variables, walkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.settings import Settings

FREE_BYTES = 1_000_000_000  # what a demo, its logs and the jars fit into with room to spare
_PYTHONS = ((3, 11), (3, 12), (3, 13))


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and what was seen or is to be done."""

    subject: str
    well: bool
    words: str


def examine() -> int:
    """Print one line per finding; return 0 when all is well, else 1."""
    findings = list(look())
    for finding in findings:
        print(f"{'ok ' if finding.well else 'BAD'}  {finding.subject:<13} {finding.words}")
    bad = sum(not finding.well for finding in findings)
    print(f"{len(findings)} looked at, {bad} bad" if bad else f"all {len(findings)} well")
    return 1 if bad else 0


def look() -> Iterator[Finding]:
    """Look at one thing after the other, each apart from the others' troubles."""
    yield _python()
    yield _packages()
    try:
        settings = load_settings()
    except SettingsError as problem:
        yield Finding("settings", well=False, words=str(problem).replace("\n", "; "))
        return
    yield _settings()
    checks: list[tuple[str, Callable[[Settings], str]]] = [("data folder", _data_folder)]
    if settings.checkout:
        checks.insert(0, ("environment", _environment))
    if settings.postgres_dsn is None:
        checks += [("PostgreSQL", _own_postgres)]
    else:
        checks += [("PostgreSQL", _given_postgres)]
    if settings.kafka_bootstrap is None:
        checks += [("Java", _java), ("Kafka", _own_kafka)]
    else:
        checks += [("Kafka", _given_kafka)]
    checks += [("texts", _texts), ("restoration", _restoration)]
    for subject, check in checks:
        try:
            yield Finding(subject, well=True, words=check(settings))
        except (PartError, SettingsError) as problem:
            yield Finding(subject, well=False, words=str(problem))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] not in _PYTHONS:
        return Finding("Python", well=False, words=f"{version}; Lamplighter needs 3.11, 3.12 or 3.13")
    return Finding("Python", well=True, words=f"{version} in {sys.prefix}")


def _packages() -> Finding:
    """Compare the installed packages with what the project's own metadata pins."""
    wrong: list[str] = []
    requirements = [line for line in importlib.metadata.requires("lamplighter") or [] if "extra ==" not in line]
    for line in requirements:
        name, wanted = line.partition(";")[0].strip().split("==")
        try:
            have = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if have != wanted:
            wrong.append(f"{name} is {have} and not {wanted}")
    if wrong:
        return Finding("packages", well=False, words="; ".join(wrong) + "; install requirements.lock")
    return Finding("packages", well=True, words=f"{len(requirements)} direct ones at their pinned versions")


def _settings() -> Finding:
    unknown = unknown_variables()
    if unknown:
        return Finding("settings", well=False, words=f"no setting is called {', '.join(unknown)}")
    return Finding("settings", well=True, words="all readable")


def _environment(settings: Settings) -> str:
    assert settings.checkout is not None
    stamp = settings.checkout / ".venv" / ".stamp-requirements"
    lock = settings.checkout / "requirements.lock"
    if not stamp.exists():
        return "made by hand; whether it follows requirements.lock is not known"
    if stamp.read_text(encoding="utf-8") != hashlib.sha256(lock.read_bytes()).hexdigest():
        raise PartError("older than requirements.lock; any ./lamplighter command brings it up to date")
    return "as requirements.lock pins it"


def _data_folder(settings: Settings) -> str:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise PartError(f"{folder} cannot be written: {problem.strerror}") from problem
    if os.geteuid() == 0 and settings.postgres_dsn is None:
        user = postgres_user()
        if not walkable(folder / "postgres", user):
            raise PartError(f"{user.pw_name}, who runs root's PostgreSQL, may not walk to {folder}: choose another")
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise PartError(f"only {free // 1_000_000} MB are free at {folder}")
    return f"{folder}, {free // 1_000_000_000} GB free"


def _restoration(settings: Settings) -> str:
    backed_up_at = marked(settings)
    if backed_up_at is not None:
        raise PartError(
            f"the database was put back to {backed_up_at}: texts and calls are held, and Kafka may have decisions that it lacks; "
            "`lamplighter restored` names them and says what is open"
        )
    return "nothing is held"


def _texts(settings: Settings) -> str:
    """Look whether notices can leave as the settings say. That a provider lets us in, `lamplighter text-test` tries."""
    from streams import providers  # noqa: PLC0415 (only here are the gateways needed)

    if settings.exercise:
        return "an exercise: to the drill's operator alone"
    providers.check(settings)
    ways = ", then ".join(providers.chosen(settings))
    words = {"email": "letters", "webhook": "webhooks", "voiceNotice": "spoken notices"}
    beside = [words[kind] for kind, configured in settings.beside_texts().items() if configured]
    boxes = f" (Kannel: {kannel.installed()})" if kannel.wanted(settings) else ""
    return f"by {ways}{boxes}" + (f"; also {', '.join(beside)}" if beside else "")


def _own_postgres(settings: Settings) -> str:
    postgres = Postgres(settings.data_dir / "postgres", free_port(settings.postgres_port))
    return f"{postgres.version()}, would listen on port {postgres.port}"


def _given_postgres(settings: Settings) -> str:
    from services.database.pool import ready  # noqa: PLC0415 (only a given server needs the driver here)

    assert settings.postgres_dsn is not None
    try:
        asyncio.run(ready(settings.postgres_dsn.get_secret_value()))
    except Exception as problem:  # whatever the driver says is what the person needs to know
        raise PartError(f"the given server cannot be used: {type(problem).__name__}: {problem}") from problem
    return "the given server answers"


def _java(_settings: Settings) -> str:
    program = java()
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise PartError(f"{program} does not run: {problem}") from problem
    return done.stderr.splitlines()[0]


def _own_kafka(settings: Settings) -> str:
    port = free_port(settings.kafka_port)
    folder = jars_folder(settings.cache_dir)
    if folder.is_dir():
        return f"{sum(1 for _ in folder.glob('*.jar'))} jars in {folder}, would listen on port {port}"
    with tempfile.TemporaryDirectory() as place:
        jar = fetch_one(Path(place))
    return f"its jars are not here yet and can be fetched ({jar} was); would listen on port {port}"


def _given_kafka(settings: Settings) -> str:
    assert settings.kafka_bootstrap is not None
    for address in settings.kafka_bootstrap.split(","):
        matched = re.fullmatch(r"\[?([^\[\]]+)\]?:(\d{1,5})", address.strip())
        if matched is None:
            raise PartError(f"{address!r} is not host:port")
        if asyncio.run(cluster_at(matched[1], int(matched[2]))) is not None:
            return f"the broker at {address.strip()} answers"
    raise PartError(f"no broker answers at {settings.kafka_bootstrap}")
