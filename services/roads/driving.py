"""Where a crew's vehicle can drive, and how fast: what the tags of a way or a node of OpenStreetMap say about it.

A crew drives where its customers' wires are: on private roads, on tracks and behind gates, though slowly. What is forbidden to
every vehicle, or stopped by bollards, it does not pass.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

USUAL_KM_H: Mapping[str, int] = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 80,
    "trunk_link": 40,
    "primary": 65,
    "primary_link": 35,
    "secondary": 58,
    "secondary_link": 30,
    "tertiary": 45,
    "tertiary_link": 25,
    "unclassified": 30,
    "residential": 25,
    "road": 20,
    "service": 15,
    "track": 15,
    "living_street": 8,
}
"""Mean speed by class of road (`highway`), km/h; other classes are not for vehicles.

The figures lie between the defaults that two widely used open routing programs publish for cars, in this order of motorway, trunk,
primary, secondary, tertiary, unclassified and service: OSRM's 90, 85, 65, 55, 40, 25, 15 and GraphHopper's 100, 70, 65, 60, 50,
30, 20. They are means over whole roads, bends and villages included, well below what is allowed.
"""

MOST_KM_H = 90
"""What a truck does on the best road: the speed limiter of the European Union's directive 92/6/EEC."""

CAREFUL_KM_H = 20
"""On private, agricultural and forestry roads: a gate is opened, an animal stands there, and nobody hurries through a farm."""

_GRADES = {"grade1": 25, "grade2": 20, "grade3": 15, "grade4": 10, "grade5": 6}
_SURFACES = {
    "compacted": 40,
    "fine_gravel": 35,
    "gravel": 30,
    "pebblestone": 25,
    "unpaved": 25,
    "cobblestone": 30,
    "unhewn_cobblestone": 20,
    "ground": 15,
    "dirt": 15,
    "earth": 15,
    "grass": 10,
    "grass_paver": 20,
    "sand": 8,
    "mud": 6,
}
"""The most that a surface lets a truck do, km/h. One that is not named here is no hindrance."""

_SMOOTHNESS = {"bad": 30, "very_bad": 15, "horrible": 8, "very_horrible": 5, "impassable": 0}
_ACCESS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""The keys that say who may drive, the most particular one first: it alone counts."""
_FORBIDDEN = frozenset({"no", "emergency", "military"})
_CAREFULLY = frozenset({"private", "agricultural", "forestry", "delivery", "customers", "permit"})
_ONE_WAY = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})
_CIRCLES = frozenset({"roundabout", "circular"})
_NO_STOP = frozenset({"motorway", "motorway_link"})
_BARRIERS = frozenset(
    [
        "bollard",
        "block",
        "jersey_barrier",
        "cycle_barrier",
        "motorcycle_barrier",
        "kissing_gate",
        "stile",
        "log",
        "debris",
    ]
)
_OPEN = frozenset({"yes", "permissive", "destination", "private", "delivery", "permit", "customers"})
_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?$")
_ZONE = re.compile(r"(?:^|:)zone:?(\d+)$")
_KM_A_MILE = 1.609344
_WALK_KM_H = 7
_URBAN_KM_H = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Driven:
    """How fast a way is driven in its direction and against it, km/h (0: not), and whether a crew can stop anywhere along it."""

    forward_km_h: int
    backward_km_h: int
    stops: bool


def driven(tags: Mapping[str, str]) -> Driven | None:
    """Return how a way with these tags is driven, None for one on which no crew drives."""
    kind = tags.get("highway", "")
    usual = USUAL_KM_H.get(kind)
    if usual is None or tags.get("area") == "yes":
        return None
    permission = next((tags[key] for key in _ACCESS if key in tags), "yes")
    if all(word in _FORBIDDEN for word in _words(permission)):
        return None
    most = min(
        MOST_KM_H,
        _GRADES.get(tags.get("tracktype", ""), MOST_KM_H) if kind == "track" else MOST_KM_H,
        _SURFACES.get(tags.get("surface", ""), MOST_KM_H),
        _SMOOTHNESS.get(tags.get("smoothness", ""), MOST_KM_H),
        CAREFUL_KM_H if all(word in _CAREFULLY for word in _words(permission)) else MOST_KM_H,
    )
    if kind == "track" and "tracktype" in tags:
        usual = max(usual, most)  # a grade is the better word: a paved track is driven faster than tracks are
    forward, backward = _directions(tags, kind)
    speeds = [
        min(usual, most, _limit(tags, direction)) if goes else 0
        for direction, goes in (("forward", forward), ("backward", backward))
    ]
    if not any(speeds):
        return None
    return Driven(speeds[0], speeds[1], stops=kind not in _NO_STOP and tags.get("tunnel", "no") == "no")


def stopped(tags: Mapping[str, str]) -> bool:
    """Answers whether a node with these tags stops a vehicle: a bollard does, a gate is opened."""
    if tags.get("barrier") not in _BARRIERS:
        return False
    permission = next((tags[key] for key in _ACCESS if key in tags), "no")
    return not any(word in _OPEN for word in _words(permission))


def _words(said: str) -> Iterator[str]:
    return (word.strip() for word in said.split(";"))


def _directions(tags: Mapping[str, str], kind: str) -> tuple[bool, bool]:
    said = next((tags[key] for key in ("oneway:motor_vehicle", "oneway:vehicle", "oneway") if key in tags), None)
    if said in _BACKWARD:
        return False, True
    if said in _ONE_WAY:
        return True, False
    implied = kind in _NO_STOP or tags.get("junction") in _CIRCLES
    return True, said == "no" or not implied


def _limit(tags: Mapping[str, str], direction: str) -> int:
    """Return the speed limit, km/h; `MOST_KM_H` where none is said. A limit only slows: few roads are driven at theirs.

    Of several limits the lowest one counts.
    """
    said = tags.get(f"maxspeed:{direction}") or tags.get("maxspeed") or tags.get("source:maxspeed") or ""
    return min((_km_h(word) for word in _words(said)), default=MOST_KM_H)


def _km_h(word: str) -> int:
    written = _NUMBER.match(word)
    if written is not None:
        km_h = float(written[1]) * (_KM_A_MILE if written[2] == "mph" else 1)
        return min(MOST_KM_H, max(1, round(km_h)))
    zone = _ZONE.search(word)
    if zone is not None:
        return max(1, int(zone[1]))
    if word.endswith(("walk", "living_street")):
        return _WALK_KM_H
    return _URBAN_KM_H if word.endswith("urban") else MOST_KM_H
