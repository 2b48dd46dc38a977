"""The SQL of where notices go that are no texts."""

from __future__ import annotations

from services.engine.taking import Connection


async def address_of(connection: Connection, contact: str, channel: str) -> str | None:
    """Return where a notice of this channel goes at this moment; None when the contact is not one of the current ones."""
    found: str | None = await connection.fetchval(
        "SELECT address FROM current_notice_contact WHERE id = $1 AND channel = $2", contact, channel
    )
    return found


async def spoken_to(connection: Connection, contact: str) -> tuple[str, str] | None:
    """Return the number to which a notice is spoken at this moment, and the language; None: the contact is not current."""
    row = await connection.fetchrow(
        """SELECT c.address, coalesce(nullif(c.language, ''), nullif(k.language, ''), v.languages[1], 'en') AS language
           FROM current_notice_contact c JOIN current_customer k USING (customer), utility_version v
           WHERE c.id = $1 AND c.channel = 'voice' AND v.current""",
        contact,
    )
    return None if row is None else (row["address"], row["language"])


async def channels(connection: Connection) -> set[str]:
    """Return by which channels the contacts of the current utility version are told."""
    return {row["channel"] for row in await connection.fetch("SELECT DISTINCT channel FROM current_notice_contact")}
