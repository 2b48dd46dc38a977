"""What a gateway is given in these tests instead of a database: numbers, and a desk where everything that is told lies."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import msgspec

from services.notices.gateways.callbacks import Told
from services.notices.moments import Moment, TextBody
from services.notices.parts import Part, words_of

WORDS = "The power is back at your address. {[€]} àé"
CHINESE = "您的住址已恢复供电。"


@dataclasses.dataclass
class Desk:
    """Whom texts go to, and what came in; `wait` returns when what came in satisfies a condition."""

    numbers: dict[str, str | None] = dataclasses.field(default_factory=dict)
    told: list[Told] = dataclasses.field(default_factory=list)
    inbound: list[Part] = dataclasses.field(default_factory=list)
    refuse: int = 0
    refused: int = 0
    known: bool = True
    _moved: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    async def phone_of(self, text: TextBody) -> str | None:
        return self.numbers.get(text.customer, "+99900000001")

    async def on_told(self, said: Told) -> bool:
        self._take()
        self.told.append(said)
        return self.known

    async def on_inbound(self, part: Part) -> None:
        self._take()
        self.inbound.append(part)

    def _take(self) -> None:
        self._moved.set()
        if self.refuse:
            self.refuse -= 1
            self.refused += 1
            raise LookupError("not now")

    async def wait(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    await self._moved.wait()
                    self._moved.clear()
        except TimeoutError:
            raise AssertionError(f"told: {self.told}, inbound: {len(self.inbound)}, refused: {self.refused}") from None

    def of(self, key: str) -> list[tuple[str | None, str]]:
        """Return what was told of a text: outcome and code, in the order in which it came."""
        return [(said.outcome.value if said.outcome else None, said.code) for said in self.told if said.key == key]

    def read(self) -> list[tuple[str, str]]:
        """Return what people wrote: number and words."""
        return [(part.phone, words_of(part.coding, part.body)) for part in self.inbound]


def body(customer: str = "C1", words: str = WORDS) -> bytes:
    """Return what an effect carries."""
    return msgspec.json.encode(TextBody(customer=customer, moment=Moment.POWER_RESTORED, words=words))
