"""Small files of outages in the forms in which the real ones come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from services.history.forms import Files, read_files
from services.history.outages import Outage, outages_in

LIST_HEADER = "start_local,substation,feeder,customers_affected,cause,lon,lat"
CODED_HEADER = "start_local,substation,feeder,customers_affected,cause_code_and_text"
MAP_HEADER = "utility,snapshot_local,incident,lat,lon,customers,cause,comment,start_local,etr_local,area"
READINGS_HEADER = "utility,snapshot_local,outages,customers_affected,customers_served"
PHOENIX = dt.timezone(dt.timedelta(hours=-7))


def write(folder: Path, name: str, header: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def at(time: str) -> str:
    """Return a time of the day on which everything here happens."""
    return f"2026-07-07 {time}:00 MST"


def ms(time: str) -> int:
    return round(dt.datetime.fromisoformat(f"2026-07-07 {time}").replace(tzinfo=PHOENIX).timestamp() * 1000)


def shown(
    reading: str, incident: str = "", *, customers: int = 3, cause: str = "Weather", comment: str = "", start: str = "09:00",
    lat: float = 31.5,
) -> str:  # fmt: skip
    """Return a row of a map; `start` may be a whole date and time."""
    begins = at(start) if len(start) == len("09:00") else start
    return f"coop,{at(reading)},{incident},{lat},-110.2,{customers},{cause},{comment},{begins},,East"


def read_map(folder: Path, *rows: str, readings: dict[str, int] | None = None) -> tuple[Outage, ...]:
    """Return the outages of a map that was read at these times and said it had so many outages."""
    write(folder, "observations.csv", MAP_HEADER, *rows)
    if readings is not None:
        lines = [f"coop,{at(time)},{count},9,500" for time, count in readings.items()]
        write(folder, "snapshots.csv", READINGS_HEADER, *lines)
    return outages_of(folder)


def outages_of(path: Path, utility: str = "coop") -> tuple[Outage, ...]:
    files: Files = read_files(path)
    assert not files.refused, files.problems
    return outages_in(files, utility=utility, time_zone=dt.UTC)
