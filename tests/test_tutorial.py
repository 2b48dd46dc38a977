"""The files of the tutorial are a utility as it says."""

from __future__ import annotations

import re
from pathlib import Path

from services.network import Network
from services.utility.folder import read_folder

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```csv\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_folder_of_the_tutorial_is_imported_without_a_problem(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"`village/(\w+\.csv)`", page)
    blocks = BLOCK.findall(page)
    assert len(named) == len(blocks)
    for name, block in zip(named, blocks, strict=True):
        (tmp_path / name).write_text(block, encoding="utf-8")
    folder = read_folder(tmp_path)
    network = Network(folder.grid)
    assert network.count_behind("switch:CB1") == 12
    assert network.customers_behind("switch:FB") == ("C05", "C06", "C07", "C08")
    assert [crew.crew for crew in folder.crews] == ["North", "Van"]
    assert [account.account for account in folder.accounts] == ["DAIRY"]
