"""No process works on a schema that is not its own; each says which command helps."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from deploy.installation import process
from services.database.migrate import migrations
from services.database.pool import connect
from services.settings import load_settings

PROCESSES = {
    "relay": ("streams.relay",),
    "hotline": ("streams.hotline",),
    "web": ("streams.web",),
    "texts": ("streams.texts",),
    "pings": ("streams.pings",),
    "mails": ("streams.mails",),
    "webhooks": ("streams.webhooks",),
    "voice-notices": ("streams.voice_notices",),
    "operator": ("streams.operator",),
    "console": ("streams.console",),
    "worker-1": ("streams.worker", "--name", "worker-1", "--stages", "intake,correlate"),
    "dispatch": ("streams.worker", "--name", "dispatch", "--stages", "dispatch"),
    "notify": ("streams.worker", "--name", "notify", "--stages", "notify"),
    "priority": ("streams.worker", "--name", "priority", "--stages", "escalate"),
    "drill": ("streams.worker", "--name", "drill", "--stages", "world", "--drill", "lockstep"),
}
OLDER = "DELETE FROM schema_migration WHERE number = (SELECT max(number) FROM schema_migration)"
NEWER = "INSERT INTO schema_migration (number, name, digest) VALUES (9999, '9999_later.sql', 'x')"


@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (OLDER, f"the database lacks {migrations()[-1].name}: run `lamplighter migrate`"),
        (NEWER, "a newer program ran here: the database has 9999_later.sql, unknown to this one"),
    ],
    ids=["older", "newer"],
)
async def test_a_process_refuses_another_schema(dsn: str, name: str, change: str, reason: str) -> None:
    connection = await connect(dsn)
    await connection.execute(change)
    await connection.close()
    settings = load_settings(postgres_dsn=dsn, kafka_bootstrap="127.0.0.1:9", exercise=True, metrics_port=0)
    part = process(settings, name, *PROCESSES[name])
    done = subprocess.run(
        part.command, env={**os.environ, **part.environment}, capture_output=True, text=True, timeout=60, check=False
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    said = [line for line in lines if line["event"] == "process.schema_unknown"]
    assert done.returncode == 70, done.stderr
    assert [(line["level"], line["process"], line["reason"]) for line in said] == [("error", name, reason)]
