"""The bench of texts runs in small, with every figure that it promises; its witness notices what it is there to notice."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from services.drill.operator_fate import Fate, fate_of
from services.settings import load_settings
from tests.benchmarks import texts
from tests.benchmarks.parts import texts_rows
from tests.benchmarks.parts.texts_world import world

RECIPIENTS = 200


def test_of_a_thousand_phones_ten_are_throttled_and_ten_give_no_clear_answer() -> None:
    made = world("B", 8_000)
    fates = Counter(fate_of(made.phones[customer]) for customer in made.many)
    unclear = {Fate.SILENT, Fate.SILENT_NOT_TAKEN, Fate.MUTE, Fate.CUT, Fate.CUT_NOT_TAKEN}
    assert fates[Fate.THROTTLED] == 80
    assert sum(fates[fate] for fate in unclear) == 80
    assert all(fates[fate] for fate in unclear)
    calm = world("A", 500, 4, 4)
    assert {fate_of(phone) for phone in calm.phones.values()} == {Fate.DELIVERED}
    assert len(set(calm.phones.values())) == 500 + 4 * 5 + 4


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder through which PostgreSQL can walk, whoever runs it."""
    made = Path(tempfile.mkdtemp(prefix="lamplighter-tests-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def test_everything_goes_wrong_and_nothing_is_lost_or_doubled(folder: Path) -> None:
    found = await texts.bench(load_settings(data_dir=folder), RECIPIENTS, 60.0, 120.0, kannel=False)
    figures = found["figures"]
    assert {
        "texts_per_s", "rss_mb_start", "rss_mb_peak", "first_text_p95_s", "safety_p99_s", "doubled", "missing", "unknown",
        "unknown_listed", "resolved", "accounted",
    } <= figures.keys()  # fmt: skip
    assert figures["texts"] == 2 * RECIPIENTS + 4 * 5 + 4
    assert sum(figures["accounted"].values()) == figures["texts"]
    nothing = ("doubled", "missing", "unknown", "strangers", "differing", "not_told", "unaccounted")
    assert {name: figures[name] for name in nothing} == dict.fromkeys(nothing, 0)
    assert figures["audit_broken"] == {}
    assert figures["resolved"].keys() >= {"foundByLookUp", "foundByReceipt"}


async def test_the_witness_sees_what_is_doubled_missing_strange_and_different(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    for key, state in (
        ("good", "done"),
        ("twice", "done"),
        ("lost", "done"),
        ("refused", "failed"),
        ("danger", "done"),
    ):
        await connection.execute(
            """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state)
               VALUES ($1, 'text', 'notify', 'A1', 1, 1, $2, $3)""",
            key,
            f'{{"customer":"C","words":"w","safety":{"true" if key == "danger" else "false"}}}',
            state,
        )
    at_handsets = ["good", "twice", "twice", "refused", "danger", "danger", "nobody's"]
    for number, key in enumerate(at_handsets):
        await connection.execute(
            """INSERT INTO drill.handset_text (operator_id, reference, phone, words, at_ms, outcome)
               VALUES ($1, $2, '+1', $3, 1, 'delivered')""",
            str(number),
            key,
            "other words" if key == "good" else "w",
        )
    found = await texts_rows.compared(connection, {"C": "+1"}, {"C", "D"})
    assert (found.doubled, found.missing, found.differing) == (["twice"], ["lost"], ["good"])
    assert (sorted(found.strangers), found.repeated_for_safety) == (["nobody's", "refused"], 1)
    assert found.undecided == ["C", "D"], "no notice was decided for them"
    assert texts_rows.summed([found, found])["doubled"] == 2
