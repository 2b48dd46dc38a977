"""What aiosmpplib is kept from (`smpp_link`): places for what it must not do."""

# ruff: noqa: D102 (what each method is for, the library says)

from __future__ import annotations

from typing import Any

from aiosmpplib import (
    AbstractCorrelator,
    AbstractRetryTimer,
    AbstractThrottleHandler,
    DeliverSm,
    SmppMessage,
    SubmitSm,
)


class Over(Exception):
    """The connection ended and is not to be tried again by the library."""


class NoStore(AbstractCorrelator):  # type: ignore[misc]  # the library ships no types
    """Keeps no open requests."""

    def get_cumulated_status(self, _ref_num: int) -> int:
        return 0

    async def expired(self, smpp_message: SmppMessage) -> None: ...

    async def put(self, smpp_message: SmppMessage) -> None: ...

    async def put_delivery(self, smsc_message_id: str, submit_sm: SubmitSm) -> None: ...

    async def put_delivery_segmented(self, deliver_sm: DeliverSm) -> DeliverSm | None:
        return deliver_sm

    async def get(self, _response: SmppMessage) -> SmppMessage | None:
        return None

    async def get_segmented(self, _smpp_seq_num: int, remove: bool = False) -> tuple[Any, int]:  # noqa: ARG002
        return None, 0

    async def get_delivery(self, _receipt: DeliverSm) -> SubmitSm | None:
        return None


class NoThrottle(AbstractThrottleHandler):  # type: ignore[misc]
    """Slows nothing down: the pace is the sender's."""

    async def throttled(self) -> None: ...

    async def not_throttled(self) -> None: ...

    async def allow_request(self) -> bool:
        return True

    async def throttle_delay(self) -> float:
        return 0.0


class OnlyOnce(AbstractRetryTimer):  # type: ignore[misc]
    """Connects no second time: a link that died is thrown away."""

    async def wait(self) -> None:
        raise Over

    def reset(self) -> None: ...

    def next_delay(self) -> float:
        return 0.0
