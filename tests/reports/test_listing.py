"""The command lists reports with state and reason, and shows no phone number."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.heard import list_reports
from deploy.installation import LastRun
from schemas.events import OutageReported, Place, ReportKind
from services.database.databases import name_in
from services.reports.locating import locate
from services.reports.store import insert
from services.settings import load_settings
from tests.reports.hamlet import LAT, PREMISES, hamlet
from tests.stage_script import moment, ms

REPORTS = (
    OutageReported(id="r1", at=moment("06:00"), kind=ReportKind.CALL, phone="+4915559999", words="dark"),
    OutageReported(id="r2", at=moment("06:01"), kind=ReportKind.TEXT, place=Place(11.5, LAT)),
    OutageReported(id="r3", at=moment("06:02"), kind=ReportKind.CALL, customer="T1-1"),
)


def test_reports_are_listed_by_state(dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def keep() -> None:
        connection = await asyncpg.connect(dsn)
        network = hamlet()
        await insert(connection, [(each, locate(each, network, ms("07:00"), PREMISES)) for each in REPORTS], 1)
        await connection.close()

    asyncio.run(keep())
    settings = load_settings(data_dir=tmp_path, postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    assert list_reports(settings, state=None, limit=10, as_json=False) == 2
    LastRun(database=name_in(dsn), topic_prefix="", exercise=False).keep(tmp_path)
    capsys.readouterr()
    assert list_reports(settings, state="unknown", limit=10, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.splitlines() == [
        f"r2  2026-03-01 06:01:00Z  text  unknown: nowhere  at 11.5, {LAT}",
        "r1  2026-03-01 06:00:00Z  call  unknown: noSuchPhone  phone *********99",
        "1 located, 2 unknown",
    ]
    assert list_reports(settings, state="unknown", limit=1, as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"] == {"located": 1, "unknown": 2}
    assert [(each["id"], each["lon"], each["reason"]) for each in shown["reports"]] == [("r2", 11.5, "nowhere")]
