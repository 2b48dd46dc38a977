"""What changes: one stream of wake-ups for each tab, and the sheets it fetches."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web

from services.access.http import ApiError
from services.access.who import Right, Who
from services.console.asking import ASKS, STATE, Route, number, said
from services.console.rows import SHEETS, SheetName
from services.console.sheets import LARGE
from services.console.watching import WATCHING, Watching
from services.database.pool import LOST

BEAT_S = 2.0
GAP_S = 0.05
"""Two wake-ups of a tab are at least so far apart; what moves between them is one."""
ASK_AGAIN_S = 4.0
"""So often an open stream finds out whether its session is still there."""
WRITE_S = 30.0
"""A tab that has not read for so long what was sent to it is given up: it opens another stream when it wakes up."""
NOTHING = -1
"""The version of a tab that has nothing yet."""

_encoder = msgspec.json.Encoder()
Short = Annotated[str, msgspec.Meta(max_length=200)]


class Looks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tab looks at an incident or a danger, None: at none. `doing` is the kind of the form that is open there."""

    stream: Short
    incident: Short | None = None
    hazard: Short | None = None
    doing: Short | None = None


class SheetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a sheet that changed since the version that was asked about, or `whole` all of them."""

    epoch: str
    version: int
    now_ms: int
    whole: bool
    rows: list[dict[str, object]]
    gone: list[str]


def watching_of(request: web.Request) -> Watching:
    """Return what looks at the database. Raises `ApiError` 503 in a process that has none."""
    watching = request.app[STATE].get(WATCHING)
    if not isinstance(watching, Watching):
        raise ApiError(503, "notWatching", "this process does not look at the database")
    return watching


async def live(request: web.Request, who: Who) -> web.StreamResponse:
    """Tell a tab every two seconds, and when something has moved, which versions there are, until its session ends."""
    watching = watching_of(request)
    stream = secrets.token_hex(8)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    watching.presence.open(stream, who)
    try:
        with watching.tab() as moved, contextlib.suppress(ConnectionError, TimeoutError):
            await _tell(request, who, response, watching, moved, stream)
    finally:
        if watching.presence.close(stream):
            watching.wake()
    return response


async def _tell(
    request: web.Request,
    who: Who,
    response: web.StreamResponse,
    watching: Watching,
    moved: asyncio.Event,
    stream: str,
) -> None:
    asked_s = time.monotonic()
    kind = "beat"
    while not watching.closing:
        moved.clear()
        async with asyncio.timeout(WRITE_S):
            await response.write(b"event: %b\ndata: %b\n\n" % (kind.encode(), _encoder.encode(watching.beat(stream))))
        await asyncio.sleep(GAP_S)
        kind = "moved"
        try:
            async with asyncio.timeout(BEAT_S - GAP_S):
                await moved.wait()
        except TimeoutError:
            kind = "beat"
        if time.monotonic() - asked_s >= ASK_AGAIN_S:
            asked_s = time.monotonic()
            if not await _still_there(request, who):
                return


async def _still_there(request: web.Request, who: Who) -> bool:
    """Say whether the session is still open; while the database is away nobody can say that it is not."""
    try:
        now = await request.app[ASKS](request)
    except LOST:
        return True
    return now is not None and now.session == who.session and now.may(Right.LOOK)


async def sheet(request: web.Request, who: Who) -> web.StreamResponse:
    """Answer with what of a sheet is new to the tab."""
    watching = watching_of(request)
    name = _sheet_name(request.match_info["name"])
    since = number(request, "since", NOTHING, least=NOTHING)
    found = watching.answer(
        name, request.query.get("epoch", ""), None if since == NOTHING else since, personal=who.may(Right.PERSONAL)
    )
    return await packed(request, found.body, found.pack)


async def packed(request: web.Request, body: bytes, pack: Callable[[], bytes | None]) -> web.Response:
    """Return a JSON answer, compressed where the client reads that and it is worth it; what is large is so beside the loop."""
    zipped = None
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        zipped = await asyncio.to_thread(pack) if len(body) > LARGE else pack()
    if zipped is None:
        return web.Response(body=body, content_type="application/json", headers={"Vary": "Accept-Encoding"})
    headers = {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    return web.Response(body=zipped, content_type="application/json", headers=headers)


def _sheet_name(name: str) -> SheetName:
    for each in SHEETS:
        if each == name:
            return each
    raise ApiError(404, "unknownSheet", f"there are: {', '.join(SHEETS)}")


async def presence(request: web.Request, who: Who) -> web.StreamResponse:
    """Take note of where a tab looks."""
    watching = watching_of(request)
    looks = await said(request, Looks)
    try:
        changed = watching.presence.look(
            looks.stream,
            who,
            incident=looks.incident,
            hazard=looks.hazard,
            doing=looks.doing,
            now_ms=watching.now_ms(),
        )
    except KeyError:
        raise ApiError(404, "unknownStream", "this session has no such stream open") from None
    if changed:
        watching.wake()
    return web.Response(status=204)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/live",
        right=Right.LOOK,
        summary="Server-sent events: `beat` every two seconds, `moved` when a sheet has another version; both carry a Beat.",
        handler=live,
        gives="text/event-stream",
        refuses={503: ("notWatching",)},
    ),
    Route(
        method="GET",
        path="/api/sheets/{name}",
        right=Right.LOOK,
        summary="The rows of a sheet that changed since a version of an epoch; all of them without, or when that is too old.",
        handler=sheet,
        gives=SheetAnswer,
        refuses={404: ("unknownSheet",), 422: ("invalid",), 503: ("notWatching",)},
    ),
    Route(
        method="POST",
        path="/api/presence",
        right=Right.LOOK,
        summary="Say which incident or danger a tab looks at, and what is being typed there.",
        handler=presence,
        takes=Looks,
        refuses={404: ("unknownStream",), 503: ("notWatching",)},
    ),
)
