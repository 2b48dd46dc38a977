"""Receipts of an SMPP operator become facts: matched with their texts, many in a transaction, stored before they are acknowledged.

In whatever order they come, doubled, late, or of texts whose outcome nobody knew: a receipt resolves that too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from schemas.events import TextReceipt
from schemas.ids import derived
from schemas.topics import NOTICE_RECEIPTS
from services.clock import from_ms, wall_ms
from services.database.pool import Pool
from services.engine import clock, direct
from services.engine.deathpoints import DeathPoints
from services.engine.taking import Connection
from services.notices import store_receipts as store
from services.notices.gateways.smpp import Receipted
from services.notices.store import SentText
from services.notices.store_numbers import numbers_of
from services.notices.store_receipts import Named
from streams.together import Together

log = structlog.get_logger(__name__)

OPERATOR: Final = "operator"
"""Who speaks in receipts, and brings us what people write."""

REMEMBERED: Final = 10_000
"""So many receipts of unknown names are remembered: when each came first."""


class Receipts:
    """Takes what the operator behind `gateway` says of texts."""

    def __init__(self, pool: Pool, gateway: str, *, exercise: bool, deaths: DeathPoints) -> None:
        self._pool = pool
        self._gateway = gateway
        self._exercise = exercise
        self._deaths = deaths
        self._together = Together[Receipted, bool](self._take)
        self._first_seen: OrderedDict[str, datetime] = OrderedDict()

    async def take(self, receipt: Receipted) -> None:
        """Store a receipt. Raises `LookupError` while its text may be one whose attempt is not settled: it has to come again."""
        if not await self._together.one(receipt):
            raise LookupError("a receipt for a text whose attempt is not settled yet: it has to come again")

    async def _take(self, receipts: Sequence[Receipted]) -> list[bool]:
        named = [
            Named(gateway=self._gateway, reference=each.reference, key=each.key, phone=each.phone) for each in receipts
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            stands = await clock.standing(connection)
            if stands is None:
                raise LookupError("the clock was not set yet: the receipt has to come again")
            texts = await self._nameless(connection, named, await store.matched(connection, named))
            spoken = [(text, receipt) for text, receipt in zip(texts, receipts, strict=True) if text is not None]
            if spoken:
                await store.found(connection, stands.now_ms, [(text.key, said.reference) for text, said in spoken])
                events = [(text.key, self._event(text, said, stands.now_ms)) for text, said in spoken]
                await direct.publish_all(connection, OPERATOR, NOTICE_RECEIPTS, events)
            taken = [
                text is not None or await self._is_of_nobody(connection, receipt)
                for text, receipt in zip(texts, receipts, strict=True)
            ]
        self._deaths.passed("receipts.stored")
        return taken

    def _event(self, text: SentText, receipt: Receipted, now: int) -> TextReceipt:
        return TextReceipt(
            id=derived("receipt", text.key, receipt.outcome),
            at=from_ms(now),
            exercise=self._exercise,
            notice=text.key,
            area=text.area,
            outcome=receipt.outcome,
            operator_code=receipt.code,
        )

    async def _nameless(
        self, connection: Connection, named: Sequence[Named], texts: list[SentText | None]
    ) -> list[SentText | None]:
        """Give a receipt of a name that we never learnt to the one text of unknown outcome that went to its number."""
        if all(texts):
            return texts
        lost = await store.nameless(connection, self._gateway)
        numbers = await numbers_of(connection, [body for _, body in lost]) if lost else []
        by_number: dict[str, list[SentText]] = {}
        for (candidate, _), number in zip(lost, numbers, strict=True):
            by_number.setdefault(number or "", []).append(candidate)
        found: list[SentText | None] = []
        for each, text in zip(named, texts, strict=True):
            candidates = by_number.get(each.phone, []) if text is None and each.phone else []
            found.append(candidates.pop() if len(candidates) == 1 else text)
        return found

    async def _is_of_nobody(self, connection: Connection, receipt: Receipted) -> bool:
        """Say whether a receipt is of no text of ours: no attempt is open that was begun before it came first."""
        now = from_ms(wall_ms())
        first = self._first_seen.setdefault(receipt.reference, now)
        if await store.is_awaited(connection, self._gateway, first):
            while len(self._first_seen) > REMEMBERED:
                self._first_seen.popitem(last=False)
            return False
        self._first_seen.pop(receipt.reference, None)
        log.warning("notices.receipt_of_no_notice", gateway=self._gateway, code=receipt.code)
        return True
