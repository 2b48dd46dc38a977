"""The mail sender: hands letters of kind `email` to the mail server.

python -m streams.mails
"""

from __future__ import annotations

from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.notices.gateways.routes import Routes
from services.settings import Settings, SettingsError, load_settings
from streams import providers
from streams.leaving import leave
from streams.processes import run_process
from streams.sender import send

POOL = 3


async def mails(settings: Settings, dsn: str) -> None:
    """Send them, for ever. Raises `SettingsError` where none can be sent."""
    try:
        pool = await create_pool(dsn, POOL)
    except LOST as error:
        leave("mails.database_lost", error=type(error).__name__)
    gateway = providers.mails(settings, pool)
    if gateway is None:
        raise SettingsError("there is no mail server: email_host is not set")
    await send(settings, dsn, Routes([gateway]), pool, per_s=settings.email_per_s)


def main() -> None:
    """Run the sender of this installation."""
    settings = load_settings()
    configure_logs(settings, "mails")
    run_process(lambda dsn, _: mails(settings, dsn), settings)


if __name__ == "__main__":
    main()
