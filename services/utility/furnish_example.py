"""Furnish the example: what SimBench has not is made by rule, the same each time, and belongs to nobody.

- Phones begin with +999, a country code that is given to no country. Nine customers in ten have one, one in ten of them a
  second; one customer in forty shares that of a neighbour behind the same transformer. Numbers that end in 90 to 99 are
  rare: a drill's operator has trouble with them.
- Customers on medium voltage are large. Of shops and offices one in twelve is important, of farms none. One household in
  300 has somebody who depends on power to live. One customer in 25 reads Chinese, one in 16 wants no texts.
- Four depots: the first in the middle of the network, each next one where it is farthest from all before. Ten crews do every
  repair, six work on low voltage only; they are dealt out to the depots in turn. Ten work in pairs of 12-hour shifts that
  relieve each other, at an hour of each pair's own; six stand by round the clock: eleven crews at any hour.
- One customer with a phone in 30 gets letters too, at example.org; of 80 one has somebody elsewhere who is texted too, every
  other of them in Chinese. Where somebody depends on power to live the notices of danger are spoken as well. The customers of
  two accounts have a program that is told. New estimates are for the day, but for businesses that are important or large.
- Six hotline accounts on six feeders: two important businesses on low voltage, four customers on medium voltage.
- Seven pieces of planned work, in the daytime of the first week of March 2026, none behind another; the first is above the
  first account.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TypeAlias

from schemas.ids import derived, drawn
from services.network.network import Network
from services.network.places import distance_m
from services.network.tables import Tier
from services.utility.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from services.network.tables import CustomerRow

Cell: TypeAlias = str | int | float
Rows: TypeAlias = "list[tuple[Cell, ...]]"

_SEED = 0
_KV = 20
"""The nominal voltage of the medium-voltage grid, kV."""
_ABOUT = ("en zh", "22:00", "07:00", "DE-MV", 12)
_TROUBLE_FROM, _TROUBLE_KEPT, _SUBSCRIBER = 90, 0.3, 10**10
_WITH_PHONE, _SECOND_PHONE, _SHARING = 0.9, 0.1, 1 / 40
_IMPORTANT, _LIFE_SUPPORT, _CHINESE, _WITHOUT_CONSENT = 1 / 12, 1 / 300, 1 / 25, 1 / 16
_LETTERS, _ELSEWHERE = 1 / 30, 1 / 80
_TOLD_BY_PROGRAM = ("L3", "L5")
_QUIET_HOURS: Rows = [
    ("estimate", "21:00", "08:00", ""),
    ("estimate", "00:00", "00:00", "important"),
    ("estimate", "00:00", "00:00", "large"),
    ("planned", "20:00", "08:00", ""),
]
_DEPOTS = ("Central", "Lakes", "Moor", "Border")
_PAIRS = (("06:00", "18:00"), ("08:00", "20:00"), ("10:00", "22:00"), ("07:00", "19:00"), ("09:00", "21:00"))
_LEAST_BEHIND, _MOST_BEHIND = 8, 80
_ON_LOW_VOLTAGE = 2
_ACCOUNTS = (
    ("L1", "Clinic", "", "F5"),
    ("L2", "Water works", "", "F4"),
    ("L3", "Dairy", "", "F3"),
    ("L4", "Sawmill", "zh", "F8"),
    ("L5", "Cold store", "", "F6"),
    ("L6", "Quarry", "", "F1"),
)
"""The accounts: the first two on low voltage, the others where their feeder has a customer on medium voltage."""
_WORK = (
    ("W-0302-1", "F5", 1, "2026-03-02T08:30", "2026-03-02T11:30", "A distribution cabinet is exchanged."),
    ("W-0302-2", "F8", 1, "2026-03-02T13:00", "2026-03-02T15:30", "Poles are replaced."),
    ("W-0303-1", "F2", 2, "2026-03-03T09:00", "2026-03-03T13:00", "A low-voltage line is put under ground."),
    ("W-0304-1", "F6", 1, "2026-03-04T08:00", "2026-03-04T12:00", "A station is inspected."),
    ("W-0305-1", "F1", 1, "2026-03-05T10:00", "2026-03-05T12:30", "Trees are cut back beside the line."),
    ("W-0306-1", "F7", 1, "2026-03-06T09:00", "2026-03-06T14:00", "A cable is jointed."),
    ("W-0307-1", "F3", 1, "2026-03-07T10:00", "2026-03-07T12:00", "A fuse board is renewed."),
)
"""Planned work: its feeder, how many devices isolate it, when, and what is done."""
_HOLIDAYS = (
    ("2026-01-01", "New Year's Day"),
    ("2026-03-08", "International Women's Day"),
    ("2026-04-03", "Good Friday"),
    ("2026-04-06", "Easter Monday"),
    ("2026-05-01", "Labour Day"),
    ("2026-05-14", "Ascension Day"),
    ("2026-05-25", "Whit Monday"),
    ("2026-10-03", "German Unity Day"),
    ("2026-10-31", "Reformation Day"),
    ("2026-12-25", "Christmas Day"),
    ("2026-12-26", "Second Day of Christmas"),
)
"""Bank holidays of Mecklenburg-Vorpommern."""
_AGREEMENTS: Rows = [
    ("G-all", "Supply", "", "", "24x7", "2026-01-01", "", 120, 720, 3, "", 0.998),
    (
        "G-commercial",
        "Supply of businesses",
        "",
        "commercial",
        "mon-fri 08:00-18:00",
        "2026-01-01",
        "",
        90,
        480,
        3,
        "",
        "",
    ),
    ("G-important", "Supply of important users", "", "important", "24x7", "2026-01-01", "", 45, 240, 7, 4, 0.9995),
    ("G-large", "Supply of large users", "", "large", "24x7", "2026-01-01", "", 45, 300, 7, 6, 0.999),
    ("G-L1", "Clinic: supply without delay", "L1", "", "24x7", "2026-01-01", "2027-12-31", 30, 180, 10, 2, 0.9998),
    ("G-L3", "Dairy: cooling", "L3", "", "mon-sat 04:00-22:00", "2026-01-01", "2026-12-31", 30, 240, 10, 4, 0.9995),
]


def furnish(folder: Path) -> None:
    """Add to a folder that holds the grid all it lacks; the same grid gives the same bytes."""
    read = read_folder(folder)
    network = Network(read.grid)
    large = _account_customers(network, read.grid.customers)
    customers = _customers(read.grid.customers, set(large.values()))
    write_file(
        folder / "utility.csv",
        "name,time_zone,attribution,languages,quiet_from,quiet_until,country,texts_a_day",
        [(read.name, read.time_zone, read.attribution, *_ABOUT)],
    )
    write_file(
        folder / "feeders.csv",
        "feeder,name,substation,source_node,lon,lat,region,kv",
        [(*row[:4], f"{row.lon:.6f}", f"{row.lat:.6f}", row.region, _KV) for row in read.grid.feeders],
    )
    write_file(
        folder / "customers.csv",
        "customer,node,transformer,feeder,level,class,active,phones,service_point,phases,kva,tier,language,consent,life_support",
        customers,
    )
    write_file(folder / "regions.csv", "region,name", [("R1", "Example Rural")])
    write_file(folder / "depots.csv", "depot,name,region,lon,lat", _depots(network))
    write_file(folder / "crews.csv", "crew,depot,skills,certificates,kit,members", _crews())
    write_file(folder / "shifts.csv", "crew,weekday,starts,ends,kind", _shifts())
    write_file(folder / "accounts.csv", "account,name,language", [row[:3] for row in _ACCOUNTS])
    write_file(folder / "premises.csv", "account,customer", list(large.items()))
    write_file(folder / "contacts.csv", "account,contact,name,phone,rank,wait_s,language", _contacts())
    write_file(folder / "rosters.csv", "account,contact,weekday,starts,ends", _rosters())
    write_file(
        folder / "agreements.csv",
        "agreement,item,account,tier,service_hours,valid_from,valid_until,arrive_within_min,restore_within_min,"
        "announce_days,most_interruptions,availability",
        _AGREEMENTS,
    )
    write_file(folder / "windows.csv", "window,isolates,starts,ends,work", _windows(network, large))
    write_file(folder / "holidays.csv", "day,name", _HOLIDAYS)
    write_file(
        folder / "channels.csv",
        "customer,channel,address,language,quiet_from,quiet_until,moments",
        _channels(customers, [large[account] for account in _TOLD_BY_PROGRAM]),
    )
    write_file(folder / "quiet_hours.csv", "kind,from,until,tier", _QUIET_HOURS)


def write_file(path: Path, header: str, rows: Iterable[Sequence[Cell]]) -> None:
    """Write one file of a folder."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header + "\n")
        csv.writer(file, lineterminator="\n").writerows(rows)


def phone_of(whose: str) -> str:
    """Return somebody's number, which is nobody's: the same each time."""
    number = int(derived("example phone", whose), 16) % _SUBSCRIBER
    if number % 100 >= _TROUBLE_FROM and not _happens(_TROUBLE_KEPT, "trouble", whose):
        number -= 50
    return f"+999{number:010d}"


def _happens(share: float, *key: str) -> bool:
    return drawn(_SEED, *key) < share


def _customers(rows: Sequence[CustomerRow], large: set[str]) -> Rows:
    made: Rows = []
    neighbour: dict[str, str] = {}
    taken: set[str] = set()
    households = 0
    for row in rows:
        phones: list[str] = []
        known = neighbour.get(row.transformer)
        if known is not None and _happens(_SHARING, "shares", row.customer):
            phones = [known]
        elif row.customer in large or _happens(_WITH_PHONE, "has phone", row.customer):
            second = [f"{row.customer} second"] if _happens(_SECOND_PHONE, "second phone", row.customer) else []
            phones = [number for number in map(phone_of, (row.customer, *second)) if number not in taken]
            taken.update(phones)
        if row.transformer and phones:
            neighbour[row.transformer] = phones[0]
        households += row.customer_class == "RE1"
        language = "zh" if _happens(_CHINESE, "language", row.customer) else ""
        made.append(
            (
                *row[:6],
                int(row.active),
                ";".join(phones),
                f"SP-{row.customer.removeprefix('C')}",
                "ABC" if row.customer_class != "RE1" else "ABC"[int(drawn(_SEED, "phase", row.customer) * 3)],
                f"{row.kva:.2f}",
                _tier(row, large),
                language,
                int(not _happens(_WITHOUT_CONSENT, "consent", row.customer)),
                int(row.customer_class == "RE1" and _happens(_LIFE_SUPPORT, "life support", row.customer)),
            )
        )
    return made


def _channels(customers: Rows, programs: Sequence[str]) -> Rows:
    """Return where else customers are told: `customers` are the rows of their file, `programs` those whose program is told."""
    made: Rows = []
    elsewhere = 0
    for row in customers:
        customer, phones, life_support = str(row[0]), str(row[7]), row[-1]
        if phones and _happens(_LETTERS, "letters", customer):
            made.append((customer, "email", f"{customer.lower()}@example.org", "", "", "", ""))
        if phones and _happens(_ELSEWHERE, "elsewhere", customer):
            elsewhere += 1
            language = "zh" if elsewhere % 2 else "en"
            kinds = "outage;restored;planned"
            made.append((customer, "text", phone_of(f"{customer} elsewhere"), language, "21:00", "08:00", kinds))
        if phones and life_support:
            made.append((customer, "voice", phones.partition(";")[0], "", "", "", "safety"))
        if customer in programs:
            made.append((customer, "webhook", f"https://example.org/power/{customer}", "", "", "", ""))
    return sorted(made)


def _tier(row: CustomerRow, large: set[str]) -> Tier:
    if row.level == "MV":
        return Tier.LARGE
    if row.customer in large or (row.customer_class == "CO1" and _happens(_IMPORTANT, "important", row.customer)):
        return Tier.IMPORTANT
    return Tier.RESIDENTIAL if row.customer_class == "RE1" else Tier.COMMERCIAL


def _depots(network: Network) -> Rows:
    places = sorted({device.place for device in network.devices}, key=lambda place: (place.lon, place.lat))
    by_lat = sorted(places, key=lambda place: (place.lat, place.lon))
    middle = type(places[0])(places[len(places) // 2].lon, by_lat[len(by_lat) // 2].lat)
    chosen = [min(places, key=lambda place: distance_m(place, middle))]
    while len(chosen) < len(_DEPOTS):
        chosen.append(max(places, key=lambda place: min(distance_m(place, each) for each in chosen)))
    return [
        (f"D{number}", f"Depot {name}", "R1", f"{place.lon:.6f}", f"{place.lat:.6f}")
        for number, (name, place) in enumerate(zip(_DEPOTS, chosen, strict=True), start=1)
    ]


def _crews() -> Rows:
    line = ("line;service", "HV-switching;live-working", "bucket-truck;earthing-kit;chainsaw", 3)
    digging = ("line;service", "HV-switching", "digger;cable-locator;earthing-kit", 3)
    service = ("service", "LV-live-working", "van;ladder;generator", 2)
    kinds = [digging if number % 5 == 4 else line for number in range(10)] + [service] * 6  # noqa: PLR2004
    return [(f"C{number + 1:02}", f"D{number % len(_DEPOTS) + 1}", *kind) for number, kind in enumerate(kinds)]


def _shifts() -> Rows:
    """Return the hours: crews 1 to 6 and 11 to 14 relieve each other in pairs, the others stand by round the clock."""
    rows: Rows = []
    pairs = (("C01", "C02"), ("C03", "C04"), ("C05", "C06"), ("C11", "C12"), ("C13", "C14"))
    for (day, night), (morning, evening) in zip(pairs, _PAIRS, strict=True):
        rows += [(day, "mon-sun", morning, evening, "duty"), (night, "mon-sun", evening, morning, "duty")]
    rows += [(crew, "mon-sun", "00:00", "00:00", "standby") for crew in ("C07", "C08", "C09", "C10", "C15", "C16")]
    return sorted(rows)


def _account_customers(network: Network, customers: Sequence[CustomerRow]) -> dict[str, str]:
    """Return the customer of each account: on low voltage a business, else who shares a device with the fewest others."""
    found: dict[str, str] = {}
    for number, (account, _, _, feeder) in enumerate(_ACCOUNTS):
        here = [row for row in customers if row.feeder == feeder]
        if number < _ON_LOW_VOLTAGE:
            low = [
                row.customer for row in here if row.customer_class == "CO1" and _has_work_above(network, row.customer)
            ]
            found[account] = min(low, key=lambda customer: drawn(_SEED, "account", customer))
        else:
            medium = [row.customer for row in here if row.level == "MV"]
            found[account] = min(medium, key=lambda customer: (_sharing_a_device(network, customer), customer))
    return found


def _sharing_a_device(network: Network, customer: str) -> int:
    own = network.device(network.customer_device(customer))
    return network.count_behind(own.parent or own.id)


def _has_work_above(network: Network, customer: str) -> bool:
    return any(_suits_work(network, device) for device in network.path_to_source(network.customer_device(customer)))


def _suits_work(network: Network, device: str) -> bool:
    return _LEAST_BEHIND <= network.count_behind(device) <= _MOST_BEHIND


def _windows(network: Network, large: dict[str, str]) -> Rows:
    """Return planned work; that on the feeder of the first account is above it, no other is above an account."""
    clinic = network.path_to_source(network.customer_device(large["L1"]))
    others = [
        device for name in list(large.values())[1:] for device in network.path_to_source(network.customer_device(name))
    ]
    rows: Rows = []
    for window, feeder, points, starts, ends, work in _WORK:
        fitting = [
            device.id
            for device in network.devices
            if device.feeder == feeder and _suits_work(network, device.id) and device.id not in others
        ]
        if clinic[-1] in {path for device in fitting for path in network.path_to_source(device)}:
            fitting = [device for device in fitting if device in clinic]
        first = min(fitting, key=lambda device: drawn(_SEED, "work", window, device))
        beside = [
            device
            for device in fitting
            if network.device(device).parent == network.device(first).parent and device != first
        ]
        isolates = sorted([first, *beside[: points - 1]])
        rows.append((window, " ".join(isolates), starts, ends, work))
    return rows


def _contacts() -> Rows:
    rows: Rows = []
    for account, name, language, _ in _ACCOUNTS:
        people = ["duty", "manager", "guard"] if account in {"L1", "L2", "L4"} else ["duty", "manager"]
        rows += [
            (account, who, f"{name}: {who}", phone_of(f"{account} {who}"), rank, 90 if rank == 1 else 120, language)
            for rank, who in enumerate(people, start=1)
        ]
    return rows


def _rosters() -> Rows:
    """Return the hours of those who are not always there: managers by day, and at night the guard of a clinic."""
    return [
        *((account, "manager", "mon-fri", "07:00", "19:00") for account, _, _, _ in _ACCOUNTS if account != "L3"),
        ("L1", "guard", "mon-sun", "18:00", "08:00"),
    ]
