"""Figures as files for a spreadsheet, sent as they are read: a long one takes neither memory nor a connection for long."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from aiohttp import web

from services.access.http import ApiError
from services.console.figure_headings import HEADINGS, Name
from services.database.pool import LOST
from services.engine.taking import Connection
from services.measures import showing, showing_over_time
from services.measures.sheets import BEGINS, Cell, lines, moment
from services.measures.showing import Of
from services.measures.store import CustomerTime, Selection

Look: TypeAlias = Callable[[Selection], contextlib.AbstractAsyncContextManager[tuple[Connection, Selection, int]]]
"""Looks at the ledger for a selection: a connection, the selection with its moment of looking, that moment."""

PIECE = 5_000
"""So many rows are read and sent at a time."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a file is asked to hold beside its selection; times are milliseconds."""

    of: Of
    incident: str | None
    language: Literal["en", "zh"]
    bucket_ms: int | None
    shift_ms: int | None


async def pieces(name: Name, look: Look, selection: Selection, wanted: Wanted) -> AsyncIterator[bytes]:
    """Give a file piece by piece, each read in a look of its own; all of them have one moment of looking."""
    async with look(selection) as (connection, fixed, _):
        zone = ZoneInfo(await showing.time_zone(connection))
    yield BEGINS + lines([[words[wanted.language == "zh"] for words in HEADINGS[name]]])
    rows = {"incidents": _incidents, "feeders": _feeders, "customers": _customers, "series": _series}[name]
    async for piece in rows(look, fixed, wanted, zone):
        yield lines(piece)


async def send(request: web.Request, name: Name, given: AsyncIterator[bytes]) -> web.StreamResponse:
    """Send a file. What fails before its first rows is told as an error, what fails later breaks the connection off."""
    first = await anext(given)
    second = await anext(given, b"")
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="lamplighter-{name}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    try:
        await response.write(first + second)
        async for piece in given:
            await response.write(piece)
        await response.write_eof()
    except (ApiError, *LOST):
        # The head has gone out: only a file that breaks off says that rows are missing.
        if request.transport is not None:
            request.transport.abort()
    return response


async def _incidents(
    look: Look, selection: Selection, wanted: Wanted, zone: dt.tzinfo
) -> AsyncIterator[list[Sequence[Cell]]]:
    offset = 0
    while True:
        async with look(selection) as (connection, fixed, _):
            found = await showing.incidents(
                connection, fixed, of=wanted.of, order="customer_min", offset=offset, limit=PIECE
            )
        yield [
            (
                *(i.incident, i.feeder, i.device, i.state, i.cause, i.in_period, i.customers, i.interruptions),
                _minutes(i.customer_min),
                *(
                    moment(ms, zone)
                    for ms in (
                        *(i.started_at_ms, i.defined_at_ms, i.dispatched_at_ms, i.arrived_at_ms, i.restored_at_ms),
                        *(i.first_estimate_ms, i.last_estimate_ms),
                    )
                ),
                i.estimates,
                None if i.error_min is None else _minutes(i.error_min),
            )
            for i in found.incidents
        ]
        offset += PIECE
        if offset >= found.total:
            break
    # What no incident that counts has in it goes last, so that the columns add up to the figures.
    yield [
        ("", "", "", o.kind, None, False, o.customers, o.interruptions, _minutes(o.customer_min), *(None,) * 9)
        for o in found.others
    ]


async def _feeders(look: Look, selection: Selection, _: Wanted, __: dt.tzinfo) -> AsyncIterator[list[Sequence[Cell]]]:
    async with look(selection) as (connection, fixed, ___):
        found = await showing.feeders(connection, fixed)
    yield [
        (
            *(f.feeder, f.name, f.served, f.interruptions, _minutes(f.customer_min), round(f.saifi, 6)),
            *(round(f.saidi_min, 4), round(f.caidi_min, 4), f.incidents, f.longest_s),
        )
        for f in found
    ]


async def _customers(
    look: Look, selection: Selection, wanted: Wanted, zone: dt.tzinfo
) -> AsyncIterator[list[Sequence[Cell]]]:
    after: CustomerTime | None = None
    while True:
        async with look(selection) as (connection, fixed, _):
            found = await showing.behind_after(
                connection, fixed, of=wanted.of, incident=wanted.incident, after=after, limit=PIECE
            )
        yield [
            (
                *(row.interruption, row.customer, row.feeder, row.tier),
                *(moment(row.start_ms, zone), moment(row.end_ms, zone), row.counted_ms / 1000),
                *(row.sustained, row.planned, row.basis, row.holder),
            )
            for row in found
        ]
        if len(found) < PIECE:
            return
        after = found[-1]


async def _series(
    look: Look, selection: Selection, wanted: Wanted, zone: dt.tzinfo
) -> AsyncIterator[list[Sequence[Cell]]]:
    async with look(selection) as (connection, fixed, as_of):
        found = await showing_over_time.series(
            connection, fixed, as_of, bucket_ms=wanted.bucket_ms, shift_ms=wanted.shift_ms
        )
    for word, values, shift in (("now", found.now, 0), ("before", found.before, wanted.shift_ms or 0)):
        if values is not None:
            columns = zip(
                *(found.at_ms, values.customers_out, values.customer_min, values.interruptions, values.restored),
                values.incidents_open,
                strict=False,
            )
            yield [
                (
                    *(word, moment(at - shift - found.bucket_ms, zone), moment(at - shift, zone), out, _minutes(lost)),
                    *(begun, back, incidents),
                )
                for at, out, lost, begun, back, incidents in columns
            ]


def _minutes(value: float) -> float:
    return round(value, 6)
