"""What needs a person: the inbox's rows are a sheet (`api_live`); here are its actions."""

from __future__ import annotations

import msgspec
from aiohttp import web

from services.access import acted
from services.access.accepting import checked_key
from services.access.http import POOL, answer
from services.access.who import Right, Who
from services.console import inbox_acting, outcomes
from services.console.acting import Acting
from services.console.api_incidents import Done, named
from services.console.asking import EXERCISE, Route, said
from services.console.attention import Request
from services.console.ground import ground_now
from services.console.inbox_acting import InboxAsked


async def act(request: web.Request, who: Who) -> web.Response:
    """Deal with a row of the inbox, once, and answer with the action."""
    asked = await said(request, InboxAsked)
    key = checked_key(request.headers.get("Idempotency-Key"))
    doing = Acting(
        who=who,
        ground=await ground_now(request),
        exercise=request.config_dict[EXERCISE],
        request=None if key is None else Request.of(who.user, key, request.path, msgspec.json.encode(asked)),
    )
    async with request.config_dict[POOL].acquire() as connection:
        made = await acted.action(connection, await inbox_acting.on_row(connection, doing, named(request), asked))
        assert made is not None, "it was recorded right now, or by the same request before"
        [row] = await outcomes.rows(connection, [made])
    return answer(202, Done(action=row))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/inbox/{id}/actions",
        right=Right.LOOK,
        summary="Deal with a row of the inbox. It takes the right to act; for parked messages the right to requeue.",
        handler=act,
        takes=InboxAsked,
        gives=Done,
        refuses={
            404: ("notFound",),
            409: ("handledAlready", "idempotencyMismatch"),
            422: (
                "invalid", "whyMissing", "notPossible", "placeMissing", "unknownCustomer", "accountClosed", "unknownDevice",
                "unnumberedDevice", "crewMissing", "unknownCrew", "otherRegion", "wordsMissing", "unknownCanned",
            ),
            503: ("noUtility",),
        },
    ),
)  # fmt: skip
