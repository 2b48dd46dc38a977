"""What providers tell us over HTTP: what became of a notice, and what somebody wrote. Stored first, answered then.

Every room of this house listens on loopback; so does this. A provider on the internet comes through a proxy with TLS.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import structlog
from aiohttp import web

from schemas.events import TextOutcome

HOST: Final = "127.0.0.1"
MAX_BODY: Final = 65_536
STOP_S: Final = 2.0

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a provider tells of a notice of ours. An `outcome` of None: the provider has it, and it is on its way.

    `code` is the provider's own and says nothing of people; `reference` its name for the notice, empty where it gives none.
    """

    key: str
    outcome: TextOutcome | None
    code: str
    reference: str = ""


OnTold = Callable[[Told], Awaitable[bool]]
"""Stores what a provider tells; False: no notice has this key. If it raises, the provider is asked to come again."""


def mark(secret: str, purpose: str) -> str:
    """Return what a caller shows who knows our secret and whose addresses only we write; it does not give the secret away."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]


class Callbacks:
    """Serves the routes of the gateways that are told something. Whatever cannot be stored is answered 503, to come again."""

    def __init__(self, port: int, routes: Iterable[web.AbstractRouteDef]) -> None:
        self.port = port
        self._routes = list(routes)
        self._runner: web.AppRunner | None = None
        self._storing = True

    async def start(self) -> None:
        """Listen; with a port of 0 on any, which stands in `port` then. Raises `OSError` when the port is taken."""
        app = web.Application(middlewares=[self._stored], client_max_size=MAX_BODY)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Let what is being stored come to its end, then listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _stored(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it was: it is not stored, so it has to come again)
            if self._storing:  # it comes again and again: the first says it
                log.warning("notices.callback_not_stored", route=request.path, error=type(error).__name__)
            self._storing = False
            return web.Response(status=503)
        self._storing = True
        return response


async def tell(on_told: OnTold, told: Told | None) -> web.Response:
    """Store what a provider tells and return the answer to it; None: nothing that is known to say anything."""
    if told is not None and not await on_told(told):
        log.warning("notices.receipt_of_no_notice", code=told.code)
    return web.Response(text="")


def refused(gateway: str) -> web.HTTPForbidden:
    """Return the answer to who cannot show that he is our provider."""
    log.warning("notices.callback_refused", gateway=gateway)
    return web.HTTPForbidden()
