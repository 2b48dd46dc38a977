"""The SQL that finds the numbers of texts at the time of sending."""

from __future__ import annotations

from collections.abc import Sequence

from services.engine.taking import Connection
from services.notices.moments import TextBody


async def numbers_of(connection: Connection, texts: Sequence[TextBody]) -> list[str | None]:
    """Return the number of each text in international form, if one is known.

    That of its contact; else of the phone that linked itself, while it is linked; else of whoever wrote what it answers; else the
    customer's first one.
    """
    rows = await connection.fetch(
        """SELECT CASE
                WHEN t.contact <> '' THEN (
                    SELECT c.address FROM current_notice_contact c WHERE c.id = t.contact AND c.channel = 'text')
                WHEN t.linked <> '' THEN (
                    SELECT l.phone FROM linked_phone l WHERE l.id = t.linked AND l.ended_at_ms IS NULL)
                WHEN t.inbound <> '' THEN (SELECT i.phone FROM inbound_text i WHERE i.id = t.inbound)
                ELSE (SELECT p.phone FROM current_phone p WHERE p.customer = t.customer ORDER BY p.rank LIMIT 1) END AS number
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
                WITH ORDINALITY AS t (contact, linked, inbound, customer, place)
           ORDER BY t.place""",
        [text.contact for text in texts],
        [text.linked for text in texts],
        [text.inbound for text in texts],
        [text.customer for text in texts],
    )
    return [row["number"] for row in rows]
