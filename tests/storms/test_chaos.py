"""The proof by kills, as the bench does it: three runs, and the mechanism broken on purpose must be noticed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings, load_settings
from tests.benchmarks import chaos
from tests.faults.mutants import MUTANTS


@pytest.fixture
def rig_settings() -> Iterator[Settings]:
    """Settings with a data folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-chaos-"))
    folder.chmod(0o711)
    yield load_settings(data_dir=folder)
    shutil.rmtree(folder, ignore_errors=True)


async def test_whatever_is_killed_the_storm_ends_the_same(rig_settings: Settings) -> None:
    result = await chaos.bench(rig_settings, "tiny", seed=2, runs=3)
    assert result["failures"] == []
    assert result["figures"]["runs_equal"] == 3
    killed = {harm["kind"] for run in result["runs"] for harm in run["harmed"]}
    assert set(chaos.KINDS) <= killed


async def test_mechanisms_broken_on_purpose_are_noticed(rig_settings: Settings) -> None:
    found = await chaos.noticed(rig_settings, "tiny", seed=1)
    assert found == dict.fromkeys((mutant.name for mutant in MUTANTS), True)
