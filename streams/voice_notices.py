"""The voice sender: has notices of kind `voiceNotice` spoken.

python -m streams.voice_notices
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


async def voice_notices(settings: Settings, dsn: str) -> None:
    """Send them, for ever. Raises `SettingsError` where none can be sent."""
    try:
        pool = await create_pool(dsn, POOL)
    except LOST as error:
        leave("voice_notices.database_lost", error=type(error).__name__)
    gateway = providers.voice_notices(settings, pool)
    if gateway is None:
        raise SettingsError("there is no service that speaks notices: voice_notice_url is not set")
    await send(settings, dsn, Routes([gateway]), pool)


def main() -> None:
    """Run the sender of this installation."""
    settings = load_settings()
    configure_logs(settings, "voice-notices")
    run_process(lambda dsn, _: voice_notices(settings, dsn), settings)


if __name__ == "__main__":
    main()
