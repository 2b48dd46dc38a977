"""The files of the grid: nodes, branches, feeders, customers."""

from __future__ import annotations

from services.network.tables import BranchKind, BranchRow, CustomerRow, FeederRow, NodeRow, Tier
from services.utility import cells
from services.utility.columns import Column, FileForm, optional

_LONGEST_LINE_M = 200_000
_MOST_RATED = 10_000_000
_MOST_KVA = 1_000_000
_MOST_KV = 1_500

LON = Column("lon", cells.longitude)
LAT = Column("lat", cells.latitude)
TIERS = {tier.value: tier for tier in Tier}
_YES_NO = {"1": True, "0": False}

NODES: FileForm[NodeRow] = FileForm(
    name="nodes.csv",
    id="node",
    row=NodeRow,
    columns=(Column("node", cells.identifier), LON, LAT, optional("pole", cells.or_else("", cells.identifier))),
    unique=(("node",),),
)
BRANCHES: FileForm[BranchRow] = FileForm(
    name="branches.csv",
    id="id",
    row=BranchRow,
    columns=(
        Column("id", cells.branch_id),
        Column("kind", cells.one_of({kind.value: kind for kind in BranchKind})),
        Column("from_node", cells.identifier),
        Column("to_node", cells.identifier),
        Column("normal_state", cells.one_of({"closed": True, "open": False})),
        Column("phases", cells.phases),
        Column("length_m", cells.or_else(None, cells.number(0, _LONGEST_LINE_M, "metres")), may_be_empty=True),
        Column("type_code", cells.words, may_be_empty=True),
        Column("rating", cells.words, may_be_empty=True),
        Column("feeder", cells.identifier),
        optional("rated", cells.or_else(None, cells.above_zero(_MOST_RATED, "amperes or kVA"))),
        optional("device_number", cells.or_else("", cells.identifier)),
        optional(
            "telemetered", cells.or_else(default=False, parse=cells.one_of(_YES_NO)), "0: no device tells its state"
        ),
    ),
    unique=(("kind", "id"), ("device_number",)),
)
FEEDERS: FileForm[FeederRow] = FileForm(
    name="feeders.csv",
    id="feeder",
    row=FeederRow,
    columns=(
        Column("feeder", cells.identifier),
        Column("name", cells.words),
        Column("substation", cells.identifier),
        Column("source_node", cells.identifier),
        LON,
        LAT,
        optional("region", cells.or_else("R1", cells.identifier), "R1: all is dispatched as one"),
        optional("kv", cells.or_else(None, cells.above_zero(_MOST_KV, "kV"))),
    ),
    unique=(("feeder",), ("source_node",)),
)
CUSTOMERS: FileForm[CustomerRow] = FileForm(
    name="customers.csv",
    id="customer",
    row=CustomerRow,
    columns=(
        Column("customer", cells.identifier),
        Column("node", cells.identifier),
        Column("transformer", cells.or_else("", cells.identifier), may_be_empty=True),
        Column("feeder", cells.identifier),
        Column("level", cells.one_of({"LV": "LV", "MV": "MV"})),
        Column("class", cells.words),
        Column("active", cells.one_of(_YES_NO)),
        optional("connected_on", cells.or_else(None, cells.date)),
        optional("meter", cells.or_else("", cells.identifier)),
        optional("phones", cells.several(cells.phone), "none: nobody can be told"),
        optional("service_point", cells.or_else("", cells.identifier)),
        optional("phases", cells.or_else("", cells.phases)),
        optional("kva", cells.or_else(None, cells.number(0, _MOST_KVA, "kVA"))),
        optional("tier", cells.or_else(Tier.RESIDENTIAL, cells.one_of(TIERS)), "residential"),
        optional("language", cells.or_else("", cells.language)),
        optional("consent", cells.or_else(default=True, parse=cells.one_of(_YES_NO)), "1: everybody wants texts"),
        optional("life_support", cells.or_else(default=False, parse=cells.one_of(_YES_NO)), "0: nobody"),
    ),
    unique=(("customer",), ("meter",), ("service_point",)),
)
