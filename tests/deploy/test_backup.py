"""Back-up and restore as commands: another machine, no secrets, older and newer back-ups, files that are none."""

from __future__ import annotations

import io
import json
import lzma
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy import backup
from deploy.backup import ABOUT, DUMP, client_environment
from deploy.doctor import look
from deploy.installation import LastRun
from deploy.parts import PartError
from deploy.postgres import client
from services.database import databases
from services.database.migrate import migrations, verify
from services.engine import clock, restoring
from services.settings import Settings, load_settings
from services.utility import store as utility
from services.utility.folder import EXAMPLE, read_folder

PLAYED = Path(__file__).resolve().parents[1] / "database" / "played_0016.sql.xz"
NOW = 1_772_388_000_000


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lamplighter-backup-"))
    yield made
    shutil.rmtree(made)


def _settings(server_dsn: str, database: str, folder: Path, **given: Any) -> Settings:
    """Settings of an installation on servers of others; Kafka is not asked by these commands."""
    return load_settings(
        data_dir=folder, postgres_dsn=databases.named(server_dsn, database), kafka_bootstrap="127.0.0.1:9", **given
    )


@pytest.fixture
async def kept(server_dsn: str, dsn: str, folder: Path) -> Path:
    """A back-up of an installation with the example utility, whose settings have secrets."""
    connection = await asyncpg.connect(dsn)
    await clock.found(connection, exercise=False, topic_prefix="ours.")
    await utility.save(connection, read_folder(EXAMPLE))
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.close()
    settings = _settings(server_dsn, databases.name_in(dsn), folder, smpp_password="geheim", log_level="warning")
    path = folder / "kept.tar"
    assert await _command(backup.backup, settings, path) == backup.DONE
    return path


async def _command(work: Any, *arguments: Any, **named: Any) -> int:
    """Run what a command does in a thread: it has a loop of its own."""
    import asyncio  # noqa: PLC0415 (only here)

    done: int = await asyncio.to_thread(work, *arguments, **named)
    return done


@pytest.fixture
async def other(server_dsn: str, folder: Path) -> AsyncIterator[Settings]:
    """The settings of another installation, whose database is empty yet."""
    await databases.create(server_dsn, "restored")
    yield _settings(server_dsn, "restored", folder)
    await databases.drop(server_dsn, "restored")


async def test_a_back_up_holds_the_settings_without_secrets_and_only_its_owner_may_read_it(
    kept: Path, dsn: str
) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    with tarfile.open(kept) as tar:
        assert tar.getnames() == [ABOUT, DUMP]
        member = tar.extractfile(ABOUT)
        assert member is not None
        about = json.loads(member.read())
    assert about["settings"]["log_level"] == "warning"
    assert "smpp_password" not in about["settings"]
    password = dsn.split(":")[2].split("@", maxsplit=1)[0]
    assert password not in json.dumps(about)
    assert sorted(path.name for path in kept.parent.iterdir() if path.name.startswith(".")) == []


async def test_it_is_restored_whole_and_the_hold_begins(
    kept: Path, other: Settings, server_dsn: str, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await _command(backup.restore, other, kept) == backup.DONE
    assert "No text and no call leaves until" in capsys.readouterr().out
    assert LastRun.read(other.data_dir) == LastRun("restored", "ours.", exercise=False)
    before, after = await asyncpg.connect(dsn), await asyncpg.connect(databases.named(server_dsn, "restored"))
    try:
        for table in ("customer", "utility_branch", "schema_migration", "instance", "clock"):
            rows = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert await after.fetch(rows) == await before.fetch(rows)
        standing = await restoring.standing(after)
        assert standing is not None
        assert standing.state == "restored"
        assert standing.backed_up_at is not None
    finally:
        await before.close()
        await after.close()
    assert await _command(backup.restored, other, release=True) == backup.HELD
    assert "it was not compared with Kafka yet" in capsys.readouterr().out


async def test_the_doctor_says_that_a_hold_lasts(
    kept: Path, other: Settings, monkeypatch: pytest.MonkeyPatch, server_dsn: str
) -> None:
    await _command(backup.restore, other, kept)
    for name, value in other.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LAMPLIGHTER_KAFKA_BOOTSTRAP")
    found = {each.subject: each for each in await _looked()}
    assert not found["restoration"].well
    assert "`lamplighter restored`" in found["restoration"].words
    connection = await asyncpg.connect(databases.named(server_dsn, "restored"))
    await restoring.hold(connection, [], [])
    await connection.execute("UPDATE clock SET now_ms = $1", NOW + restoring.SETTLES_MS)
    await connection.close()
    assert await _command(backup.restored, other, release=True) == backup.DONE
    found = {each.subject: each for each in await _looked()}
    assert found["restoration"].well


async def _looked() -> list[Any]:
    import asyncio  # noqa: PLC0415 (only here)

    return await asyncio.to_thread(lambda: list(look()))


async def test_beside_an_existing_database_it_refuses_and_changes_nothing(
    kept: Path, other: Settings, server_dsn: str
) -> None:
    connection = await asyncpg.connect(databases.named(server_dsn, "restored"))
    await connection.execute("CREATE TABLE of_others (a integer)")
    with pytest.raises(PartError, match="there is a database restored already, and it is not empty"):
        await _command(backup.restore, other, kept)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert [row["tablename"] for row in rows] == ["of_others"]
    await connection.close()


async def test_a_back_up_of_the_first_release_is_brought_to_the_newest_schema(
    other: Settings, server_dsn: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await _repacked(server_dsn, folder, lzma.decompress(PLAYED.read_bytes()))
    assert await _command(backup.restore, other, path) == backup.DONE
    assert f"migrated: {migrations()[16].name}" in capsys.readouterr().out
    await verify(databases.named(server_dsn, "restored"))


async def test_a_back_up_of_a_newer_program_is_refused_and_leaves_no_database(
    kept: Path, other: Settings, server_dsn: str, dsn: str, folder: Path
) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("INSERT INTO schema_migration (number, name, digest) VALUES (9999, '9999_later.sql', 'x')")
    await connection.close()
    path = folder / "newer.tar"
    await _command(backup.backup, _settings(server_dsn, databases.name_in(dsn), folder), path)
    with pytest.raises(PartError, match=r"was made by a newer program: its schema is 9999_later\.sql"):
        await _command(backup.restore, other, path)
    assert await databases.empty(databases.named(server_dsn, "restored"))
    assert kept.exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\0" * 2048])
async def test_a_file_that_is_no_back_up_is_refused(
    other: Settings, folder: Path, server_dsn: str, content: bytes
) -> None:
    path = folder / "other.tar"
    path.write_bytes(content)
    with pytest.raises(PartError, match="is no back-up of Lamplighter"):
        await _command(backup.restore, other, path)
    assert await databases.empty(databases.named(server_dsn, "restored"))


async def test_a_damaged_back_up_is_refused_and_leaves_no_database(
    kept: Path, other: Settings, folder: Path, server_dsn: str
) -> None:
    with tarfile.open(kept) as tar:
        about, dump = (tar.extractfile(name) for name in (ABOUT, DUMP))
        assert about is not None
        assert dump is not None
        parts = {ABOUT: about.read(), DUMP: dump.read()}
    path = folder / "damaged.tar"
    _write(path, {**parts, DUMP: parts[DUMP][: len(parts[DUMP]) // 2]})
    with pytest.raises(PartError, match="pg_restore ended with"):
        await _command(backup.restore, other, path)
    assert await databases.empty(databases.named(server_dsn, "restored"))


async def test_an_empty_database_is_nothing_to_back_up(other: Settings, folder: Path) -> None:
    with pytest.raises(PartError, match="nothing was imported here yet"):
        await _command(backup.backup, other, folder / "x.tar")
    assert not (folder / "x.tar").exists()


async def _repacked(server_dsn: str, folder: Path, sql: bytes) -> Path:
    """Return a back-up of what these statements make, without this program's migrations."""
    dsn = await databases.create(server_dsn, "played")
    try:
        subprocess.run(
            [str(client("psql")), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
            env=client_environment(dsn),
            input=sql,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        path = folder / "played.tar"
        await _command(backup.backup, _settings(server_dsn, "played", folder), path)
    finally:
        await databases.drop(server_dsn, "played")
    return path


def _write(path: Path, parts: dict[str, bytes]) -> None:
    with tarfile.open(path, mode="w") as tar:
        for name, content in parts.items():
            head = tarfile.TarInfo(name)
            head.size = len(content)
            tar.addfile(head, io.BytesIO(content))
