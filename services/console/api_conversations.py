"""The conversation with a phone, for whoever answers it. Without the right to what is personal: masked, and without words."""

from __future__ import annotations

import msgspec
from aiohttp import web

from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console.asking import Route
from services.console.masking import masked
from services.notices import showing_conversation
from services.notices import store as notices
from services.notices.showing_conversation import Line, Partner

_LONGEST = 64
"""An id has so many characters at most."""


class ConversationLine(msgspec.Struct, frozen=True, kw_only=True):
    """A text from a phone (`inbound`) or to it. `state` of one from it says what became of it; `by`: a person wrote it."""

    id: str
    at_ms: int
    inbound: bool
    words: str
    moment: str
    state: str
    reason: str
    by: str


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """The last texts from and to a phone, the oldest first, the customers that it stands for, and the language of an answer."""

    phone: str
    customers: list[str]
    language: str
    rows: list[ConversationLine]


async def conversation(request: web.Request, who: Who) -> web.Response:
    """Answer with the conversation to which a text belongs."""
    text, key = request.query.get("text"), request.query.get("key")
    if (text is None) == (key is None) or len(text or key or "") > _LONGEST:
        raise ApiError(422, "invalid", "name a text from a phone (text) or to one (key)")
    personal = who.may(Right.PERSONAL)
    async with request.config_dict[POOL].acquire() as connection:
        partner = await showing_conversation.partner(connection, text=text, key=key)
        if partner is None:
            raise ApiError(404, "notFound", "there is no such text")
        lines = await showing_conversation.lines(connection, partner.handle)
        languages = (await notices.read_manners(connection)).languages
    return answer(
        200,
        Conversation(
            phone=partner.phone if personal else masked(partner.phone),
            customers=partner.customers,
            language=_language(partner, lines, languages),
            rows=[
                ConversationLine(
                    id=line.id,
                    at_ms=line.at_ms,
                    inbound=line.inbound,
                    words=line.words if personal else "",
                    moment=line.moment,
                    state=line.state,
                    reason=line.reason,
                    by=line.by,
                )
                for line in lines
            ],
        ),
    )


def _language(partner: Partner, lines: list[Line], utility: tuple[str, ...]) -> str:
    """Return the language in which the phone wrote last, if that shows, else its own, else the utility's first one."""
    last = next((line.words for line in reversed(lines) if line.inbound), "")
    if any("\u4e00" <= character <= "\u9fff" for character in last):
        return "zh"
    return partner.language or next(iter(utility), "en")


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/texts/conversation",
        right=Right.LOOK,
        summary="The conversation with the phone of a text: `text` (one that came in) or `key` (one that was sent).",
        handler=conversation,
        gives=Conversation,
        refuses={404: ("notFound",), 422: ("invalid",)},
    ),
)
