"""Looks after notices that stick (`services/notices/reconciling.py`), once a minute of the installation's clock.

A chore of the text sender. No connection to the database is held while a provider is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from schemas.events import TextReceipt
from schemas.ids import derived
from schemas.topics import NOTICE_RECEIPTS
from services.clock import from_ms
from services.database.pool import Pool
from services.engine import clock, direct, effects
from services.engine.gateway import GatewayAway, Result
from services.notices import store_reconciling as store
from services.notices.gateways.routes import Routes
from services.notices.gateways.tells import Tells
from services.notices.reconciling import EVERY_MS, NO_GATEWAY, Fate, Step, Stuck, step
from streams.receipts import OPERATOR
from streams.sender import LOCKS

log = structlog.get_logger(__name__)

AT_ONCE: Final = 50
"""So many texts of each sort are looked after in one round."""
EXPIRED_AT_ONCE: Final = 5_000


class Reconciling:
    """The chore. `routes` are those of texts, `unserved` the kinds of notice for which no gateway is configured."""

    def __init__(self, routes: Routes, pool: Pool, *, exercise: bool, unserved: Sequence[str] = ()) -> None:
        self._routes = routes
        self._unserved = unserved
        self._pool = pool
        self._exercise = exercise
        self._next_at = 0
        self._alarmed = False

    async def __call__(self) -> None:
        """Do what is due; but for what nothing can do, nothing before the time has come, or before the clock was set."""
        async with self._pool.acquire() as connection:
            if self._unserved:
                await effects.fail_unserved(connection, self._unserved, NO_GATEWAY)
            stands = await clock.standing(connection)
            if stands is None or stands.now_ms < self._next_at:
                return
            self._next_at = stands.now_ms + EVERY_MS
            expired = await effects.expire(connection, effects.NOTICES, EXPIRED_AT_ONCE)
            others = [(kind, lock) for kind, lock in LOCKS.items() if kind != self._routes.kind]
            abandoned = await store.abandoned(connection, others)
            put_off = await store.put_off(connection)
            found = await store.stuck(connection, stands.now_ms, AT_ONCE)
        if expired or abandoned:
            log.info("notices.reconciled", expired=expired, abandoned=abandoned)
        if bool(put_off) != self._alarmed:  # said once, not at every look
            self._alarmed = bool(put_off)
            if put_off:
                log.error("notices.put_off_long", count=put_off)
        for each in found:
            await self._look_after(each, stands.now_ms)

    async def _look_after(self, text: Stuck, now: int) -> None:
        gateway = self._routes.named(text.gateway)
        teller = gateway if isinstance(gateway, Tells) else None
        todo = step(text, now, tells=teller is not None)
        try:
            if todo is Step.GIVE_UP:
                async with self._pool.acquire() as connection:
                    await store.give_up(connection, [text.key])
                log.warning("notices.no_receipt", key=text.key)
            elif todo is Step.ASK and teller is not None and text.reference:
                await self._told(text, now, await teller.fate_of(text.reference))
            elif todo is Step.LOOK_UP and gateway is not None and self._routes.is_connected(gateway):
                await self._looked_up(text, now, await gateway.look_up(text.key))
        except GatewayAway:
            return  # asked again at the next round

    async def _told(self, text: Stuck, now: int, fate: Fate | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await store.asked(connection, now, [text.key])
            if fate is None or fate.outcome is None:
                if fate is None and text.known:
                    await store.give_up(connection, [text.key])
                return
            if not text.known:
                await effects.resolve(connection, now, [(text.key, Result(state="done", reason="foundByQuery"))])
            event = TextReceipt(
                id=derived("receipt", text.key, fate.outcome),
                at=from_ms(now),
                exercise=self._exercise,
                notice=text.key,
                area=text.area,
                outcome=fate.outcome,
                operator_code=f"query:{fate.code}",
            )
            await direct.publish_all(connection, OPERATOR, NOTICE_RECEIPTS, [(text.key, event)])

    async def _looked_up(self, text: Stuck, now: int, found: Result | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await store.asked(connection, now, [text.key])
            if found is None or found.state != "unknown":
                await effects.resolve(connection, now, [(text.key, found)])
