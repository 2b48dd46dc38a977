"""What must hold between the files of a utility folder: references, and a normal state that feeds everybody once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.network.places import Place, distance_m
from services.network.tables import BranchKind, GridTables, SwitchType
from services.network.tree import NONE, grow
from services.utility.problems import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.network.tables import BranchRow, CustomerRow, FeederRow, NodeRow
    from services.network.tree import Tree
    from services.utility.reading import Reading

_LINES = frozenset({BranchKind.MV_LINE, BranchKind.LV_LINE, BranchKind.SERVICE})
_ONE_POLE_M = 50
_SWITCH_CODES = frozenset(map(str, SwitchType))


def check_branches(branches: Reading[BranchRow]) -> None:
    """Check what a branch says of itself: the type of a switch, the length of a line, two different ends."""
    for row, line in zip(branches.rows, branches.lines, strict=True):
        if row.kind is BranchKind.SWITCH and row.type_code not in _SWITCH_CODES:
            known = ", ".join(f"{kind} {kind.name.lower()}" for kind in SwitchType)
            branches.note(line, "type_code", Code.UNKNOWN_VALUE, f"{row.type_code!r} is no type of switch: {known}.")
        if row.kind in _LINES and row.length_m is None:
            branches.note(line, "length_m", Code.MISSING_VALUE, "A line must have a length.")
        if row.from_node == row.to_node:
            branches.note(line, "to_node", Code.SELF_LOOP, f"Both ends are at node {row.to_node}.")


def refuse_dangling(
    what: str,
    target: Reading[Any],
    references: Iterable[tuple[Reading[Any], str]],
    where: Callable[[Any], bool] = lambda _: True,
) -> None:
    """Note every cell that names a row which `target` does not have, among the rows that `where` admits.

    A row that was refused counts as there, and where the ids of a file are not all known nothing is said of references
    to it: one cause is not reported a thousand times.
    """
    if not target.ids_known:
        return
    known = {getattr(row, target.form.id or "") for row in target.rows if where(row)} | target.refused
    for reading, column in references:
        for row, line in zip(reading.rows, reading.lines, strict=True):
            name = getattr(row, column)
            if name and name not in known:
                reading.note(line, column, Code.DANGLING, f"There is no {what} {name}.")


def check_references(
    nodes: Reading[NodeRow],
    branches: Reading[BranchRow],
    feeders: Reading[FeederRow],
    customers: Reading[CustomerRow],
) -> None:
    """Check that every node, feeder and transformer that is named is there."""
    ends = ((branches, "from_node"), (branches, "to_node"), (feeders, "source_node"), (customers, "node"))
    refuse_dangling("node", nodes, ends)
    refuse_dangling("feeder", feeders, ((branches, "feeder"), (customers, "feeder")))
    refuse_dangling(
        "transformer",
        branches,
        ((customers, "transformer"),),
        where=lambda row: row.kind is BranchKind.TRANSFORMER,
    )


def check_poles(nodes: Reading[NodeRow]) -> None:
    """Check that the number of a pole stands for one place; nodes on one pole share it."""
    first: dict[str, tuple[Place, int]] = {}
    for row, line in zip(nodes.rows, nodes.lines, strict=True):
        if not row.pole:
            continue
        here = Place(row.lon, row.lat)
        there, known = first.setdefault(row.pole, (here, line))
        if (away_m := distance_m(here, there)) > _ONE_POLE_M:
            sentence = f"Pole {row.pole} is already in line {known}, {away_m:.0f} m from here."
            nodes.note(line, "pole", Code.DOUBLED_ID, sentence)


def check_normal_state(grid: GridTables, branches: Reading[BranchRow], customers: Reading[CustomerRow]) -> None:
    """Check that in normal state no branch closes a loop and every active customer is fed.

    Warns where a customer's feeder or transformer is another one than what feeds it.
    """
    tree = grow(grid)
    line_of = {(row.kind, row.id): line for row, line in zip(branches.rows, branches.lines, strict=True)}
    for index in tree.closing:
        row = grid.branches[index]
        ends = {tree.feeder[tree.node_index[node]] for node in (row.from_node, row.to_node)}
        names = " and ".join(grid.feeders[feeder].feeder for feeder in sorted(ends))
        how = "joins the feeders" if len(ends) > 1 else "closes a loop in feeder"
        sentence = f"In normal state {row.kind} {row.id} {how} {names}; one branch of it must be open."
        branches.note(line_of[row.kind, row.id], "normal_state", Code.LOOP, sentence)
    if tree.closing:
        return
    transformer_of = _transformers(grid, tree)
    for customer, line in zip(customers.rows, customers.lines, strict=True):
        at = tree.node_index.get(customer.node)
        if at is None:
            continue  # noted as dangling
        if tree.feeder[at] == NONE:
            who = "customer" if customer.active else "inactive customer"
            sentence = f"In normal state nothing feeds the {who} {customer.customer} at node {customer.node}."
            customers.note(line, "node", Code.UNFED, sentence, warning=not customer.active)
            continue
        feeder = grid.feeders[tree.feeder[at]].feeder
        if feeder != customer.feeder:
            sentence = f"Feeder {feeder} feeds the customer, not {customer.feeder}."
            customers.note(line, "feeder", Code.FEEDER_DIFFERS, sentence, warning=True)
        if transformer_of[at] != customer.transformer:
            named = customer.transformer or "none"
            sentence = f"Transformer {transformer_of[at] or 'none'} feeds the customer, not {named}."
            customers.note(line, "transformer", Code.TRANSFORMER_DIFFERS, sentence, warning=True)


def _transformers(grid: GridTables, tree: Tree) -> list[str]:
    """Return for every node the nearest transformer that feeds it, empty where none does."""
    nearest = [""] * len(grid.nodes)
    for node in tree.order:
        if tree.parent[node] == NONE:
            continue
        branch = grid.branches[tree.via[node]]
        nearest[node] = branch.id if branch.kind is BranchKind.TRANSFORMER else nearest[tree.parent[node]]
    return nearest
