"""A key opens what its scopes say, until it is revoked, and is kept only as a hash."""

from __future__ import annotations

import pytest

from services.access import store
from services.access.keys import Key, UnknownScope, id_of
from services.engine.taking import Connection


async def test_a_key_is_found_by_what_was_shown_once(connection: Connection) -> None:
    shown = await store.create(connection, "call centre", ["reports:write", "crew-status:write"])
    assert await store.find(connection, shown) == Key(
        id=str(id_of(shown)), name="call centre", scopes=frozenset({"reports:write", "crew-status:write"})
    )


async def test_a_key_may_belong_to_an_account(connection: Connection) -> None:
    found = await store.find(connection, await store.create(connection, "mill", ["hotline"], "MILL"))
    assert found is not None
    assert found.account == "MILL"


async def test_nothing_in_the_database_opens_anything(connection: Connection) -> None:
    shown = await store.create(connection, "call centre", ["reports:write"])
    row = await connection.fetchrow("SELECT * FROM access_key")
    assert row is not None
    assert shown.rsplit("_", 1)[1] not in str(row)
    assert await store.find(connection, row["secret_sha256"]) is None


async def test_a_forged_key_is_not_found(connection: Connection) -> None:
    shown = await store.create(connection, "call centre", ["reports:write"])
    other = await store.create(connection, "depot", ["crew-status:write"])
    forged = f"lk_{id_of(shown)}_{other.split('_', 2)[2]}"
    for presented in (forged, shown + "x", shown[:-1], f" {shown}", "", "lk_", shown.upper(), "lk_\x00"):
        assert await store.find(connection, presented) is None, presented


async def test_a_revoked_key_is_not_found_any_more(connection: Connection) -> None:
    shown = await store.create(connection, "call centre", ["reports:write"])
    key_id = str(id_of(shown))
    assert await store.revoke(connection, key_id)
    assert await store.find(connection, shown) is None
    assert not await store.revoke(connection, key_id)
    assert [(key.id, revoked) for key, revoked in await store.listed(connection)] == [(key_id, True)]


@pytest.mark.parametrize("scopes", [[], ["reports"], ["reports:write", "everything"]])
async def test_there_are_no_other_scopes(connection: Connection, scopes: list[str]) -> None:
    with pytest.raises(UnknownScope, match="there are: crew-status:write, hotline"):
        await store.create(connection, "x", scopes)
