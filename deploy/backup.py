"""Back-up and restore of an installation: `lamplighter backup`, `restore`, `restored`.

A back-up is one tar file: `about.json` (when, by which version, the settings without secrets) and `database.dump` (pg_dump's
custom form, one snapshot). Kafka needs none: it only carries. Passwords, keys' secrets and providers' addresses with a
password in them are not in it; keep the settings file elsewhere.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from deploy.installation import LastRun, database_of, reach
from deploy.parts import PartError
from deploy.postgres import client
from services.clock import from_ms, wall_ms
from services.database import databases
from services.database.migrate import migrate, migrations, newest
from services.database.pool import connect
from services.engine import clock, restoring
from services.settings import Settings

ABOUT, DUMP = "about.json", "database.dump"
FORM = 1
DONE, HELD, REFUSED = 0, 1, 2
MARK = "restored.json"
"""The file in the data folder that says that effects are held, for commands that start no server."""


def backup(settings: Settings, path: Path) -> int:
    """Write the installation's database, as it is at one moment, and its settings without secrets into a file."""

    async def work() -> None:
        async with reach(settings) as found:
            name = database_of(settings)
            dsn = databases.named(found.admin_dsn, name)
            if not await databases.exists(found.admin_dsn, name) or await databases.empty(dsn):
                raise PartError(f"there is nothing in a database {name} to back up: nothing was imported here yet")
            about = {
                "form": FORM,
                "version": importlib.metadata.version("lamplighter"),
                "backed_up_at": from_ms(wall_ms()).isoformat(timespec="seconds"),
                "database": name,
                "schema": await newest(dsn),
                "settings": _without_secrets(settings),
            }
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
                dump = Path(folder) / DUMP
                options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"]
                await asyncio.to_thread(_run, "pg_dump", dsn, *options)
                whole = Path(folder) / "whole"
                _pack(whole, about, dump)
                whole.replace(path)

    if not os.access(path.parent, os.W_OK):
        raise PartError(f"{path} cannot be written: its folder is missing or not ours to write to")
    asyncio.run(work())
    print(f"{path}: {path.stat().st_size} bytes. Keep it where only those may read it who may read the database.")
    return DONE


def restore(settings: Settings, path: Path) -> int:
    """Put a back-up where no such database is, or an empty one, bring it to the newest schema, and note the hold."""

    async def work() -> None:
        about = _about(path)
        async with reach(settings) as found:
            name = database_of(settings)
            dsn = databases.named(found.admin_dsn, name)
            made = not await databases.exists(found.admin_dsn, name)
            if made:
                await databases.create(found.admin_dsn, name)
            elif not await databases.empty(dsn):
                raise PartError(f"there is a database {name} already, and it is not empty: nothing was changed")
            try:
                with tempfile.TemporaryDirectory() as folder:
                    _unpack(path, Path(folder))
                    options = [
                        "--no-owner",
                        "--no-privileges",
                        "--single-transaction",
                        f"--dbname={_without_password(dsn)}",
                    ]
                    await asyncio.to_thread(_run, "pg_restore", dsn, *options, str(Path(folder) / DUMP))
                done = await migrate(dsn)
                exercise, prefix = await _noted(dsn, datetime.fromisoformat(about["backed_up_at"]))
            except BaseException:
                if made:
                    await databases.drop(found.admin_dsn, name)
                raise
        LastRun(name, prefix, exercise=exercise).keep(settings.data_dir)
        mark(settings, about["backed_up_at"])
        for migration in done:
            print(f"migrated: {migration}")
        print(
            f"Restored as of {about['backed_up_at']} into {name}. No text and no call leaves until it was compared with Kafka "
            "(`lamplighter up` does it) and released (`lamplighter restored --release`)."
        )

    asyncio.run(work())
    return DONE


def restored(settings: Settings, *, release: bool) -> int:
    """Say how a restoration stands, or end its hold. HELD when it is held and cannot be released yet."""

    async def work() -> int:
        async with reach(settings) as found:
            connection = await connect(databases.named(found.admin_dsn, database_of(settings)))
            try:
                standing = await restoring.standing(connection)
                if standing is None:
                    mark(settings, None)
                    print("Nothing is held: no restoration is open.")
                    return DONE
                for orphan in await restoring.orphans(connection):
                    print(in_words(orphan))
                points = await restoring.open_points(connection)
                if points or not release:
                    print(f"Texts and calls are held; {standing.orphans} decisions of the lost database are in Kafka.")
                    print("\n".join(f"  open: {point}" for point in points) or "  nothing is open: it can be released.")
                    return HELD if points else DONE
                released = await restoring.release(connection)
            finally:
                await connection.close()
        mark(settings, None)
        print(
            f"Released: {released.go_on} texts and calls go on as planned; {released.asked} that may have left are asked for at "
            f"their providers; {released.unknown} decided since are not sent, because the lost database may have sent them."
        )
        return DONE

    return asyncio.run(work())


def in_words(orphan: restoring.Orphan) -> str:
    """Return one line about a decision that Kafka has and the database lacks."""
    return (
        f"{orphan.topic}/{orphan.part} offset {orphan.offset}: {orphan.event_type or 'unreadable'} {orphan.event_id or ''} of "
        f"{orphan.source} about {orphan.event_at or 'an unknown time'}, published {orphan.wall_at.isoformat(timespec='seconds')}"
    )


def mark(settings: Settings, backed_up_at: str | None) -> None:
    """Note in the data folder that effects are held since a restoration; None: that they no longer are."""
    path = settings.data_dir / MARK
    if backed_up_at is None:
        path.unlink(missing_ok=True)
        return
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"backed_up_at": backed_up_at}) + "\n", encoding="utf-8")
    part.replace(path)


def marked(settings: Settings) -> str | None:
    """Return of when the back-up is whose restoration is not released; None when nothing is held."""
    try:
        return str(json.loads((settings.data_dir / MARK).read_text(encoding="utf-8"))["backed_up_at"])
    except (FileNotFoundError, NotADirectoryError):
        return None


async def _noted(dsn: str, backed_up_at: datetime) -> tuple[bool, str]:
    """Write into the restored database that it is one; return whether it is an exercise, and its topic prefix."""
    connection = await connect(dsn)
    try:
        await restoring.begin(connection, backed_up_at)
        instance = await clock.instance(connection)
    finally:
        await connection.close()
    return (False, "") if instance is None else instance


def _without_secrets(settings: Settings) -> dict[str, str]:
    named = {
        name: value
        for name in sorted(type(settings).model_fields)
        if not isinstance(value := getattr(settings, name), SecretStr) and value is not None and name != "ready_fd"
    }
    return {name: _without_password(str(value)) for name, value in named.items()}


def _without_password(text: str) -> str:
    """Return a URL without the password in it; any other text as it is."""
    parts = urlsplit(text)
    if parts.password is None:
        return text
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1)).geturl()


def client_environment(dsn: str) -> dict[str, str]:
    """Return the variables by which PostgreSQL's own programs reach a database: no password is on a command line."""
    parts = urlsplit(dsn)
    known = {
        "PGHOST": parts.hostname,
        "PGPORT": None if parts.port is None else str(parts.port),
        "PGUSER": None if parts.username is None else unquote(parts.username),
        "PGPASSWORD": None if parts.password is None else unquote(parts.password),
        "PGDATABASE": parts.path.strip("/"),
    }
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **{name: value for name, value in known.items() if value}}


def _run(name: str, dsn: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL. Raises `PartError` with what it said."""
    try:
        subprocess.run(
            [str(client(name)), *arguments],
            env=client_environment(dsn),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as problem:
        raise PartError(f"{name} ended with {problem.returncode}: {problem.stderr.strip()[-2000:]}") from problem
    except OSError as problem:
        raise PartError(f"{name} does not run: {problem.strerror}") from problem


def _pack(path: Path, about: Mapping[str, Any], dump: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        text = (json.dumps(about, indent=1, sort_keys=True) + "\n").encode()
        head = tarfile.TarInfo(ABOUT)
        head.size, head.mode = len(text), 0o600
        tar.addfile(head, io.BytesIO(text))
        tar.add(dump, arcname=DUMP)


def _about(path: Path) -> dict[str, Any]:
    """Return what a back-up says of itself. Raises `PartError` for a file that is none."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            member = tar.extractfile(ABOUT)
            about: dict[str, Any] = json.loads(member.read()) if member is not None else {}
    except (tarfile.TarError, KeyError, ValueError) as problem:
        raise PartError(f"{path} is no back-up of Lamplighter") from problem
    if about.get("form") != FORM:
        raise PartError(f"{path} is of form {about.get('form')}, which this program does not know")
    if about["schema"] not in {None, *(migration.name for migration in migrations())}:
        raise PartError(
            f"{path} was made by a newer program: its schema is {about['schema']}, which this one does not know"
        )
    print(f"{path}: of {about['backed_up_at']}, by version {about['version']}", file=sys.stderr)
    return about


def _unpack(path: Path, folder: Path) -> None:
    with tarfile.open(path, mode="r:") as tar:
        tar.extract(DUMP, folder, filter="data")
