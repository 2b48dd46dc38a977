"""What is kept of benches, and the page that is made from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy import benches
from services.settings import SettingsError

BENCH = """
import json
def main(argv):
    result = {"name": "toy", "machine": "any", "date": "2026-01-02", "figures": {"rows": 1234567, "share": 0.98765, "words": argv},
              "goals": [{"name": "rows", "goal": ">= 1", "value": 1234567, "met": True},
                        {"name": "share", "goal": ">= 1", "value": 0.98765, "met": False}]}
    print(json.dumps(result))
    return 1
"""


def test_the_page_of_the_project_is_made_from_what_was_kept(checkout: Path) -> None:
    page = (checkout / benches.PAGE).read_text(encoding="utf-8")
    assert page == benches.page(checkout / benches.KEPT)


def test_a_bench_that_is_kept_is_on_the_page_with_its_command_and_its_goals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tests" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "toy_of_this_test.py").write_text(BENCH)
    (tmp_path / "docs").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))  # `tests` has no __init__.py: both folders are one package
    assert benches.run(tmp_path, "toy_of_this_test", ["--rows", "2"], keep=True) == 1
    kept = json.loads((tmp_path / benches.KEPT / "toy_of_this_test.json").read_text())
    assert kept["command"] == "./lamplighter bench toy_of_this_test --rows 2 --json"
    page = (tmp_path / benches.PAGE).read_text()
    assert "| rows | 1,234,567 |" in page
    assert "| share | >= 1 | 0.9877 | **no** |" in page


def test_a_bench_that_there_is_not_is_told_with_those_there_are(checkout: Path) -> None:
    with pytest.raises(SettingsError, match="chaos"):
        benches.run(checkout, "nothing", [], keep=False)
