"""Reliability indices and restoration times of the last run, for any period, feeder, region and tier."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from deploy.commands import HOLDS, NOTHING_THERE, last_run
from services.clock import to_ms
from services.measures import showing, store
from services.measures.indices import Indices, Totals, indices
from services.measures.shown import Calibration
from services.measures.store import Selection
from services.settings import Settings, SettingsError
from services.utility import store as utility


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for at the terminal: a period in days or times as written, and whose interruptions."""

    begins: str | None
    ends: str | None
    feeder: str | None
    region: str | None
    tier: str | None
    planned: bool
    opened: bool
    as_json: bool


def figures(settings: Settings, asked: Asked) -> int:
    """Print the figures, with the customers' times behind them when that was asked for."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            _, _, connection = last
            zone = ZoneInfo((await utility.load(connection)).time_zone)
            selection = Selection(
                from_ms=moment(asked.begins, zone),
                until_ms=moment(asked.ends, zone),
                feeder=asked.feeder,
                region=asked.region,
                tier=asked.tier,
                planned=asked.planned,
            )
            totals = await store.totals(connection, selection)
            spreads = await store.restoration_times(connection, selection)
            calibration = await showing.calibration(connection, selection)
            rows = await store.behind(connection, selection) if asked.opened else []
        values = indices(totals)
        if asked.as_json:
            print(
                json.dumps(
                    _as_json(selection, totals, values, spreads, calibration, rows if asked.opened else None), indent=1
                )
            )
        else:
            print(_in_words(totals, values, spreads, calibration, rows))
        return HOLDS

    return asyncio.run(work())


def moment(written: str | None, zone: ZoneInfo) -> int | None:
    """Return the time that is written, milliseconds: a day begins at midnight of the utility's time zone.

    Raises `SettingsError` for what is no day and no time.
    """
    if written is None:
        return None
    try:
        time = dt.datetime.fromisoformat(written)
    except ValueError:
        raise SettingsError(f"{written!r} is no day such as 2026-03-01 and no time such as 2026-03-01T18:00") from None
    return to_ms(time if time.tzinfo else time.replace(tzinfo=zone))


def _as_json(
    selection: Selection,
    totals: Totals,
    values: Indices,
    spreads: Sequence[store.Spread],
    calibration: Calibration,
    rows: Sequence[store.CustomerTime] | None,
) -> dict[str, object]:
    found: dict[str, object] = {
        "selection": dataclasses.asdict(selection),
        "totals": dataclasses.asdict(totals),
        "indices": dataclasses.asdict(values),
        "restoration": [dataclasses.asdict(spread) for spread in spreads],
        "calibration": msgspec.to_builtins(calibration),
    }
    return found if rows is None else {**found, "interruptions": [dataclasses.asdict(row) for row in rows]}


def _in_words(
    totals: Totals,
    values: Indices,
    spreads: Sequence[store.Spread],
    calibration: Calibration,
    rows: Sequence[store.CustomerTime],
) -> str:
    served = f"{totals.served} customers served; {totals.interruptions} sustained interruptions of {totals.interrupted}"
    lines = [
        f"{served} customers, {totals.customer_ms // 1000} customer-seconds; {totals.momentary} momentary ones.",
        f"SAIFI {values.saifi:.4f}  SAIDI {values.saidi_min:.3f} min  CAIDI {values.caidi_min:.3f} min",
        f"ASAI {values.asai:.6f}  MAIFI {values.maifi:.4f}",
    ]
    for spread in spreads:
        if spread.incidents:
            usual = f"{spread.p50_s} s (median), {spread.p90_s} s (90 %), {spread.p95_s} s (95 %)"
            lines.append(
                f"{spread.moment}: {spread.incidents} incidents, after {usual}, {spread.longest_s} s at the longest"
            )
    if calibration.incidents:
        right = f"ranked first {calibration.ranked_first} times, named {calibration.named} times"
        lines.append(
            f"{calibration.incidents} incidents of which it was seen what had failed; just before, the device was {right}"
        )
    for row in rows:
        counted = f"{row.counted_ms // 1000} s under {row.holder} ({row.basis})"
        lines.append(f"{row.customer} {row.feeder} {row.tier}: {counted}")
    return "\n".join(lines)
