"""The SQL of what the drill's operator takes beside texts and calls: letters, notices to programs, spoken notices."""

from __future__ import annotations

import dataclasses
from typing import Literal

from schemas.codec import encode
from schemas.events import TextOutcome, TextReceipt
from schemas.ids import derived
from schemas.topics import NOTICE_RECEIPTS
from services.clock import from_ms
from services.drill.operator_fate import ANSWER_AFTER_MS, fate_of
from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A notice as it came: by which channel, under which key, to whom (a number, an address, a customer), its words."""

    channel: Literal["email", "webhook", "voice"]
    key: str
    address: str
    words: str
    subject: str = ""


async def take_told(connection: Connection, told: Spoken) -> bool:
    """Store a notice; False when its key was taken before. Of one that is spoken it is told a while later how it ended."""
    async with connection.transaction():
        now: int = await connection.fetchval("SELECT now_ms FROM tick()")
        times: int = await connection.fetchval(
            """INSERT INTO drill.told AS t (key, channel, address, subject, words, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (key) DO UPDATE SET times = t.times + 1 RETURNING times""",
            told.key,
            told.channel,
            told.address,
            told.subject,
            told.words,
            now,
        )
        if told.channel == "voice" and times == 1:
            await _answer(connection, told, now)
    return times == 1


async def _answer(connection: Connection, told: Spoken, now: int) -> None:
    """Schedule what became of a spoken notice: the number's last digits decide, as for texts."""
    area = await connection.fetchval("SELECT shard FROM effects WHERE key = $1", told.key)
    if area is None:
        return
    outcome = fate_of(told.address).outcome
    event = TextReceipt(
        id=derived("receipt", told.key, outcome),
        at=from_ms(now + ANSWER_AFTER_MS),
        exercise=True,
        notice=told.key,
        area=area,
        outcome=outcome,
        operator_code="answered" if outcome is TextOutcome.DELIVERED else "noAnswer",
    )
    await connection.execute(
        "INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body) VALUES ($1, $2, 'kafka', $3, $4, $5)",
        event.id,
        now + ANSWER_AFTER_MS,
        NOTICE_RECEIPTS.name,
        told.key,
        encode(event),
    )
