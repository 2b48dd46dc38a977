"""Small grids written down as words."""

from __future__ import annotations

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, NodeRow


def grid_of(*branches: str, sources: str = "F:S:f", customers: str = "") -> GridTables:
    """Return a grid from words: `kind[code][!] from to` (! is open), `feeder:substation:node`, `customer@node[-]`."""
    rows = []
    for number, words in enumerate(branches):
        kind, start, end = words.split()
        code = "".join(filter(str.isdigit, kind))
        name = BranchKind(kind.rstrip("!0123456789"))
        length = 10.0 if "line" in kind else None
        rows.append(BranchRow(f"{number}", name, start, end, not kind.endswith("!"), "ABC", length, code, "", "F"))
    feeders = [
        FeederRow(feeder, feeder, substation, node, 11.0, 53.0)
        for feeder, substation, node in (words.split(":") for words in sources.split())
    ]
    people = [
        CustomerRow(name, node.rstrip("-"), "", "F", "LV", "RE1", not node.endswith("-"), None, f"M-{name}")
        for name, node in (words.split("@") for words in customers.split())
    ]
    names = {row.from_node for row in rows} | {row.to_node for row in rows} | {row.source_node for row in feeders}
    return GridTables.of(feeders, [NodeRow(name, 11.0, 53.0) for name in names], rows, people)
