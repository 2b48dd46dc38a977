"""What the command about reports does."""

from __future__ import annotations

import asyncio
import json

from deploy.commands import HOLDS, NOTHING_THERE, last_run
from services.clock import from_ms
from services.reports import store
from services.settings import Settings

_NAMED = ("account", "customer_named", "meter_named", "phone_masked", "device_named", "pole_named")


def list_reports(settings: Settings, *, state: str | None, limit: int, as_json: bool) -> int:
    """List the reports of the last run in a state, newest first, with its reason and what they name."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            connection = last[2]
            rows = await store.listed(connection, state, limit)
            counts = await store.count_by_state(connection)
        if as_json:
            print(json.dumps({"counts": counts, "reports": rows}, indent=1, ensure_ascii=False))
            return HOLDS
        for row in rows:
            named = [f"{name.split('_')[0]} {row[name]}" for name in _NAMED if row[name] is not None]
            named += [] if row["lon"] is None else [f"at {row['lon']}, {row['lat']}"]
            at = from_ms(int(str(row["at_ms"]))).strftime("%Y-%m-%d %H:%M:%SZ")
            print(f"{row['id']}  {at}  {row['kind']}  {row['state']}: {row['reason']}  {', '.join(named)}")
        print(", ".join(f"{count} {name}" for name, count in counts.items()) or "Nothing was heard.")
        return HOLDS

    return asyncio.run(work())
