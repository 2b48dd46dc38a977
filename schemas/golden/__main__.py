"""Writes the golden samples of tags that have none yet: `python -m schemas.golden`, from a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas.golden import SAMPLES, fresh


def write_new(folder: Path) -> list[str]:
    """Write the golden files that the folder lacks, and return their names. A file that is there stays as it is."""
    written = []
    for event in SAMPLES:
        for name, content in fresh(event).items():
            path = folder / name
            if not path.exists():
                path.write_bytes(content)
                written.append(name)
    return written


if __name__ == "__main__":
    for new in write_new(Path(__file__).parent):
        sys.stdout.write(f"{new}\n")
