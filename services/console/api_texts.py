"""The ledger of texts, how they leave, what they say, and the switch that stops them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from schemas.events.base import PRINTABLE
from services.access import acted
from services.access.accepting import checked_key
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console import outcomes, texts_acting, texts_shown
from services.console.acting import Acting
from services.console.api_incidents import Done
from services.console.asking import EXERCISE, NOT_READ, Route, number, said
from services.console.attention import Request
from services.console.broadcasts_shown import Language
from services.console.ground import ground_now
from services.console.texts_acting import StopAsked
from services.console.texts_shown import Gateways, Measured, Preview, TextLedger
from services.engine.taking import Connection
from services.notices.broadcasting import framed
from services.notices.gsm import measure
from services.notices.languages import WORDINGS
from services.notices.showing_ledger import Asked
from services.outages.showing_incident import now_ms

MOST_ROWS: Final = 500
_NAMES: Final = 64
"""An id has so many characters at most."""


class MeasureAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of which somebody wants to know what they cost; with a `language`, as they are sent in it: an exercise says so."""

    words: Annotated[str, Meta(max_length=2_000, pattern=PRINTABLE)]
    language: Language | None = None


class CannedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared answer by its name, in each language."""

    canned: str
    words: dict[str, str]


class Canned(msgspec.Struct, frozen=True, kw_only=True):
    """The prepared answers."""

    answers: list[CannedAnswer]


async def ledger(request: web.Request, who: Who) -> web.Response:
    """Answer with a page of the ledger."""
    asked = Asked(
        incident=_name(request, "incident"),
        customer=_name(request, "customer"),
        state=_name(request, "state"),
        moment=_name(request, "moment"),
        before=texts_shown.cursor(request.query.get("before")),
        limit=number(request, "limit", 100, least=1, most=MOST_ROWS),
    )
    async with request.config_dict[POOL].acquire() as connection:
        now = await now_ms(connection)
        found = await texts_shown.ledger(connection, asked, now, personal=who.may(Right.PERSONAL))
    return answer(200, found)


async def gateways(request: web.Request, who: Who) -> web.Response:
    """Answer with how texts leave."""
    del who
    async with request.config_dict[POOL].acquire() as connection:
        return answer(200, await texts_shown.gateways(connection, await now_ms(connection)))


async def preview(request: web.Request, who: Who) -> web.Response:
    """Answer with every text of a language."""
    del who
    language = request.query.get("language", next(iter(WORDINGS)))
    if language not in WORDINGS:
        raise ApiError(422, "unknownLanguage", f"there are words for: {', '.join(WORDINGS)}")
    return answer(200, texts_shown.preview(language))


async def measured(request: web.Request, who: Who) -> web.Response:
    """Answer with what words cost."""
    del who
    asked = await said(request, MeasureAsked)
    exercise = asked.language is not None and request.config_dict[EXERCISE]
    cost = measure(framed(asked.words, asked.language or "", exercise=exercise))
    return answer(200, Measured(alphabet=cost.alphabet, units=cost.units, segments=cost.segments, left=cost.left))


async def canned(request: web.Request, who: Who) -> web.Response:
    """Answer with the prepared answers."""
    del request, who
    names = sorted({name for wording in WORDINGS.values() for name in wording.canned})
    rows = [
        CannedAnswer(canned=name, words={code: w.canned[name] for code, w in WORDINGS.items() if name in w.canned})
        for name in names
    ]
    return answer(200, Canned(answers=rows))


async def stop(request: web.Request, who: Who) -> web.Response:
    """Stop texts."""
    asked = await said(request, StopAsked)
    return await _acted(request, who, asked, lambda c, a: texts_acting.stop(c, a, asked))


async def resume(request: web.Request, who: Who) -> web.Response:
    """Let texts go on."""
    asked = await said(request, StopAsked)
    return await _acted(request, who, asked, lambda c, a: texts_acting.resume(c, a, asked))


async def acting_of(request: web.Request, who: Who, asked: msgspec.Struct) -> Acting:
    """Return who acts on which ground, and the request if it may come again."""
    key = checked_key(request.headers.get("Idempotency-Key"))
    return Acting(
        who=who,
        ground=await ground_now(request),
        exercise=request.config_dict[EXERCISE],
        request=None if key is None else Request.of(who.user, key, request.path, msgspec.json.encode(asked)),
    )


async def _acted(
    request: web.Request, who: Who, asked: msgspec.Struct, act: Callable[[Connection, Acting], Awaitable[str]]
) -> web.Response:
    doing = await acting_of(request, who, asked)
    async with request.config_dict[POOL].acquire() as connection:
        made = await acted.action(connection, await act(connection, doing))
        assert made is not None, "it was recorded right now, or by the same request before"
        [row] = await outcomes.rows(connection, [made])
    return answer(202, Done(action=row))


def _name(request: web.Request, name: str) -> str | None:
    """Return what a filter names. Raises `ApiError` 422 `invalid` for what can be nobody's id."""
    found = request.query.get(name)
    if found is not None and not (0 < len(found) <= _NAMES and found.isprintable()):
        raise ApiError(422, "invalid", f"{name}: nothing is called so")
    return found


_OF_STOPS: Final = {
    **NOT_READ,
    400: (*NOT_READ[400], "idempotencyKey"),
    404: ("notFound",),
    422: ("invalid", "whyMissing"),
    503: ("noUtility",),
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/texts",
        right=Right.LOOK,
        summary="The ledger of texts: `incident`, `customer`, `state`, `moment`, `before` (as `next_before`), `limit` (to 500).",
        handler=ledger,
        gives=TextLedger,
        refuses={422: ("invalid",)},
    ),
    Route(
        method="GET",
        path="/api/texts/gateways",
        right=Right.LOOK,
        summary="How texts leave, gateway by gateway, in the last hour, and what is stopped.",
        handler=gateways,
        gives=Gateways,
    ),
    Route(
        method="GET",
        path="/api/texts/preview",
        right=Right.LOOK,
        summary="Every text of a `language`, and what it costs.",
        handler=preview,
        gives=Preview,
        refuses={422: ("unknownLanguage",)},
    ),
    Route(
        method="POST",
        path="/api/texts/measure",
        right=Right.LOOK,
        summary="What words cost, as the network counts them.",
        handler=measured,
        takes=MeasureAsked,
        gives=Measured,
        refuses={**NOT_READ, 422: ("invalid",)},
    ),
    Route(
        method="POST",
        path="/api/texts/stop",
        right=Right.ACT,
        summary="Stop the texts of an incident, or all; those that have not left are taken back.",
        handler=stop,
        takes=StopAsked,
        gives=Done,
        refuses={**_OF_STOPS, 409: ("stoppedAlready", "idempotencyMismatch")},
    ),
    Route(
        method="POST",
        path="/api/texts/resume",
        right=Right.ACT,
        summary="Let the texts of an incident, or all, go on: whoever waited is told what holds now.",
        handler=resume,
        takes=StopAsked,
        gives=Done,
        refuses={**_OF_STOPS, 409: ("notStopped", "idempotencyMismatch")},
    ),
    Route(
        method="GET",
        path="/api/inbox/canned",
        right=Right.LOOK,
        summary="The prepared answers to texts, in each language.",
        handler=canned,
        gives=Canned,
    ),
)
