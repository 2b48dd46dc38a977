"""In a whole drill somebody is asked, answers by the truth, and the answer changes what is believed to have failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.ids import derived
from services.drill.prepare import prepare
from services.network import Network
from services.outages.asking import SURE_PERMILLE
from services.outages.questions import AskingSet, Mode
from services.utility import store as utility_store
from tests.drill.closed_loop import LOW, ClosedLoop, Happened

if TYPE_CHECKING:
    from services.engine.taking import Connection

DAY_MS = 86_400_000
OFF = AskingSet(mode=Mode.OFF, pings_per_minute=0, texts_per_hour=0)
TEXTS = AskingSet(mode=Mode.STORM, pings_per_minute=0, texts_per_hour=200)


async def played(utility: Connection, network: Network, asking: AskingSet) -> ClosedLoop:
    loop = await ClosedLoop.of(utility, network, asking, dark=True)
    loop.play(until=loop.scenario.starts_at + 9 * DAY_MS)
    return loop


@pytest.mark.parametrize("asking", [LOW, TEXTS], ids=["by meter", "by text"])
async def test_somebody_is_asked_and_the_answer_changes_what_is_believed(
    utility: Connection, asking: AskingSet
) -> None:
    await prepare(utility, storm="small", seed=7, utility="example")
    network = Network((await utility_store.load(utility)).grid)
    silent = (await played(utility, network, OFF)).seen
    asked = (await played(utility, network, asking)).seen
    assert silent.questions == {}
    assert asked.questions
    about = {question.incident for question in asked.questions.values()}
    answered = {row.incident for key, row in asked.questions.items() if derived("pinged", key) in asked.reports}
    if asking is LOW:
        assert answered == about, "the head-end reports of every ping"
    else:
        assert any(reason in {"saidOn", "saidOff"} for *_, reason in asked.journal)
    assert any(asked.believed[incident] != silent.believed.get(incident) for incident in about)
    both = sorted(about & silent.believed.keys())
    assert sum(sure_at(asked, incident) for incident in both) < sum(sure_at(silent, incident) for incident in both)


def sure_at(seen: Happened, incident: str) -> int:
    """Return when it was first known what had failed (ms), the end of all that was believed if it never was."""
    believed = seen.believed[incident]
    sure = [at for at, ranked in believed if ranked and ranked[0].permille >= SURE_PERMILLE]
    return sure[0] if sure else believed[-1][0]
