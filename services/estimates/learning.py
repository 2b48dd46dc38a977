"""Learning from what was measured: quantiles by circumstances, as tables of whole numbers. It runs outside the stages.

Gradient boosted trees learn each quantile (pinball loss, scikit-learn). They are checked on measurements that they did not see:
these are divided by storms, so that no storm is on both sides; by how far each quantile was missed there it is moved. What comes
out is a table: for every band of circumstances so many equally likely values.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from schemas.events.estimates import Bounds, Cell, Learnt, Pace, Part
from services.estimates.measuring import LONGEST_S, MOST_PERMILLE, Arrival, Foreseen, Measured, Reach, Repair
from services.outages.estimating import (
    HIGH,
    HOUR_MS,
    LATELY_H,
    LOW,
    REPAIRS_AT_MOST,
    UNKNOWN_CAUSE,
    VISITING,
    cell,
    pace,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Floats = NDArray[np.float64]

LEAST_REPAIRS = 120
"""With fewer repairs nothing is learnt: the figures of device classes hold."""
LEAST_OF_CLASS, LEAST_OF_CAUSE, LEAST_OF_CREW, LEAST_PLANNED, LEAST_OF_USUAL = 15, 25, 10, 60, 10
"""With fewer repairs a class of devices keeps its figures, a cause is none of its own, a crew has no pace of its own."""
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
POINTS = 40
"""So many equally likely values a distribution has."""
FOLDS = 3
SHRINKS = 15
"""A crew's pace counts as if so many usual repairs were among its own."""
OPEN_SHARES, BEFORE_SHARES = (0.35, 0.6, 0.8, 0.93), (0.25, 0.5, 0.7, 0.9)
SIZES = (4, 16, 64, 256)
LATELY_SHARES = (0.15, 0.35, 0.6, 0.85)
PACE_PERMILLE = (650, 800, 930, 1_080, 1_250, 1_500)
WAITED_S = (1_800, 3_600, 7_200, 14_400, 28_800)
WAITING_S = (1_800, 7_200, 25_200)
DRIVE_S, LEAD_S = (600, 1_500), (1_200, 2_400, 4_800, 9_600, 19_200)
"""Where bands meet: of counts after these shares of what was measured; of customers out, and of seconds waited until somebody asks,
waited until a plan named a time, foreseen by an order and foreseen by a plan, at these."""
_NORMAL = statistics.NormalDist()
_SCORES = np.array([_NORMAL.inv_cdf(level) for level in LEVELS])
_POINT_SCORES = np.array([_NORMAL.inv_cdf((place + 0.5) / POINTS) for place in range(POINTS)])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was learnt from so many incidents; without parts too little was measured.

    `covered_permille`: of a thousand repairs that were not seen in learning, so many fell into the interval of eight in ten.
    """

    incidents: int
    bounds: tuple[Bounds, ...] = ()
    parts: tuple[Learnt, ...] = ()
    paces: tuple[Pace, ...] = ()
    covered_permille: int | None = None


def learn(measured: Measured) -> Lesson:
    """Return what is learnt from what was measured; nothing from fewer than `LEAST_REPAIRS` repairs."""
    repairs = _known_classes(measured.repairs)
    if len(repairs) < LEAST_REPAIRS:
        return Lesson(incidents=measured.incidents)
    bounds = {
        "open": _bounds([each.open for each in measured.arrivals], OPEN_SHARES),
        "lately": _bounds([each.lately for each in measured.repairs], LATELY_SHARES),
        "before": _bounds([each.before for each in measured.reaches], BEFORE_SHARES),
        "size": list(SIZES),
        "waited": list(WAITED_S),
        "waiting": list(WAITING_S),
        "drive": list(DRIVE_S),
        "lead": list(LEAD_S),
        "pace": list(PACE_PERMILLE),
    }
    parts, paces, covered = _repairs(repairs, bounds["lately"])
    if measured.reaches:
        bands = {name: bounds[name] for name in ("before", "size", "lately")} | {"waited_s": bounds["waited"]}
        parts.append(_by_bands(Part.REACH, measured.reaches, bands, "took_s", LONGEST_S))
    if measured.arrivals:
        bands = {"under_way": [1], "foreseen_s": bounds["drive"], "open": bounds["open"]}
        parts.append(_by_bands(Part.ARRIVAL, measured.arrivals, bands, "took_permille", MOST_PERMILLE))
    if len(measured.planned) >= LEAST_PLANNED:
        bands = {"foreseen_s": bounds["lead"], "size": bounds["size"], "lately": bounds["lately"]}
        bands["waited_s"] = bounds["waiting"]
        parts.append(_by_bands(Part.PLANNED, measured.planned, bands, "took_permille", MOST_PERMILLE))
    return Lesson(
        incidents=measured.incidents,
        bounds=tuple(Bounds(of=name, at=at) for name, at in sorted(bounds.items())),
        parts=tuple(sorted(parts, key=lambda each: each.part)),
        paces=paces,
        covered_permille=covered,
    )


def _known_classes(repairs: Sequence[Repair]) -> list[Repair]:
    counts = Counter(each.device_class for each in repairs)
    return [each for each in repairs if counts[each.device_class] >= LEAST_OF_CLASS]


def _bounds(counts: Sequence[int], shares: Sequence[float]) -> list[int]:
    """Return where bands meet, so that these shares of the counts lie below."""
    if not counts:
        return []
    found = {int(value) + 1 for value in np.quantile(np.array(counts), shares)}
    return sorted(found)


@dataclasses.dataclass(frozen=True, slots=True)
class _Axis:
    """A circumstance: its name for each band, and what stands for the band in the learning. `named`: its numbers have no order."""

    keys: tuple[str | int, ...]
    stands_for: tuple[float, ...]
    named: bool = False


def _banded(values: Sequence[int], bounds: Sequence[int]) -> _Axis:
    """Return the bands of a count or a time; each is stood for by the median of what was measured in it."""
    array = np.array(values)
    bands = np.searchsorted(np.array(bounds), array, side="right") if len(bounds) else np.zeros(len(array), dtype=int)
    edges = [0, *bounds, (bounds[-1] if bounds else 0) * 2]
    middles = tuple(
        float(np.median(array[bands == band])) if (bands == band).any() else (edges[band] + edges[band + 1]) / 2
        for band in range(len(bounds) + 1)
    )
    return _Axis(tuple(range(len(bounds) + 1)), middles)


def _repairs(repairs: Sequence[Repair], lately: Sequence[int]) -> tuple[list[Learnt], tuple[Pace, ...], int]:
    classes = sorted({each.device_class for each in repairs})
    told = Counter(each.cause for each in repairs)
    causes = [UNKNOWN_CAUSE, *sorted(c for c, n in told.items() if n >= LEAST_OF_CAUSE and c != UNKNOWN_CAUSE)]
    of_class = {each: place for place, each in enumerate(classes)}
    of_cause = {each: place for place, each in enumerate(causes)}
    rows, took, groups, whose = [], [], [], []
    usual = _usual(repairs, causes)
    paces_then = _paces_then(repairs, usual)
    for place, each in enumerate(repairs):
        # As it was before anybody had said why, and as it was after.
        for cause in sorted({UNKNOWN_CAUSE, each.cause} & of_cause.keys()):
            rows.append((of_class[each.device_class], of_cause[cause], each.lately, each.night, each.hazard))
            took.append(each.took_s)
            groups.append(each.group)
            whose.append(place)
    seen = sorted({each.hazard for each in repairs})
    axes = [
        _Axis(tuple(classes), tuple(float(place) for place in range(len(classes))), named=True),
        _Axis(tuple(causes), tuple(float(place) for place in range(len(causes))), named=True),
        _banded([each.lately for each in repairs], lately),
        _Axis((0, 1), (0.0, 1.0)),
        _Axis(tuple(seen), tuple(float(each) for each in seen)),
    ]
    bands = np.array([_pace_band(paces_then[place]) for place in whose])
    circumstances, durations = np.array(rows, dtype=float), np.array(took, dtype=float)
    logarithms = np.log1p(durations)
    off = logarithms - _unseen(axes, circumstances, logarithms, np.array(groups), (0.5,))[:, 0]
    by_band = _by_band(off, bands)
    off -= np.log([by_band.get(band, 1_000) / 1_000 for band in bands.tolist()])
    paces = _paces([repairs[place].crew for place in whose], off)
    factors = [
        by_band.get(band, 1_000) * paces.get(repairs[place].crew, 1_000) / 1e6
        for band, place in zip(bands.tolist(), whose, strict=True)
    ]
    table = _Table(axes, circumstances, durations / np.array(factors), np.array(groups))
    parts = [
        Learnt(part=Part.REPAIR, measured=len(repairs), cells=table.cells(LONGEST_S)),
        Learnt(
            part=Part.USUAL, measured=len(repairs), cells=[Cell(of=of, values=[s]) for of, s in sorted(usual.items())]
        ),
        Learnt(
            part=Part.LATELY,
            measured=len(repairs),
            cells=[Cell(of=str(band), values=[f]) for band, f in sorted(by_band.items())],
        ),
    ]
    return (
        parts,
        tuple(Pace(crew=crew, permille=permille) for crew, permille in sorted(paces.items())),
        table.covered_permille(),
    )


def _usual(repairs: Sequence[Repair], causes: Sequence[str]) -> dict[str, int]:
    """Return what half of the repairs of a class and a cause take at most, seconds."""
    took: dict[str, list[int]] = {}
    for each in repairs:
        for cause in sorted({UNKNOWN_CAUSE, each.cause} & set(causes)):
            took.setdefault(cell(each.device_class, cause), []).append(each.took_s)
    return {
        of: round(statistics.median(each))
        for of, each in took.items()
        if len(each) >= LEAST_OF_USUAL or of.endswith(UNKNOWN_CAUSE)
    }


def _paces_then(repairs: Sequence[Repair], usual: dict[str, int]) -> list[int | None]:
    """Return, for each repair, how long those took that had ended within the hours before it began, thousandths of the usual."""
    by_area: dict[str, list[tuple[int, int]]] = {}
    for each in repairs:
        half = usual.get(cell(each.device_class, each.cause)) or usual[cell(each.device_class, UNKNOWN_CAUSE)]
        by_area.setdefault(each.area, []).append((each.over_at, 1_000 * each.took_s // half))
    found = []
    for each in repairs:
        hour = each.arrived_at // HOUR_MS
        recent = sorted(x for x in by_area[each.area] if x[0] <= each.arrived_at and x[0] // HOUR_MS > hour - LATELY_H)
        found.append(pace([permille for _, permille in recent[-REPAIRS_AT_MOST:]]))
    return found


def _pace_band(permille: int | None) -> int:
    return -1 if permille is None else bisect.bisect_right(PACE_PERMILLE, permille)


def _by_band(off: Floats, bands: NDArray[Any]) -> dict[int, int]:
    """Return how long repairs take, thousandths of the usual, by how those of the hours before went."""
    found = {}
    for band in range(len(PACE_PERMILLE) + 1):
        those = off[bands == band]
        if len(those):
            drawn = float(np.median(those)) * len(those) / (len(those) + SHRINKS)
            found[band] = max(200, min(5_000, round(1_000 * math.exp(drawn))))
    return found


def _by_bands(
    part: Part, measured: Sequence[Reach | Arrival | Foreseen], bands: Mapping[str, Sequence[int]], took: str, most: int
) -> Learnt:
    """Return what is learnt of how long something took, by bands of these circumstances of it (names with where bands meet)."""
    columns = [[getattr(each, name) for each in measured] for name in bands]
    axes = [_banded(values, bounds) for values, bounds in zip(columns, bands.values(), strict=True)]
    table = _Table(
        axes,
        np.array(columns, dtype=float).T,
        np.array([getattr(each, took) for each in measured], dtype=float),
        np.array([each.group for each in measured]),
    )
    return Learnt(part=part, measured=len(measured), cells=table.cells(most))


class _Table:
    """Quantiles of a duration over all combinations of circumstances, learnt in logarithms."""

    def __init__(self, axes: Sequence[_Axis], rows: Floats, took: Floats, groups: NDArray[Any]) -> None:
        self._axes = axes
        self._grid = np.array(list(itertools.product(*(axis.stands_for for axis in axes))))
        self._took = np.log1p(took)
        unseen = _unseen(axes, rows, self._took, groups, LEVELS)
        self._moved = np.array(
            [np.quantile(self._took - unseen[:, place], level) for place, level in enumerate(LEVELS)]
        )
        self.unseen = np.sort(unseen + self._moved, axis=1)
        self._quantiles = np.sort(_fitted(axes, rows, self._took, self._grid, LEVELS) + self._moved, axis=1)

    def covered_permille(self) -> int:
        """Return how many of a thousand measurements fell into the interval of eight in ten, judged without having seen them."""
        low, high = LEVELS.index(LOW / 1_000), LEVELS.index(HIGH / 1_000)
        inside = (self.unseen[:, low] <= self._took) & (self._took <= self.unseen[:, high])
        return round(1_000 * float(inside.mean()))

    def cells(self, most: int) -> list[Cell]:
        """Return the table: between the learnt quantiles and beyond them as on a logarithmic normal distribution."""
        names = [cell(*of) for of in itertools.product(*(axis.keys for axis in self._axes))]
        return [
            Cell(of=name, values=_points(quantiles, most))
            for name, quantiles in sorted(zip(names, self._quantiles, strict=True))
        ]


def _points(quantiles: Floats, most: int) -> list[int]:
    first_score, last_score = _SCORES[0], _SCORES[-1]
    inner = np.interp(_POINT_SCORES, _SCORES, quantiles)
    first = (quantiles[1] - quantiles[0]) / (_SCORES[1] - _SCORES[0])
    last = (quantiles[-1] - quantiles[-2]) / (_SCORES[-1] - _SCORES[-2])
    below, above = first_score > _POINT_SCORES, last_score < _POINT_SCORES
    inner[below] = quantiles[0] + first * (_POINT_SCORES[below] - _SCORES[0])
    inner[above] = quantiles[-1] + last * (_POINT_SCORES[above] - _SCORES[-1])
    return sorted(max(1, min(most, round(float(value)))) for value in np.expm1(inner))


def _unseen(axes: Sequence[_Axis], rows: Floats, took: Floats, groups: NDArray[Any], levels: Sequence[float]) -> Floats:
    """Return quantiles (columns) of every measurement (rows), each learnt from other storms than its own."""
    folds = groups % FOLDS if len(set(groups.tolist())) >= FOLDS else np.arange(len(groups)) % FOLDS
    unseen = np.zeros((len(rows), len(levels)))
    for fold in range(FOLDS):
        out = folds == fold
        if out.any():
            unseen[out] = _fitted(axes, rows[~out], took[~out], rows[out], levels)
    return unseen


def _fitted(axes: Sequence[_Axis], rows: Floats, took: Floats, asked: Floats, levels: Sequence[float]) -> Floats:
    """Return quantiles (columns) for what is asked (rows), learnt from rows and what they took."""
    named = [axis.named for axis in axes]
    found = []
    for level in levels:
        trees = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=level,
            learning_rate=0.1,
            max_iter=60,
            max_leaf_nodes=8,
            min_samples_leaf=max(15, len(rows) // 60),
            categorical_features=named if any(named) else None,
            early_stopping=False,
            random_state=0,
        )
        with threadpool_limits(1):  # so few rows are learnt sooner by one
            found.append(trees.fit(rows, took).predict(asked))
    return np.column_stack(found)


def _paces(crews: Sequence[str], off: Floats) -> dict[str, int]:
    """Return how long crews take against what was expected of their repairs, drawn towards the usual where they are few."""
    by_crew: dict[str, list[float]] = {}
    for crew, by in zip(crews, off.tolist(), strict=True):
        by_crew.setdefault(crew, []).append(by)
        if crew.startswith("visit."):
            by_crew.setdefault(VISITING, []).append(by)
    found = {}
    for crew, each in by_crew.items():
        if len(each) >= LEAST_OF_CREW:
            drawn = statistics.median(each) * len(each) / (len(each) + SHRINKS)
            found[crew] = max(200, min(5_000, round(1_000 * math.exp(drawn))))
    return found
