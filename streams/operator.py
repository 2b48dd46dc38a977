"""The drill's simulated operator as a process: an SMPP server, and a voice provider over HTTP.

python -m streams.operator
"""

from __future__ import annotations

import functools
import secrets

from services.database.pool import LOST
from services.drill.operator import serve
from services.logs import configure_logs
from services.ready import announce_ready
from services.settings import Settings, SettingsError, load_settings
from streams.leaving import leave
from streams.processes import run_process


async def operate(settings: Settings, dsn: str) -> None:
    """Serve the drill's texts and calls, for ever. Raises `SettingsError` outside of an exercise."""
    if not settings.exercise:
        raise SettingsError("the simulated operator belongs to an exercise only")
    try:
        await serve(
            dsn,
            system_id="lamplighter",
            password=secrets.token_hex(4),  # SMPP allows eight characters; the gateway reads it from the drill's table
            announce=functools.partial(announce_ready, settings),
        )
    except LOST as error:
        leave("operator.database_lost", error=type(error).__name__)


def main() -> None:
    """Run the operator of this drill."""
    settings = load_settings()
    configure_logs(settings, "operator")
    run_process(lambda dsn, _: operate(settings, dsn), settings)


if __name__ == "__main__":
    main()
