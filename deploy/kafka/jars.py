"""The jars of Apache Kafka, pinned one by one with their SHA-256 in `jars.lock`, fetched once per user.

A resolver is not asked which jars belong together: the list was made once, by the build tool of the project's own
ecosystem, and jgo only fetches what it names.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.parts import PartError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("jars.lock")
_AT_ONCE = 8
_TIMEOUT_S = 60


def jars_folder(cache: Path) -> Path:
    """Return the folder of the jars of this lock file; it exists only when it is complete."""
    return cache / f"jars-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"


def fetch_jars(cache: Path) -> Path:
    """Fetch and verify what is not there yet, and return the folder. Two starts at once fetch once.

    Raises PartError when a jar cannot be had or is not the pinned one.
    """
    folder = jars_folder(cache)
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "jars.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as place:
                _fetch_all(Path(place))
                (Path(place) / "jars").rename(folder)
    return folder


def fetch_one(place: Path) -> str:
    """Fetch the smallest proof that jars can be had, into an empty folder, and return its coordinate.

    Raises PartError when it cannot be had.
    """
    digest, coordinate = _pinned()[0]
    _fetch(_context(place), place, digest, coordinate)
    return coordinate


def _pinned() -> list[tuple[str, str]]:
    """Return digest and coordinate of every jar."""
    lines = LOCK.read_text(encoding="ascii").splitlines()
    return [(digest, coordinate) for digest, coordinate in (line.split() for line in lines)]


def _context(place: Path) -> MavenContext:
    from jgo.maven import MavenContext  # noqa: PLC0415 (only the very first start needs it)

    return MavenContext(repo_cache=place / "repository", timeout=_TIMEOUT_S)


def _fetch_all(place: Path) -> None:
    (place / "jars").mkdir()
    context = _context(place)
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda pin: _fetch(context, place / "jars", *pin), _pinned()):
            pass


def _fetch(context: MavenContext, folder: Path, digest: str, coordinate: str) -> None:
    group, artifact, version = coordinate.split(":")
    try:
        found = Path(context.project(group, artifact).at_version(version).artifact().resolve())
    except Exception as problem:  # the resolver raises whatever its parts raise
        raise PartError(f"{coordinate} cannot be fetched: {problem}") from problem
    if hashlib.sha256(found.read_bytes()).hexdigest() != digest:
        raise PartError(f"{coordinate} was fetched with another content than the pinned one, and is refused")
    shutil.copyfile(found, folder / f"{artifact}-{version}.jar")
