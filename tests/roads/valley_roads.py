"""Small extracts as scripts write them: points by name on a plain of 0.01 degrees, ways between them with their tags."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

from services.network.places import Place
from services.roads.extract import read_ways
from services.roads.graph import RoadGraph, build

WEST, SOUTH = 11.0, 48.0


def place(east: float, north: float, south: float = SOUTH) -> Place:
    """Return a place so many hundredths of a degree east and north of the corner of the plain."""
    return Place(round(WEST + east / 100, 7), round(south + north / 100, 7))


class Map:
    """An extract in the making. A step east is about 744 m, one north 1,112 m."""

    def __init__(self, south: float = SOUTH) -> None:
        self._south = south
        self._points: dict[str, tuple[Place, dict[str, str]]] = {}
        self._ways: list[tuple[int, list[str], dict[str, str]]] = []

    def point(self, name: str, east: float, north: float, **tags: str) -> Map:
        """Put a point onto the map."""
        self._points[name] = place(east, north, self._south), tags
        return self

    def way(self, number: int, points: str, **tags: str) -> Map:
        """Join points by a way, a secondary road unless it is said otherwise; `__` in the name of a tag stands for a colon."""
        told = {"highway": "secondary"} | {name.replace("__", ":"): value for name, value in tags.items()}
        self._ways.append((number, points.split(), told))
        return self

    def at(self, name: str) -> Place:
        """Return where a point lies."""
        return self._points[name][0]

    def xml(self) -> str:
        """Return the extract."""
        number = {name: each for each, name in enumerate(self._points, start=1)}
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="by hand">']
        for name, (at, tags) in self._points.items():
            lines.append(
                f'<node id="{number[name]}" version="1" lat="{at.lat:.7f}" lon="{at.lon:.7f}">{_tags(tags)}</node>'
            )
        for way, points, tags in self._ways:
            refs = "".join(f'<nd ref="{number.get(point, 999_999)}"/>' for point in points)
            lines.append(f'<way id="{way}" version="1">{refs}{_tags(tags)}</way>')
        return "\n".join([*lines, "</osm>", ""])

    def write(self, path: Path) -> Path:
        """Write the extract into a file."""
        path.write_text(self.xml(), encoding="utf-8")
        return path

    def graph(self, folder: Path) -> RoadGraph:
        """Return the roads, read from a file in this folder."""
        return build(read_ways(self.write(folder / "map.osm")))


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def square(south: float = SOUTH) -> Map:
    """Return four corners joined by roads around, each side 4 steps long: A south-west, B south-east, C north-east, D north-west.

    Way 1 A to B, 2 B to C, 3 C to D, 4 D to A.
    """
    made = Map(south).point("A", 0, 0).point("B", 4, 0).point("C", 4, 4).point("D", 0, 4)
    return made.way(1, "A B").way(2, "B C").way(3, "C D").way(4, "D A")
