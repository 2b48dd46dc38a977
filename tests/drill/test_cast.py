"""What the drill makes is the same each time, is spread, and reaches nobody."""

from __future__ import annotations

import pytest

from services.drill import cast
from services.drill.storms import SMALL
from services.network import Network, distance_m
from services.utility.folder import EXAMPLE, read_folder


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(read_folder(EXAMPLE).grid)


def test_nine_in_ten_get_a_number_that_nobody_can_have_and_none_is_given_twice(network: Network) -> None:
    everybody = [customer.id for customer in network.customers]
    given = cast.phones(network, everybody)
    assert 0.87 < len(given) / len(everybody) < 0.93
    assert len(set(given.values())) == len(given)
    assert all(number.startswith("+999") and len(number) == 14 for number in given.values())
    assert given == cast.phones(network, everybody[::-1])


def test_a_share_of_numbers_stands_for_several_premises_where_the_storm_wants_it(network: Network) -> None:
    everybody = [customer.id for customer in network.customers]
    given = cast.phones(network, everybody, shared=0.03)
    alone = len(given) - len(set(given.values()))
    assert 0.02 < alone / len(given) < 0.04
    assert given == cast.phones(network, everybody[::-1], shared=0.03)


def test_some_are_told_from_others_where_the_utility_does_not(network: Network) -> None:
    tiers = cast.tiers(network)
    assert {tier for tier, _ in tiers.values()} == {"commercial", "important", "residential"}
    assert 0 < sum(life_support for _, life_support in tiers.values()) < 60


def test_a_few_numbers_are_trouble_for_the_operator(network: Network) -> None:
    numbers = cast.phones(network, [customer.id for customer in network.customers]).values()
    trouble = [number for number in numbers if int(number[-2:]) in cast.TROUBLE]
    assert 0.01 < len(trouble) / len(numbers) < 0.05


def test_depots_lie_far_from_each_other_and_crews_are_dealt_out_evenly(network: Network) -> None:
    depots = cast.depots(network)
    apart = [distance_m(a.place, b.place) for a in depots for b in depots if a.id < b.id]
    widest = max(distance_m(a.place, b.place) for a in network.devices for b in network.devices[:50])
    assert len(depots) == 4
    assert min(apart) > widest / 4
    crews = cast.crews(16, [depot.id for depot in depots])
    assert [len(crew.skills) for crew in crews].count(1) == 6, "six do service work only"
    assert all("service" in crew.skills for crew in crews)
    homes = [crew.depot for crew in crews[:8]]
    assert sorted(homes) == ["D1", "D1", "D2", "D2", "D3", "D3", "D4", "D4"]


def test_no_two_large_customers_can_be_hit_by_one_fault(network: Network) -> None:
    for seed in range(10):
        first, second = (network.customer_device(each.customer) for each in cast.accounts(network, SMALL, seed))
        common = network.lowest_common([first, second])
        assert common is None or network.count_behind(common) > cast.MOST_BEHIND_A_FAULT
