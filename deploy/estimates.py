"""What the commands about estimates do: learn now, and show what was learnt last."""

from __future__ import annotations

import asyncio
import dataclasses
import json

from deploy.keys import DONE, REFUSED, database_at_work
from services.clock import from_ms
from services.estimates import store
from services.estimates.store import Learning
from services.settings import Settings
from streams.learning import learn_once


def learn(settings: Settings, *, as_json: bool) -> int:
    """Learn from the past now, and say what came of it."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            learning = await learn_once(connection)
        if learning is None:
            print("Nothing is learnt: no clock runs in this database yet, or another process is learning now.")
            return REFUSED
        _say(learning, as_json=as_json)
        return DONE

    return asyncio.run(work())


def show(settings: Settings, *, as_json: bool) -> int:
    """Show what was learnt last."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            learning = await store.last(connection)
        if learning is None:
            print("Nothing was learnt yet: the figures of device classes hold.")
            return REFUSED
        _say(learning, as_json=as_json)
        return DONE

    return asyncio.run(work())


def _say(learning: Learning, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(dataclasses.asdict(learning)))
        return
    at = f"{from_ms(learning.at_ms):%Y-%m-%d %H:%M} UTC"
    if learning.reason != "learnt":
        print(f"{at}: {learning.incidents} incidents are too few to learn from; the figures of device classes hold.")
        return
    parts = ", ".join(f"{name} {count}" for name, count in sorted(learning.measured.items()))
    covered = (
        "" if learning.covered_permille is None else f" Of repairs not seen {learning.covered_permille / 10:.1f} %"
    )
    print(f"{at}: learnt from {learning.incidents} incidents ({parts}).{covered} lay in the interval of 80 %.")
