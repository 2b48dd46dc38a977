"""The ledger of texts, the gateways' figures and the wording as the console shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from services.access.http import ApiError
from services.console.masking import masked
from services.engine.taking import Connection
from services.notices import showing_gateways, showing_ledger, store_stopping
from services.notices.languages import WORDINGS
from services.notices.preview import preview as previewed
from services.notices.showing_gateways import OneMinute
from services.notices.showing_ledger import Asked, LedgerRow
from services.notices.store_stopping import ALL, Stop

FRESH_MS = 120_000
"""Who settled something so lately is taken for connected; nobody knows of one that had nothing to do."""


class SaidBack(msgspec.Struct, frozen=True, kw_only=True):
    """A text that somebody wrote to us; `words` are empty for those who may not see what is personal."""

    words: str
    at_ms: int


class TextRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the ledger: what somebody was told, whether it arrived, and what was written back.

    `customer` is the first of `customers`; an answer has none, but `asked`, what it answers, and `by`, empty: a rule answered.
    Phone and words as the person may see them. Times are milliseconds.
    """

    key: str
    at_ms: int
    channel: str
    moment: str
    incident: str
    customer: str
    customers: list[str]
    phone: str
    words: str
    state: str
    reason: str
    segments: int
    estimate_ms: int | None
    expires_at_ms: int | None
    gateway: str
    attempts: int
    receipt_at_ms: int | None
    by: str
    asked: SaidBack | None
    reply: SaidBack | None


class TextLedger(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the ledger, the newest first, how many there are in each state, and `before` for the next page (null: there is none).

    Without an incident or a customer, rows are of the last week and counts of the last day.
    """

    rows: list[TextRow]
    counts: Mapping[str, int]
    next_before: str | None
    now_ms: int


def cursor(text: str | None) -> tuple[int, str] | None:
    """Return the place in the ledger that `before` names: a time, or what `next_before` said. Raises `ApiError` 422 `invalid`."""
    if text is None:
        return None
    at, _, key = text.partition(":")
    if not at.isascii() or not at.isdecimal() or len(at) > 16 or not key.isprintable():  # noqa: PLR2004 (2**53 has sixteen digits)
        raise ApiError(422, "invalid", "before: a time in milliseconds, or what next_before said")
    return int(at), key


async def ledger(connection: Connection, asked: Asked, now_ms: int, *, personal: bool) -> TextLedger:
    """Return a page of the ledger. `personal`: phones and words in full."""
    found = await showing_ledger.ledger(connection, dataclasses.replace(asked, limit=asked.limit + 1), now_ms)
    page = found[: asked.limit]
    return TextLedger(
        rows=[_row(each, personal=personal) for each in page],
        counts=await showing_ledger.by_state(connection, asked, now_ms),
        next_before=f"{page[-1].at_ms}:{page[-1].key}" if len(found) > asked.limit else None,
        now_ms=now_ms,
    )


def _row(row: LedgerRow, *, personal: bool) -> TextRow:
    return TextRow(
        key=row.key,
        at_ms=row.at_ms,
        channel=row.channel,
        moment=row.moment,
        incident=row.incident,
        customer=row.customer,
        customers=row.customers,
        phone=row.phone if personal else masked(row.phone),
        words=row.words if personal else "",
        state=row.state,
        reason=row.reason,
        segments=row.segments,
        estimate_ms=row.estimate_ms,
        expires_at_ms=row.expires_at_ms,
        gateway=row.gateway,
        attempts=row.attempts,
        receipt_at_ms=row.receipt_at_ms,
        by=row.by,
        asked=_said(row.asked_words, row.asked_at_ms, personal=personal),
        reply=_said(row.reply_words, row.reply_at_ms, personal=personal),
    )


def _said(words: str | None, at_ms: int | None, *, personal: bool) -> SaidBack | None:
    return None if words is None or at_ms is None else SaidBack(words=words if personal else "", at_ms=at_ms)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why texts failed, and how many."""

    reason: str
    count: int


class GatewayRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway did in the last hour. `connected` is null where nobody knows: nothing was handed over lately.

    `waiting` is what is due and was not begun, of the gateway's kind; `throttled` what is tried again.
    """

    gateway: str
    kind: str
    connected: bool | None
    per_min: int
    sent: int
    delivered: int
    failed: int
    unknown: int
    throttled: int
    waiting: int
    oldest_waiting_s: int
    failures: list[Failure]


class StopRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stop that holds: of an incident, or (null) of all texts; by whom, since when, why, and how many texts it took back."""

    incident: str | None
    since_ms: int
    by: str
    why: str
    recalled: int


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    """What was settled in the minute that begins at `at_ms`."""

    at_ms: int
    sent: int
    delivered: int
    failed: int


class Gateways(msgspec.Struct, frozen=True, kw_only=True):
    """How texts leave: the stop of all texts (null: none) and those of incidents, each gateway, and the last sixty minutes."""

    stopped: StopRow | None
    stops: list[StopRow]
    gateways: list[GatewayRow]
    series: list[Minute]
    now_ms: int


async def gateways(connection: Connection, now_ms: int) -> Gateways:
    """Return how texts leave."""
    why = await showing_gateways.failures(connection, now_ms)
    stops = await store_stopping.stops(connection)
    return Gateways(
        stopped=next((_stop(stop) for stop in stops if stop.scope == ALL), None),
        stops=[_stop(stop) for stop in stops if stop.scope != ALL],
        gateways=[
            GatewayRow(
                gateway=each.gateway,
                kind=each.kind,
                connected=True if each.last_ms is not None and each.last_ms > now_ms - FRESH_MS else None,
                per_min=each.last_minute,
                sent=each.sent,
                delivered=each.delivered,
                failed=each.failed,
                unknown=each.unknown,
                throttled=each.throttled,
                waiting=each.waiting,
                oldest_waiting_s=0 if each.oldest_ms is None else (now_ms - each.oldest_ms) // 1000,
                failures=[Failure(reason=reason, count=count) for reason, count in why.get(each.gateway, [])],
            )
            for each in await showing_gateways.gateways(connection, now_ms)
        ],
        series=_minutes(await showing_gateways.series(connection, now_ms)),
        now_ms=now_ms,
    )


def _stop(stop: Stop) -> StopRow:
    return StopRow(
        incident=None if stop.scope == ALL else stop.scope,
        since_ms=stop.since_ms,
        by=stop.by,
        why=stop.why,
        recalled=stop.recalled,
    )


def _minutes(series: Sequence[OneMinute]) -> list[Minute]:
    return [Minute(at_ms=one.at_ms, sent=one.sent, delivered=one.delivered, failed=one.failed) for one in series]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What words cost: the alphabet, their length in its units, segments, and how many units the last one has left."""

    alphabet: Literal["gsm7", "ucs2"]
    units: int
    segments: int
    left: int


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A text as it would be said, by its name in the words of the language, and what it costs."""

    moment: str
    text: str
    words: str
    alphabet: Literal["gsm7", "ucs2"]
    units: int
    segments: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Every text of a language, and which languages there are."""

    language: str
    languages: list[str]
    rows: list[PreviewRow]


def preview(language: str) -> Preview:
    """Return every text of a language, with made-up premises and times. Raises KeyError for a language without words."""
    rows = [
        PreviewRow(
            moment=each.key.partition(".")[0],
            text=each.key.partition(".")[2],
            words=each.words,
            alphabet=each.alphabet,
            units=each.units,
            segments=each.segments,
        )
        for each in previewed(language)
    ]
    return Preview(language=language, languages=list(WORDINGS), rows=rows)
