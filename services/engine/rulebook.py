"""Which edition of its rules each stage decides by, so that a replay knows which decisions are its own to repeat.

The promise is that a stage decides the same again on the same facts, byte for byte. A later program may decide otherwise, or keep
more in its state; then the old decisions stand, and are not decided again by rules that they never knew. **Whoever changes
what a stage decides, or what its entities hold, raises its edition.** `tests/database/test_upgrade.py` notices: it replays what
the first released program decided.

The first turn that a new edition decides of a shard keeps the state it found (`replay_base`); a replay begins there.
"""

from __future__ import annotations

from collections.abc import Mapping

EDITIONS: Mapping[str, int] = {
    "correlate": 5,  # several hypotheses; questions; estimates learnt from the past; who told us; how many wait for whom
    "dispatch": 5,  # visiting crews; the place of a crew has a time; a plan, the rules as a fact; what a turn costs
    "escalate": 1,
    "notify": 2,  # several ways to a customer; planned work; danger; caps; linked phones; what dispatchers write
    "world": 3,  # the drill's panel; danger by text
}


def edition_of(stage: str) -> int:
    """Return the edition of a stage's rules in this program."""
    return EDITIONS.get(stage, 1)
