"""The ping sender: does the effects of kind `ping` through the meters' head-end.

python -m streams.pings
"""

from __future__ import annotations

import structlog

from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.notices.gateways.routes import Routes
from services.settings import Settings, SettingsError, load_settings
from streams import gateways
from streams.leaving import leave
from streams.processes import run_process
from streams.sender import send

log = structlog.get_logger(__name__)

POOL = 2


async def pings(settings: Settings, dsn: str) -> None:
    """Have meters pinged, for ever. Raises `SettingsError` without a head-end."""
    try:
        pool = await create_pool(dsn, POOL)
        gateway = await gateways.pings(settings, pool)
    except LOST as error:
        leave("pings.database_lost", error=type(error).__name__)
    if gateway is None:
        raise SettingsError("there is no head-end to ask: meter_ping_url is not set")
    await send(settings, dsn, Routes([gateway]), pool)


def main() -> None:
    """Run the ping sender of this installation."""
    settings = load_settings()
    configure_logs(settings, "pings")
    run_process(lambda dsn, _: pings(settings, dsn), settings)


if __name__ == "__main__":
    main()
