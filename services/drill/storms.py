"""The storms there are: how many faults of which size, how much else happens, and over how long."""

from __future__ import annotations

from services.drill.plans import Slot, Storm, WindowSlot

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

TINY = Storm(
    name="tiny",
    slots=(Slot(low=25, high=90, nested=1), Slot(low=8, high=40)),
    windows=(
        WindowSlot(starts_ms=4 * MINUTE, ends_ms=44 * MINUTE, completed_ms=34 * MINUTE, low=8, high=60),
    ),
    accounts=1,
    crews=4,
    pace=0.3,
    spread_ms=4 * MINUTE,
    nested_after_s=(90, 240),
    most_behind_one=600,
    most_behind_all=1500,
)  # fmt: skip
SMALL = Storm(
    name="small",
    slots=(
        Slot(low=200, high=600, nested=1, main=True),
        Slot(low=60, high=200, nested=1),
        Slot(low=30, high=120, nested=1),
        Slot(low=25, high=80, dark=True),
        Slot(low=60, high=150),
        Slot(low=30, high=90),
        Slot(low=15, high=60),
        Slot(low=15, high=60),
        Slot(low=6, high=30),
        Slot(low=3, high=15),
        Slot(low=2, high=8),
        Slot(low=1, high=2),
    ),
    windows=(
        WindowSlot(starts_ms=15 * MINUTE, ends_ms=115 * MINUTE, completed_ms=105 * MINUTE, low=10, high=80),
    ),
    accounts=2,
    crews=8,
    pace=0.8,
    spread_ms=50 * MINUTE,
    nested_after_s=(120, 420),
    most_behind_one=600,
    most_behind_all=1500,
)  # fmt: skip
LARGE = Storm(
    name="large",
    slots=(
        *(Slot(low=150, high=650, nested=3, main=True) for _ in range(3)),
        *(Slot(low=20, high=120, nested=1) for _ in range(16)),
        *(Slot(low=25, high=80, dark=True) for _ in range(3)),
        *(Slot(low=15, high=90) for _ in range(18)),
        *(Slot(low=3, high=30) for _ in range(19)),
        *(Slot(low=1, high=2) for _ in range(6)),
    ),
    windows=(
        WindowSlot(starts_ms=20 * MINUTE, ends_ms=120 * MINUTE, completed_ms=110 * MINUTE, low=10, high=80),
        WindowSlot(starts_ms=50 * MINUTE, ends_ms=150 * MINUTE, completed_ms=210 * MINUTE, low=10, high=80),
        WindowSlot(
            starts_ms=180 * MINUTE, ends_ms=260 * MINUTE, completed_ms=260 * MINUTE, low=10, high=80, cancelled=True
        ),
    ),
    accounts=6,
    crews=16,
    pace=0.5,
    spread_ms=6 * HOUR,
    nested_after_s=(120, 900),
    most_behind_one=700,
    most_behind_all=4200,
    hazards=15,
    blinks=4,
    rough=True,
    begins_ms=12 * HOUR,
)
CALM = Storm(
    name="calm",
    slots=(
        Slot(low=60, high=200),
        *(Slot(low=15, high=80) for _ in range(3)),
        *(Slot(low=1, high=15) for _ in range(2)),
    ),
    windows=tuple(
        WindowSlot(
            starts_ms=day * DAY + 14 * HOUR,
            ends_ms=day * DAY + 18 * HOUR,
            completed_ms=day * DAY + 17 * HOUR,
            low=10,
            high=80,
        )
        for day in (1, 3, 5)
    ),
    accounts=6,
    crews=16,
    pace=1.2,
    spread_ms=6 * DAY,
    nested_after_s=(120, 900),
    most_behind_one=600,
    most_behind_all=1500,
    hazards=2,
    planned=True,
    lasts_ms=7 * DAY,
)
STORMS: dict[str, Storm] = {storm.name: storm for storm in (TINY, SMALL, LARGE, CALM)}
"""The storms by name."""
