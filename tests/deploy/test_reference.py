"""The pages of docs/reference are what the sources say."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.reference import FOLDER, PAGES
from schemas.topics import TOPICS
from services.dispatch.reasons import Reason


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_committed_page_is_the_generated_text(checkout: Path, name: str) -> None:
    committed = (checkout / FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "run: python -m deploy.reference"


def test_every_topic_and_every_event_on_it_is_described() -> None:
    page = PAGES["topics.md"]()
    for topic in TOPICS.values():
        assert f"| `{topic.name}` |" in page
        for event in topic.events:
            assert page.count(f"## `{event.__struct_config__.tag}`") == 1


def test_a_reason_stands_with_its_sentence() -> None:
    page = PAGES["reasons.md"]()
    assert "| `unknownOrder` | A status or an action about an order that was never given, or" in page
    assert all(f"| `{reason.value}` |" in page for reason in Reason)
