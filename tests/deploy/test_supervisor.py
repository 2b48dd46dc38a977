"""The supervisor with small processes of its own kind: order, readiness, restarts, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import supervisor as module
from deploy.parts import Part, PartError, free_port, python_command
from deploy.supervisor import Supervisor, interruptions

READY = "import os, signal, sys; os.write(int(os.environ['LAMPLIGHTER_READY_FD']), b'READY\\n'); "


def part(name: str, code: str = READY + "signal.pause()", **more: object) -> Part:
    return Part(name=name, command=(sys.executable, "-c", code), **more)  # type: ignore[arg-type]


async def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"""
import os, signal, sys
say = lambda word: open({str(said)!r}, 'a').write(word + ' ' + sys.argv[1] + '\\n')
signal.signal(signal.SIGTERM, lambda *_: (say('stop'), sys.exit(0)))
say('start')
os.write(int(os.environ['LAMPLIGHTER_READY_FD']), b'READY\\n')
while True: signal.pause()
"""
    parts = [Part(name=name, command=(sys.executable, "-c", code, name)) for name in ("a", "b", "c")]
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(*parts)
        assert supervisor.states() == {"a": "ready", "b": "ready", "c": "ready"}
    assert said.read_text().splitlines() == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]
    assert supervisor.pids() == {}
    assert set(supervisor.states().values()) == {"stopped"}


async def test_a_part_is_ready_only_when_it_says_so(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    code = f"open({str(gate)!r}).read(); " + READY + "signal.pause()"
    async with Supervisor(tmp_path) as supervisor:
        starting = asyncio.create_task(supervisor.start(part("slow", code)))
        with await asyncio.to_thread(gate.open, "w") as writer:  # opens only when the process reads: it runs by now
            assert supervisor.states() == {"slow": "starting"}
            assert not starting.done()
            writer.write("go")
        await starting
        assert supervisor.states() == {"slow": "ready"}


async def test_a_process_of_ours_announces_itself(tmp_path: Path) -> None:
    code = (
        "import signal; from services.ready import announce_ready; from services.settings import load_settings; "
        "announce_ready(load_settings()); signal.pause()"
    )
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("ours", code))
        assert supervisor.states() == {"ours": "ready"}


async def test_what_is_killed_comes_back_and_the_table_tells_of_it(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("a"))
        first = supervisor.kill("a")
        await supervisor.wait_ready("a")
        second = supervisor.pids()["a"]
        assert second != first
        table = json.loads((tmp_path / "processes.json").read_text())
        assert table == {"a": {"pid": second, "restarts": 1, "state": "ready"}}


async def test_pauses_between_restarts_grow_to_a_bound_and_begin_anew_after_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACK_OFF_S", (0.01, 0.03))
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("a"))
        for _ in range(4):
            supervisor.kill("a")
            await supervisor.wait_ready("a")
        monkeypatch.setattr(module, "HEALTHY_S", 0.0)
        supervisor.kill("a")
        await supervisor.wait_ready("a")
    assert pauses == [0.01, 0.02, 0.03, 0.03, 0.01]


async def test_a_part_that_never_becomes_ready_is_given_up_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACK_OFF_S", (0.01, 0.01))
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(PartError, match=r"(?s)a cannot be started: ended with status 3 .* out of matches"):
            await supervisor.start(part("a", "import sys; print('out of matches'); sys.exit(3)"))
        assert supervisor.restarts() == {"a": module.ATTEMPTS - 1}
        assert supervisor.states() == {"a": "failed"}


async def test_a_part_that_hangs_before_it_is_ready_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(PartError, match="not ready within 0 s"):
            await supervisor.start(part("a", "import signal; signal.pause()", ready_within_s=0.2))
        assert supervisor.pids() == {}


async def test_a_part_may_end_by_itself(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("job", READY + "sys.exit(7)", restart="never"))
        assert await supervisor.finished("job") == 7
        assert supervisor.states() == {"job": "finished"}


async def test_a_part_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    deaf = READY.replace("os.write", "signal.signal(signal.SIGTERM, signal.SIG_IGN); os.write")
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("deaf", deaf + "\nwhile True: signal.pause()", stop_within_s=0.2))
        pid = supervisor.pids()["deaf"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_halted_part_can_be_stopped(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part("a"))
        supervisor.kill("a", signal.SIGSTOP)
        await supervisor.stop("a")
        assert supervisor.states() == {"a": "stopped"}
        await supervisor.start(part("a"))
        assert supervisor.states() == {"a": "ready"}


async def test_what_waits_for_a_part_that_is_stopped_is_told(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        starting = asyncio.create_task(supervisor.start(part("a", "import signal; signal.pause()")))
        while not supervisor.pids():
            await asyncio.sleep(0)
        await supervisor.stop()
        with pytest.raises(PartError, match="a is stopped"):
            await starting
    with pytest.raises(PartError, match="everything is being stopped"):
        await supervisor.start(part("b"))


async def test_one_supervisor_per_folder(tmp_path: Path) -> None:
    async with Supervisor(tmp_path):
        with pytest.raises(PartError, match=rf"another Lamplighter \(process {os.getpid()}\)"):
            await Supervisor(tmp_path).__aenter__()
    async with Supervisor(tmp_path):
        pass


SUPERVISED = """
import asyncio, sys
from pathlib import Path
from deploy.parts import Part, python_command
from deploy.supervisor import Supervisor, interruptions

async def main():
    code = sys.argv[2]
    with interruptions() as interrupted:
        async with Supervisor(Path(sys.argv[1])) as supervisor:
            await supervisor.start(*(Part(name=name, command=(sys.executable, "-c", code)) for name in ("a", "b")))
            print(*supervisor.pids().values(), flush=True)
            await interrupted.wait()
    print("left in order", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_its_supervisor(
    tmp_path: Path, ends: Callable[[int, float], bool], sign: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(tmp_path), READY + "signal.pause()"], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(text) for text in supervisor.stdout.readline().split()]
        supervisor.send_signal(sign)
        assert all(ends(pid, 10.0) for pid in pids)
        rest = supervisor.stdout.read()
    assert len(pids) == 2
    assert rest == ("" if sign == signal.SIGKILL else "left in order\n")


async def test_an_interruption_is_an_event_and_not_the_end() -> None:
    with interruptions() as interrupted:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(interrupted.wait(), 5)


def test_the_next_free_port_is_taken() -> None:
    import socket  # noqa: PLC0415 (only here)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port(0)))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port(port)
        assert port < found < port + 500
        assert free_port(port, avoid=frozenset({found})) > found


def test_our_modules_are_not_taken_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("raise SystemExit('a stranger')")
    done = subprocess.run(python_command("services.clock"), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
