"""A road graph as bytes, to be kept, and back."""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np

from services.roads.graph import Array, RoadGraph

_HEAD = struct.Struct("<8sIII")
_NAME = b"roads.1\n"
_ARRAYS = (
    ("tail", "<i4"),
    ("head", "<i4"),
    ("way", "<i8"),
    ("forward", "u1"),
    ("backward", "u1"),
    ("stops", "u1"),
    ("first", "<i4"),
    ("lon", "<i4"),
    ("lat", "<i4"),
    ("along", "<i4"),
)


class UnknownForm(Exception):
    """Bytes that this program does not read as roads."""


def digest(graph: RoadGraph) -> str:
    """Return the SHA-256 of the roads, hexadecimal: the same roads have the same one, however they are compressed."""
    return hashlib.sha256(_plain(graph)).hexdigest()


def pack(graph: RoadGraph) -> bytes:
    """Return the roads as bytes: numbers as they follow one another differ little, so their differences are compressed."""
    return zlib.compress(_plain(graph), level=6)


def unpack(body: bytes) -> RoadGraph:
    """Return the roads that were packed. Raises `UnknownForm`."""
    try:
        plain = zlib.decompress(body)
        name, junctions, stretches, points = _HEAD.unpack_from(plain)
    except (zlib.error, struct.error) as broken:
        raise UnknownForm(f"not the form of roads: {broken}") from broken
    if name != _NAME:
        raise UnknownForm(f"the form {name!r} of roads")
    counts = {"first": stretches + 1, "lon": points, "lat": points, "along": points}
    at, found = _HEAD.size, {}
    for field, kind in _ARRAYS:
        count = counts.get(field, stretches)
        found[field] = _whole(np.frombuffer(plain, dtype=kind, count=count, offset=at))
        at += found[field].nbytes
    return RoadGraph(junctions=junctions, **found)


def _plain(graph: RoadGraph) -> bytes:
    head = _HEAD.pack(_NAME, graph.junctions, graph.stretches, len(graph.lon))
    return head + b"".join(_steps(getattr(graph, field).astype(kind)).tobytes() for field, kind in _ARRAYS)


def _steps(numbers: Array) -> Array:
    """Return each number less the one before it; in whole numbers of a fixed size nothing is lost by that."""
    steps = numbers.copy()
    steps[1:] -= numbers[:-1]
    return steps


def _whole(steps: Array) -> Array:
    numbers: Array = np.cumsum(steps, dtype=steps.dtype)
    return numbers
