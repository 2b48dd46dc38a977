"""Figures over time and by feeder, what is behind each, and files of them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal, cast, get_args

import msgspec
from aiohttp import web

from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console import figure_files
from services.console.asking import STATE, Route, number
from services.console.figure_headings import Name
from services.engine.taking import Connection
from services.measures import showing, showing_over_time, shown
from services.measures.showing import Of, Order
from services.measures.store import MOST_MS, Selection, TooMuch, looking

AT_ONCE = 2
"""So many questions about figures are worked on at a time: they must not take the connections of the live part."""
WAIT_S = 8.0
"""So long a question waits for its turn."""
RETRY_AFTER_S = 5
MOST_ROWS = 1_000
LONGEST_ID = 200
_TURNS = "figures.turns"
TIERS: Final = ("residential", "commercial", "important", "large")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The query of every question about figures."""

    selection: Selection
    of: Of
    incident: str | None


def asked(request: web.Request) -> Asked:
    """Return what is asked for. Raises `ApiError` 422 `invalid`."""
    planned = one_of(request, "planned", ("0", "1"), "0")
    tier = text(request, "tier")
    if tier is not None and tier not in TIERS:
        raise ApiError(422, "invalid", f"tier: one of {', '.join(TIERS)}")
    selection = Selection(
        from_ms=moment(request, "from_ms"),
        until_ms=moment(request, "until_ms"),
        as_of_ms=moment(request, "as_of_ms"),
        feeder=text(request, "feeder"),
        region=text(request, "region"),
        tier=tier,
        planned=planned == "1",
    )
    if selection.from_ms is not None and selection.until_ms is not None and selection.from_ms >= selection.until_ms:
        raise ApiError(422, "invalid", "until_ms: later than from_ms")
    return Asked(
        selection=selection,
        of=cast("Of", one_of(request, "of", get_args(Of), "sustained")),
        incident=text(request, "incident"),
    )


def text(request: web.Request, name: str) -> str | None:
    """Return a word of the query, None for none. Raises `ApiError` 422 `invalid`."""
    value = request.query.get(name) or None
    if value is not None and (len(value) > LONGEST_ID or "\x00" in value):
        raise ApiError(422, "invalid", f"{name}: a name of at most {LONGEST_ID} characters")
    return value


def moment(request: web.Request, name: str) -> int | None:
    """Return a time of the query, milliseconds, None for none. Raises `ApiError` 422 `invalid`."""
    return number(request, name) if request.query.get(name) else None


def one_of(request: web.Request, name: str, known: tuple[str, ...], default: str) -> str:
    """Return a word of the query that must be one of these. Raises `ApiError` 422 `invalid`."""
    value = request.query.get(name) or default
    if value not in known:
        raise ApiError(422, "invalid", f"{name}: one of {', '.join(known)}")
    return value


@contextlib.asynccontextmanager
async def ledger(request: web.Request, selection: Selection) -> AsyncIterator[tuple[Connection, Selection, int]]:
    """Give a look at the ledger when it is one's turn: a connection, the selection with its moment of looking, and that moment.

    Raises `ApiError` 503 `tooMuch` when too many ask, or the answer takes too long.
    """
    turns: asyncio.Semaphore = request.app[STATE].setdefault(_TURNS, asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(WAIT_S):
            await turns.acquire()
    except TimeoutError:
        raise ApiError(503, "tooMuch", "too many ask for figures", retry_after_s=RETRY_AFTER_S) from None
    try:
        async with request.config_dict[POOL].acquire() as connection, looking(connection, most_ms=MOST_MS) as now:
            as_of = now if selection.as_of_ms is None else min(now, selection.as_of_ms)
            yield connection, dataclasses.replace(selection, as_of_ms=as_of), as_of
    except TooMuch:
        raise ApiError(503, "tooMuch", "this takes too long: ask for less", retry_after_s=RETRY_AFTER_S) from None
    finally:
        turns.release()


Answers = Callable[[web.Request, Connection, Asked, int], Awaitable[msgspec.Struct]]


async def _told(answers: Answers, request: web.Request, _: Who) -> web.StreamResponse:
    what = asked(request)
    async with ledger(request, what.selection) as (connection, selection, as_of):
        found = await answers(request, connection, msgspec.structs.replace(what, selection=selection), as_of)
    return answer(200, found)


async def _figures(_: web.Request, connection: Connection, what: Asked, as_of: int) -> msgspec.Struct:
    return await showing.figures(connection, what.selection, as_of)


async def _series(request: web.Request, connection: Connection, what: Asked, as_of: int) -> msgspec.Struct:
    bucket, shift = buckets(request)
    return await showing_over_time.series(connection, what.selection, as_of, bucket_ms=bucket, shift_ms=shift)


def buckets(request: web.Request) -> tuple[int | None, int | None]:
    """Return how long a bucket is and by how much earlier to look as well. Raises `ApiError` 422 `invalid`."""
    longest = 400 * 24 * 3_600_000
    bucket = number(request, "bucket_ms", least=1_000, most=longest) if request.query.get("bucket_ms") else None
    shift = number(request, "shift_ms", least=1, most=50 * longest) if request.query.get("shift_ms") else None
    return bucket, shift


async def _feeders(_: web.Request, connection: Connection, what: Asked, __: int) -> msgspec.Struct:
    return shown.FeedersShown(feeders=await showing.feeders(connection, what.selection))


async def _incidents(request: web.Request, connection: Connection, what: Asked, _: int) -> msgspec.Struct:
    order = cast("Order", one_of(request, "order", get_args(Order), "customer_min"))
    offset, limit = page(request)
    return await showing.incidents(connection, what.selection, of=what.of, order=order, offset=offset, limit=limit)


def page(request: web.Request) -> tuple[int, int]:
    """Return where a page begins and how many rows it has. Raises `ApiError` 422 `invalid`."""
    return number(request, "offset", 0), number(request, "limit", 100, least=1, most=MOST_ROWS)


async def _estimates(_: web.Request, connection: Connection, what: Asked, __: int) -> msgspec.Struct:
    return await showing.estimates(connection, what.selection)


async def _calibration(_: web.Request, connection: Connection, what: Asked, __: int) -> msgspec.Struct:
    return await showing.calibration(connection, what.selection)


async def _behind(request: web.Request, connection: Connection, what: Asked, _: int) -> msgspec.Struct:
    offset, limit = page(request)
    return await showing.behind(
        connection, what.selection, of=what.of, incident=what.incident, offset=offset, limit=limit
    )


async def _storms(_: web.Request, connection: Connection, __: Asked, as_of: int) -> msgspec.Struct:
    return shown.StormsShown(as_of_ms=as_of, storms=await showing.storms(connection, most=30))


async def _file(name: Name, request: web.Request, who: Who) -> web.StreamResponse:
    what = asked(request)
    language = cast("Literal['en', 'zh']", one_of(request, "language", ("en", "zh"), "en"))
    bucket, shift = buckets(request)
    wanted = figure_files.Wanted(
        of=what.of, incident=what.incident, language=language, bucket_ms=bucket, shift_ms=shift
    )
    async with request.config_dict[POOL].acquire() as connection:
        said = {key: value for key, value in dataclasses.asdict(what.selection).items() if value is not None}
        await record(connection, who, "export", "figures", name, why="", said=said)
    look = functools.partial(ledger, request)
    return await figure_files.send(request, name, figure_files.pieces(name, look, what.selection, wanted))


_REFUSES = {422: ("invalid",), 503: ("tooMuch",)}


def _question(path: str, summary: str, answers: Answers, gives: type[msgspec.Struct]) -> Route:
    return Route(
        method="GET",
        path=f"/api/figures{path}",
        right=Right.FIGURES,
        summary=summary,
        handler=functools.partial(_told, answers),
        gives=gives,
        refuses=_REFUSES,
    )


def _sheet(name: Name, summary: str) -> Route:
    return Route(
        method="GET",
        path=f"/api/figures/{name}.csv",
        right=Right.EXPORT,
        summary=summary,
        handler=functools.partial(_file, name),
        refuses=_REFUSES,
    )


ROUTES: tuple[Route, ...] = (
    _question("", "Indices and restoration times of a selection", _figures, shown.Figures),
    _question("/series", "A selection over time, and the same earlier", _series, shown.Series),
    _question("/feeders", "The figures by feeder", _feeders, shown.FeedersShown),
    _question("/incidents", "The incidents behind a figure", _incidents, shown.IncidentsShown),
    _question("/estimates", "How first estimates fared", _estimates, shown.Estimates),
    _question(
        "/calibration", "How far the probabilities of hypotheses can be believed", _calibration, shown.Calibration
    ),
    _question("/behind", "The interruptions of customers behind a figure", _behind, shown.BehindShown),
    _question("/storms", "Runs of incidents without a long pause", _storms, shown.StormsShown),
    _sheet("incidents", "The incidents behind the figures, for a spreadsheet"),
    _sheet("feeders", "The figures by feeder, for a spreadsheet"),
    _sheet("customers", "The interruptions of customers behind the figures, for a spreadsheet"),
    _sheet("series", "The figures over time, for a spreadsheet"),
)
