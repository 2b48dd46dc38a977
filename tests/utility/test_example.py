"""The example utility keeps the rules by which it was frozen."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import statistics
import zoneinfo
from collections import Counter
from pathlib import Path

import pytest

from services.network import BranchKind, DeviceClass, Network, Place, distance_m
from services.network.tables import SwitchType, Tier
from services.utility.folder import EXAMPLE, UtilityFolder, read_folder
from services.utility.freeze_example import Grid, Line, Protected
from services.utility.furnish_example import furnish

WEEK_MIN = 7 * 24 * 60


@pytest.fixture(scope="module")
def example() -> UtilityFolder:
    return read_folder(EXAMPLE)


@pytest.fixture(scope="module")
def network(example: UtilityFolder) -> Network:
    return Network(example.grid)


@pytest.mark.parametrize("kind", [BranchKind.MV_LINE, BranchKind.LV_LINE])
def test_lines_are_drawn_about_as_long_as_they_are(example: UtilityFolder, kind: BranchKind) -> None:
    place = {row.node: Place(row.lon, row.lat) for row in example.grid.nodes}
    lines = [row for row in example.grid.branches if row.kind is kind]
    drawn = sum(distance_m(place[row.from_node], place[row.to_node]) for row in lines)
    assert drawn / sum(row.length_m or 0 for row in lines) == pytest.approx(1, abs=0.15)


def test_every_class_stands_where_its_rule_puts_it(network: Network) -> None:
    above = {
        device.id: network.device(device.parent).device_class if device.parent else None for device in network.devices
    }
    for device in network.devices:
        match device.device_class:
            case DeviceClass.BREAKER:
                assert above[device.id] is None
            case DeviceClass.RECLOSER:
                assert above[device.id] in {DeviceClass.BREAKER, DeviceClass.RECLOSER}
                assert network.count_behind(device.id) >= 100
            case DeviceClass.FUSE:
                assert above[device.id] is not DeviceClass.TRANSFORMER
            case DeviceClass.LV_FUSE:
                assert above[device.id] is DeviceClass.TRANSFORMER
            case DeviceClass.TRANSFORMER:
                assert above[device.id] is not None
        assert network.count_behind(device.id) > 0


def test_customers_hang_on_low_voltage_fuses_and_the_large_ones_on_fuses_of_their_own(network: Network) -> None:
    by_class: dict[str, list[int]] = {}
    for device in network.devices:
        by_class.setdefault(device.device_class.value, []).append(network.count_behind(device.id))
    assert statistics.median(by_class["transformer"]) == 41
    assert max(by_class["breaker"]) == 1_337
    medium = [customer for customer in network.customers if customer.level == "MV"]
    assert len(medium) == 6
    for customer in medium:
        assert network.count_behind(network.customer_device(customer.id)) == 1


def test_the_rules_add_a_recloser_on_a_long_trunk_and_a_fuse_on_a_lateral() -> None:
    lines = {
        "1": ("F1", "MV-1", 4_000),
        "2": ("MV-1", "MV-2", 900),
        "3": ("MV-1", "MV-3", 50),
        "4": ("MV-2", "MV-4", 9),
    }
    grid = Grid(
        places=dict.fromkeys(("F1", "MV-1", "MV-2", "MV-3", "MV-4", "F9", "S1-station"), (11.0, 53.0)),
        lines=[
            Line(id=name, kind=BranchKind.MV_LINE, ends=(start, end), length_m=length, rated=270)
            for name, (start, end, length) in lines.items()
        ],
        heads={"F1": "1"},
        loads=[("MV-2", "RE1", 3.0)] * 100 + [("MV-3", "CO1", 9.0)],
    )
    protected = Protected(grid)
    protected.build()
    switches = {row[0]: (row[2], row[7]) for row in protected.branches if row[1] == BranchKind.SWITCH}
    assert switches["CB-1"] == ("F1", "29")
    assert switches["RC-2"] == ("MV-1", "32")
    assert switches["FU-3"] == ("MV-1", "22")
    assert not [name for name in switches if str(name).endswith("-4")]


def test_furnishing_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    again = shutil.copytree(EXAMPLE, tmp_path / "again")
    furnish(again)
    for path in EXAMPLE.glob("*.csv"):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_ratings_numbers_and_telemetry_are_where_they_belong(example: UtilityFolder) -> None:
    for row in example.grid.branches:
        rated = row.kind in {BranchKind.MV_LINE, BranchKind.LV_LINE, BranchKind.TRANSFORMER}
        assert (row.rated is not None) == rated, row.id
        assert bool(row.device_number) == (row.kind in {BranchKind.SWITCH, BranchKind.TRANSFORMER}), row.id
    tells = Counter(SwitchType(row.type_code) for row in example.grid.branches if row.telemetered)
    assert tells == {SwitchType.BREAKER: 9, SwitchType.RECLOSER: 5, SwitchType.KNIFE: 3}
    poles: dict[str, set[tuple[float, float]]] = {}
    for node in example.grid.nodes:
        if node.pole:
            poles.setdefault(node.pole, set()).add((node.lon, node.lat))
    assert all(len(places) == 1 for places in poles.values())


def test_at_least_ten_crews_are_on_duty_at_any_minute_of_the_week(example: UtilityFolder) -> None:
    on_duty: list[set[str]] = [set() for _ in range(WEEK_MIN)]
    for row in example.shifts:
        begins = (row.weekday - 1) * 1440 + row.starts.hour * 60 + row.starts.minute
        lasts = (row.ends.hour * 60 + row.ends.minute - row.starts.hour * 60 - row.starts.minute) % 1440 or 1440
        for minute in range(begins, begins + lasts):
            on_duty[minute % WEEK_MIN].add(row.crew)
    assert min(map(len, on_duty)) == 11
    skilled = {row.crew for row in example.crews if "line" in row.skills}
    assert min(len(crews & skilled) for crews in on_duty) == 7
    assert {row.kind for row in example.shifts} == {"duty", "standby"}


def test_crews_of_two_skills_sit_in_depots_far_from_each_other(example: UtilityFolder) -> None:
    assert Counter(row.skills for row in example.crews) == {("line", "service"): 10, ("service",): 6}
    homes = Counter(row.depot for row in example.crews)
    assert homes == {"D1": 4, "D2": 4, "D3": 4, "D4": 4}
    places = [Place(row.lon, row.lat) for row in example.depots]
    assert min(distance_m(a, b) for a, b in itertools.combinations(places, 2)) > 9_000


def test_customers_have_plausible_shares_and_phones_that_are_nobodys(example: UtilityFolder) -> None:
    customers = example.grid.customers
    tiers = Counter(row.tier for row in customers)
    assert tiers == {Tier.RESIDENTIAL: 4_623, Tier.COMMERCIAL: 716, Tier.IMPORTANT: 28, Tier.LARGE: 6}
    assert sum(row.life_support for row in customers) == 14
    assert sum(row.language == "zh" for row in customers) == 199
    assert sum(not row.consent for row in customers) == 331
    phones = Counter(phone for row in customers for phone in row.phones)
    assert all(phone.startswith("+999") and len(phone) == 14 for phone in phones)
    assert not {contact.phone for contact in example.contacts} & phones.keys()
    shared = sum(count for count in phones.values() if count > 1)
    assert 100 < shared < 400
    trouble = sum(int(phone[-2:]) >= 90 for phone in phones) / len(phones)
    assert trouble == pytest.approx(0.03, abs=0.01)
    assert 0.85 < sum(bool(row.phones) for row in customers) / len(customers) < 0.95


def test_customers_are_told_in_two_languages_and_by_several_ways(example: UtilityFolder) -> None:
    assert Counter((row.channel, row.language) for row in example.channels) == {
        ("email", ""): 134, ("text", "en"): 30, ("text", "zh"): 30, ("voice", ""): 11, ("webhook", ""): 2,
    }  # fmt: skip
    phones = {phone for row in example.grid.customers for phone in row.phones}
    assert all(row.address.startswith("+999") for row in example.channels if row.channel in {"text", "voice"})
    assert not [row for row in example.channels if row.channel == "text" and row.address in phones]
    assert all("example.org" in row.address for row in example.channels if row.channel in {"email", "webhook"})
    assert (example.texts_a_day, len(example.quiet_hours)) == (12, 4)


def test_hotline_accounts_lie_apart_and_can_always_be_called(example: UtilityFolder, network: Network) -> None:
    holders = [row.customer for row in example.premises]
    assert len(holders) == len({row.account for row in example.premises}) == len(example.accounts) == 6
    assert len({network.customer(customer).feeder for customer in holders}) == 6
    tier = {row.customer: row.tier for row in example.grid.customers}
    assert Counter(tier[customer] for customer in holders) == {Tier.LARGE: 4, Tier.IMPORTANT: 2}
    contacts = Counter(row.account for row in example.contacts)
    assert set(contacts.values()) == {2, 3}
    rostered = {(row.account, row.contact) for row in example.rosters}
    for account in contacts:
        assert [row for row in example.contacts if row.account == account and (account, row.contact) not in rostered]


def test_planned_work_is_by_day_in_the_first_week_of_march_and_none_behind_another(
    example: UtilityFolder, network: Network
) -> None:
    zone = zoneinfo.ZoneInfo(example.time_zone)
    assert Counter(len(row.isolates) for row in example.windows) == {1: 6, 2: 1}
    points = [device for row in example.windows for device in row.isolates]
    assert not [pair for pair in itertools.permutations(points, 2) if network.is_behind(*pair)]
    for row in example.windows:
        starts, ends = row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)
        assert dt.date(2026, 3, 2) <= starts.date() == ends.date() <= dt.date(2026, 3, 8)
        assert 8 <= starts.hour < ends.hour <= 17
        assert 8 <= sum(network.count_behind(device) for device in row.isolates) <= 80
    clinic = next(row.customer for row in example.premises if row.account == "L1")
    above = network.path_to_source(network.customer_device(clinic))
    assert sum(device in above for device in points) == 1
