"""What people did: every action of a signed-in person has a row, in one transaction with what it caused."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from services.access.who import Who
from services.engine.taking import Connection


async def record(
    connection: Connection,
    who: Who,
    kind: str,
    subject_kind: str,
    subject: str,
    *,
    why: str,
    said: Mapping[str, Any],
    seen: int | None = None,
    event_id: str | None = None,
    undoes: str | None = None,
) -> str:
    """Write one action and return its id. Call it in the transaction that publishes the event, or makes the change.

    `said` is what was asked for, without names, phone numbers and passwords. `seen` is the revision the person saw.
    """
    action = secrets.token_hex(12)
    await connection.execute(
        """INSERT INTO person_action (id, at_ms, by_user, session, kind, subject_kind, subject, why, said, seen, event_id, undoes)
           VALUES ($1, coalesce((SELECT now_ms FROM tick()), (extract(epoch FROM clock_timestamp()) * 1000)::bigint),
                   $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        action,
        who.user,
        who.session,
        kind,
        subject_kind,
        subject,
        why,
        json.dumps(dict(said)),
        seen,
        event_id,
        undoes,
    )
    return action
