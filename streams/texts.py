"""The text sender: does the effects of kind `text` through the SMPP gateway, and brings receipts in as facts.

python -m streams.texts
"""

from __future__ import annotations

import structlog

from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.settings import Settings, load_settings
from streams import gateways
from streams.leaving import leave
from streams.processes import run_process
from streams.sender import send

log = structlog.get_logger(__name__)

POOL = 4


async def texts(settings: Settings, dsn: str) -> None:
    """Send texts, for ever."""
    try:
        pool = await create_pool(dsn, POOL)
        gateway = await gateways.texts(settings, pool)
    except LOST as error:
        leave("texts.database_lost", error=type(error).__name__)
    await send(settings, dsn, "text", gateway, pool)


def main() -> None:
    """Run the text sender of this installation."""
    settings = load_settings()
    configure_logs(settings, "texts")
    run_process(lambda dsn, _: texts(settings, dsn), settings)


if __name__ == "__main__":
    main()
