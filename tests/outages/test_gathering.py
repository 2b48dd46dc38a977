"""Which reports speak of one moment."""

from __future__ import annotations

from services.outages.entities import Pending
from services.outages.gathering import HOLD_MS, Cluster, clusters
from tests.outages.town import town

NETWORK = town()


def pending(customer: str, *, gasp: int | None = None, call: int | None = None, heard: int = 50_000) -> Pending:
    return Pending(
        id=customer,
        device=NETWORK.customer_device(customer),
        heard_at=heard,
        gasp_at=gasp,
        call_at=call,
        reports=("r",),
    )


def shape(found: list[Cluster]) -> list[tuple[str, bool, int, list[str]]]:
    return [(c.feeder, c.metered, c.start, sorted(member.id for member in c.members)) for c in found]


def test_meters_that_lost_voltage_together_are_one_cluster_and_later_ones_another() -> None:
    found = clusters(NETWORK, [pending("T11-1", gasp=0), pending("T12-1", gasp=9_000), pending("T31-1", gasp=90_000)])
    assert shape(found) == [("F1", True, 0, ["T11-1", "T12-1"]), ("F1", True, 90_000, ["T31-1"])]


def test_feeders_are_apart() -> None:
    found = clusters(NETWORK, [pending("T11-1", gasp=0), pending("T41-1", gasp=0)])
    assert [cluster.feeder for cluster in found] == ["F1", "F2"]


def test_a_call_belongs_to_the_last_loss_before_it() -> None:
    found = clusters(NETWORK, [pending("T11-1", gasp=0), pending("T12-1", gasp=90_000), pending("T31-1", call=100_000)])
    assert shape(found)[1] == ("F1", True, 90_000, ["T12-1", "T31-1"])


def test_calls_without_any_loss_are_a_cluster_of_their_own() -> None:
    found = clusters(NETWORK, [pending("T11-1", call=5_000), pending("T12-1", gasp=90_000)])
    assert shape(found) == [("F1", True, 90_000, ["T12-1"]), ("F1", False, 5_000, ["T11-1"])]


def test_a_cluster_is_due_when_its_first_report_was_held_long_enough() -> None:
    found = clusters(NETWORK, [pending("T11-1", gasp=0, heard=45_000), pending("T12-1", gasp=0, heard=70_000)])
    assert [cluster.due_at for cluster in found] == [45_000 + HOLD_MS]
