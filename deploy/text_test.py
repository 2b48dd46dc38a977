"""What `lamplighter text-test` does: one text through the gateway of the settings, step by step."""

from __future__ import annotations

import asyncio

from deploy import kannel
from deploy.parts import PartError, Ports
from deploy.supervisor import Supervisor, runs_already
from services.logs import configure_logs
from services.notices.numbers import international
from services.settings import Settings, SettingsError
from streams import providers
from streams.text_trial import Trial

SENT, NOT_SENT = 0, 1
WORDS = "This is a test by your electric utility. No answer is needed."


def text_test(settings: Settings, phone: str, words: str, wait_s: float) -> int:
    """Send one text and say what happens; return 0 when it was taken. Kannel's own boxes are started for the while.

    Raises `SettingsError` in an exercise, and for a number that is none; `PartError` while Lamplighter runs on the data folder.
    """
    if settings.exercise:
        raise SettingsError("this is an exercise, which reaches nobody real: there is nothing to try")
    number = international(phone)
    if not number or not phone.strip().startswith("+"):
        raise SettingsError("a number in international form is needed, as +4915112345678")
    providers.check(settings)
    if runs_already(settings.data_dir):
        raise PartError("Lamplighter runs on this data folder and holds the provider's line: stop it, then try again")
    configure_logs(settings.model_copy(update={"log_level": "error"}), "text-test")
    return asyncio.run(_try(settings, number, words, wait_s))


async def _try(settings: Settings, number: str, words: str, wait_s: float) -> int:
    async with Supervisor(settings.data_dir) as supervisor:
        with Ports() as ports:
            if kannel.wanted(settings):
                settings = settings.model_copy(update={"kannel_port": ports.row(settings.kannel_port, 3)})
                boxes = kannel.Kannel.of(settings).without_inbound()
                settings = boxes.reached_by(settings)
                parts = boxes.parts()
                print("Starting Kannel's boxes ...", flush=True)
                await asyncio.gather(*(supervisor.start(part) for part in parts))
            taken = await Trial(settings, number, words, lambda line: print(line, flush=True)).run(wait_s)
    return SENT if taken else NOT_SENT
