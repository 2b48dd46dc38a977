from __future__ import annotations

import pytest

from tests.notices.gateways.desk import Desk


@pytest.fixture
async def desk() -> Desk:
    return Desk()
