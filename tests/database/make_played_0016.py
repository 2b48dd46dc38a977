"""Makes `played_0016.sql.xz`: a storm `tiny` as the first released program, whose newest schema is 0016, left it.

In a checkout of that program (`git worktree add FOLDER 5127071`), with LAMPLIGHTER_DATA_DIR naming a fresh folder:

    ./lamplighter demo --headless --storm tiny

and then here, on the same data folder, when nothing runs on it:

    python -m tests.database.make_played_0016 DATA_DIR
"""

from __future__ import annotations

import asyncio
import lzma
import subprocess
import sys
from pathlib import Path

from deploy.backup import client_environment
from deploy.parts import free_port
from deploy.postgres import Postgres, client
from deploy.supervisor import Supervisor

TARGET = Path(__file__).with_name("played_0016.sql.xz")


async def _dumped(data_dir: Path) -> bytes:
    postgres = Postgres(data_dir / "postgres", free_port(0))
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(postgres.part())
        command = [str(client("pg_dump")), "--no-owner", "--no-privileges"]
        environment = client_environment(postgres.dsn("drill"))
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    TARGET.write_bytes(lzma.compress(asyncio.run(_dumped(Path(sys.argv[1]).resolve())), preset=9 | lzma.PRESET_EXTREME))
