"""Grids drawn by words for the tests of switching, and what a proposal says in few words.

`TRUNK`: feeder F1 from S1 over CB1 to a, K1 to b, K2 to c; feeder F2 from S2 over CB2 to d; the open tie T1 between c and d.
"""

from __future__ import annotations

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow, Tier
from services.switching.circuit import Circuit
from services.switching.faulted import Fault, Situation
from services.switching.loads import Assumed, Wiring
from services.switching.proposing import Proposal, propose

_CODES = {"CB": "29", "RC": "32", "FU": "22", "K": "19", "T": "19"}
TRUNK = ("CB1 S1 a", "K1 a b", "K2 b c", "CB2 S2 d", "T1! c d")
ACTIVE = True
CONNECTED = Assumed(utilisation_permille=1000)
"""All of the connected load runs at once."""
FOLK = "a:5 b:4 c:3 d:2"


def network(*branches: str, folk: str = FOLK, feeders: str = "F1:S1 F2:S2", kv: float | None = 20.0) -> Network:
    """Return the network of `NAME from to [rated=A] [phases=ABC] [tele]`; `!` behind the name: open in normal state.

    A name that begins with `L` is a line, with `X` a transformer. `folk` says how many customers are at each node, of 10 kVA
    each; a letter after the number makes the first one important (i), large (l) or on life support (s).
    """
    rows, nodes = [], set[str]()
    for words in branches:
        name, start, end, *more = words.split()
        said = dict(word.split("=") for word in more if "=" in word)
        plain = name.rstrip("!")
        kind = {"L": BranchKind.MV_LINE, "X": BranchKind.TRANSFORMER}.get(plain[0], BranchKind.SWITCH)
        code = next((code for prefix, code in _CODES.items() if plain.startswith(prefix)), "")
        rated = float(said["rated"]) if "rated" in said else None
        length = 100.0 if kind is BranchKind.MV_LINE else None
        rows.append(
            BranchRow(
                plain, kind, start, end, not name.endswith("!"), said.get("phases", "ABC"), length, code, "", "F1",
                rated, "", "tele" in more,
            )
        )  # fmt: skip
        nodes |= {start, end}
    fed = [each.split(":") for each in feeders.split()]
    people = []
    for words in folk.split():
        node, count = words.split(":")
        if node not in nodes:
            continue
        number = int(count.rstrip("ils"))
        for n in range(1, number + 1):
            first = count[-1] if n == 1 else ""
            people.append(
                CustomerRow(
                    f"{node}-{n}", node, "", "F1", "LV", "R", ACTIVE, None, f"M-{node}-{n}", kva=10.0,
                    tier={"i": Tier.IMPORTANT, "l": Tier.LARGE}.get(first, Tier.RESIDENTIAL), life_support=first == "s",
                )
            )  # fmt: skip
    places = {node: number for number, node in enumerate(sorted(nodes))}
    return Network(
        GridTables.of(
            [FeederRow(f, f, f"ST{f}", source, 8.0, 50.0, "R1", kv) for f, source in fed],
            [NodeRow(node, 8.0 + number / 100, 50.0) for node, number in places.items()],
            rows,
            people,
        )
    )


def named(device: str) -> str:
    """Return the id of a device of the drawing."""
    kind = {"X": "transformer", "F": "feeder"}.get(device[0], "switch")
    return f"switch:{device}" if device.startswith("FU") else f"{kind}:{device}"


def proposed(
    drawn: Network, device: str, behind: str | None = None, *, assumed: Assumed = CONNECTED, **known: object
) -> Proposal:
    """Return what is proposed after a device was seen to open; `stands` are further positions, as `K1=False`."""
    circuit = Circuit(drawn)
    stands = {named(device): False, **known.pop("stands", {})}  # type: ignore[dict-item]
    situation = Situation(
        fault=Fault(named(device)),
        stands=stands,
        behind=None if behind is None else named(behind),
        **known,  # type: ignore[arg-type]  # fields of a situation
    )
    return propose(circuit, Wiring(circuit, assumed), situation)


def told(proposal: Proposal) -> list[str]:
    """Return the steps as `open K1`, `see K1 CB1`, `close T1 +3`."""
    words = []
    for step in proposal.steps:
        devices = " ".join(each.split(":", 1)[1] for each in step.devices)
        action = "see" if step.action == "verify" else step.action
        back = f" +{step.brings_back.customers}" if step.action == "close" else ""
        words.append(f"{action} {devices}{back}")
    return words


def refused(proposal: Proposal) -> dict[str, str]:
    """Return what could be closed and is not, with the reason."""
    return {each.device.split(":", 1)[1]: each.reason.value for each in proposal.refused}


def left_out(proposal: Proposal) -> dict[str, int]:
    """Return how many stay out, by the reason."""
    return {reason.value: people.customers for reason, people in proposal.left_out.items()}
