"""The commands make, list and revoke keys, and show a key once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from deploy import keys
from services.access import store
from services.access.keys import id_of
from services.settings import load_settings


def test_a_key_is_shown_once_and_ends_with_its_revocation(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(data_dir=tmp_path, postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    assert keys.create(settings, "mill", ["hotline", "reports:write"], "MILL") == 0
    key = capsys.readouterr().out.strip()

    async def opens() -> bool:
        connection = await asyncpg.connect(dsn)
        found = await store.find(connection, key)
        await connection.close()
        return found is not None

    assert asyncio.run(opens())
    assert keys.list_keys(settings) == 0
    shown = capsys.readouterr().out
    assert shown == f"{id_of(key)}  valid    mill  hotline reports:write  MILL\n1 keys.\n"
    assert keys.revoke(settings, str(id_of(key))) == 0
    assert not asyncio.run(opens())
    assert keys.revoke(settings, str(id_of(key))) == 1
    capsys.readouterr()
    keys.list_keys(settings)
    assert f"{id_of(key)}  revoked" in capsys.readouterr().out


def test_a_scope_that_there_is_not_is_said_in_words(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(data_dir=tmp_path, postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    assert keys.create(settings, "mill", ["everything"], None) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("not a scope: everything; there are: ")
