"""One text to try an account with, against an operator on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from deploy.parts import PartError, free_port
from deploy.supervisor import Supervisor
from deploy.text_test import text_test
from services.drill.smpp_pdu import Inbound, Receipt, Status, Submit
from services.drill.smpp_server import SmppServer
from services.settings import Settings, SettingsError, load_settings
from streams.text_trial import Trial

PHONE = "+99900000001"


class Operator:
    """A real operator, as far as anybody can tell: takes texts and says at once what became of them."""

    def __init__(self) -> None:
        self.texts: list[Submit] = []
        self.status = Status.OK
        self.receipt: str | None = "DELIVRD"
        self.answers_to_what_came: list[int | None] = []
        self.server = SmppServer(("utility", "secret"), self._take, name="OPERATOR")
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def _take(self, text: Submit) -> tuple[int, str]:
        self.texts.append(text)
        if self.status is Status.OK and self.receipt is not None:
            task = asyncio.create_task(self._tell(self.receipt))
            self._tasks.add(task)
        return self.status, "4F2A" if self.status is Status.OK else ""

    async def _tell(self, state: str) -> None:
        """Bring what somebody wrote, and the receipt, which comes again until it was taken."""
        session = self.server.receiver()
        assert session is not None
        came = Inbound(operator_id="I1", phone=PHONE, receiver="1", words="STOP")
        self.answers_to_what_came.append(await session.deliver(came, "2603011800"))
        said = Receipt("4F2A", "LAMPLIGHT", PHONE, state, 2, 0)
        while await session.deliver(said, "2603011800") != Status.OK:
            await asyncio.sleep(0.01)


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    made = Operator()
    made.port = await made.server.start("127.0.0.1", 0)
    yield made
    await asyncio.gather(*made._tasks, return_exceptions=True)
    await made.server.stop()


def account(operator: Operator, **given: object) -> Settings:
    known = {
        "smpp_host": "127.0.0.1",
        "smpp_port": operator.port,
        "smpp_system_id": "utility",
        "smpp_password": "secret",
    }
    return load_settings(**(known | given))


async def tried(settings: Settings, wait_s: float = 20.0, words: str = "Test.") -> tuple[bool, list[str]]:
    said: list[str] = []
    return await Trial(settings, PHONE, words, said.append).run(wait_s), said


async def test_each_step_is_said_and_the_number_is_not(operator: Operator) -> None:
    with structlog.testing.capture_logs() as logs:
        taken, said = await tried(account(operator), words="测试")
    assert taken
    assert said == [
        f"By smpp: 127.0.0.1:{operator.port} as utility",
        "Connected.",
        "Sending 2 characters in UCS-2, 1 segment(s).",
        "Taken, as 4F2A.",
        "Waiting 20 s at most for what becomes of it ...",
        "Told by the provider: DELIVRD:000",
        "The operator says: delivered.",
    ]
    assert [(text.phone, text.words) for text in operator.texts] == [(PHONE, "测试")]
    assert "999000" not in repr(logs) + "".join(said)


async def test_what_customers_write_meanwhile_is_not_acknowledged(operator: Operator) -> None:
    await tried(account(operator))
    assert operator.answers_to_what_came
    assert Status.OK not in operator.answers_to_what_came


@pytest.mark.parametrize(
    ("state", "taken"), [("UNDELIV", False), (None, True)], ids=["not delivered", "no receipt in time"]
)
async def test_a_text_is_well_unless_somebody_says_that_it_failed(
    operator: Operator, state: str | None, taken: bool
) -> None:
    operator.receipt = state
    assert (await tried(account(operator), wait_s=20.0 if state else 0.2))[0] is taken


async def test_why_it_could_not_be_sent_is_said_in_words(operator: Operator) -> None:
    taken, said = await tried(account(operator, smpp_password="guess"))
    assert not taken
    assert "LAMPLIGHTER_SMPP_SYSTEM_ID" in said[-1]
    taken, said = await tried(account(operator, smpp_port=free_port(0)))
    assert not taken
    assert "nobody answers at this address" in said[-1]
    operator.status = Status.INVALID_NUMBER
    taken, said = await tried(account(operator))
    assert not taken
    assert "invalidNumber" in said[-1]
    assert len(operator.texts) == 1


async def test_an_exercise_is_refused(operator: Operator) -> None:
    with pytest.raises(SettingsError, match="exercise"):
        await tried(account(operator, exercise=True))


@pytest.mark.parametrize(
    ("phone", "given", "words"),
    [
        (PHONE, {"exercise": True}, "exercise"),
        ("12345678", {}, "international form"),
        ("+12", {}, "international form"),
        (PHONE, {"texts_gateway": "http"}, "http_texts_url"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_starts(
    tmp_path: Path, phone: str, given: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        text_test(load_settings(data_dir=tmp_path / "data", **given), phone, "Test.", 1.0)
    assert not (tmp_path / "data").exists()


async def test_while_lamplighter_runs_it_is_refused(tmp_path: Path) -> None:
    async with Supervisor(tmp_path):
        with pytest.raises(PartError, match="runs on this data folder"):
            text_test(load_settings(data_dir=tmp_path), PHONE, "Test.", 1.0)
