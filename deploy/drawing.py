"""How a picture looks: for a terminal of any size, or as one line. Nothing is said by colour alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.picture import Picture
from services.clock import from_ms

WIDE, MEDIUM = 110, 74
"""Characters in a line from which a listing shows everything, and from which only the least important is left out."""

FEWEST_ROWS = 2
"""Rows for which a listing must have room, or it is left out; the first one always stays."""

ROOMY = 30
"""Lines from which there is an empty one above each listing."""

_ABOVE_ROWS = 2  # a listing's title and its headings
_BUSY = frozenset({"ordered", "enroute", "onSite"})


@dataclasses.dataclass(frozen=True, slots=True)
class _Listing:
    """A titled table: its columns by heading, each with the width of terminal that it needs, and its rows."""

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[str]]

    def drawn(self, width: int, rows: int) -> Table:
        """Return it with at most so many rows; when some are left out, the last one says how many."""
        table = Table(title=Text(self.title, style="bold"), title_justify="left", box=None, pad_edge=False)
        shown = [place for place, (_, needs) in enumerate(self.columns) if width >= needs]
        for place in shown:
            table.add_column(self.columns[place][0], overflow="ellipsis", no_wrap=True)
        fits = len(self.rows) <= rows
        for row in self.rows if fits else self.rows[: rows - 1]:
            table.add_row(*(Text(row[place]) for place in shown))
        if not fits:
            table.add_row(Text(f"+ {len(self.rows) - rows + 1} more"))
        return table


def in_words(code: str) -> str:
    """Return a state or a reason code as words: `noSignOfRestoration` as `no sign of restoration`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in code)


def draw(picture: Picture | None, trouble: str | None, *, width: int, height: int) -> RenderableType:
    """Return the picture for a terminal of this size in characters; `trouble` is what keeps it from being read anew."""
    head = [f"*** {trouble}, trying again ***"] if trouble else []
    if picture is None:
        return _lines(head or ["Waiting for the database"])
    head += _figures(picture, width)
    head = head[: max(2, height - 1 - _ABOVE_ROWS - FEWEST_ROWS)]
    listings = [_open(picture), _crews(picture), _journal(picture)]
    gap: list[RenderableType] = [Text()] if height >= ROOMY else []
    above = _ABOVE_ROWS + len(gap)
    room = height - len(head) - 1 - above * len(listings)
    while len(listings) > 1 and room < FEWEST_ROWS * len(listings):
        listings.pop()
        room += above
    shares = _shares(max(room, 1), [len(listing.rows) for listing in listings])
    drawn: list[RenderableType] = [_lines(head)]
    for listing, rows in zip(listings, shares, strict=True):
        drawn += [*gap, listing.drawn(width, rows)]
    return Group(*drawn)


def one_line(picture: Picture) -> str:
    """Return the picture as one line of plain text."""
    busy = sum(crew.state in _BUSY for crew in picture.crews)
    texts, calls = picture.texts, picture.calls
    return "; ".join(
        (
            _time(picture),
            f"customers: {picture.customers.out} out, {picture.customers.restored} restored",
            f"incidents: {len(picture.incidents)} open, dangers: {len(picture.hazards)}",
            f"crews: {busy} of {len(picture.crews)} busy",
            f"reports: {sum(picture.reports.values())}, parked: {picture.parked}",
            f"texts: {texts.sent} sent, {texts.delivered} delivered, {texts.failed} failed",
            f"hotline: {calls.placed} calls, {calls.acknowledged} acknowledged",
        )
    )


def _lines(lines: Sequence[str]) -> Text:
    return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def _figures(picture: Picture, width: int) -> Iterator[str]:
    """Yield the figures, as many beside each other as fit the width."""
    customers, texts, calls, indices = picture.customers, picture.texts, picture.calls, picture.indices
    reports = [f"{count} {in_words(state)}" for state, count in picture.reports.items()]
    groups = (
        [f"LAMPLIGHTER  {_time(picture)}", _speed(picture)],
        [
            f"Customers: {customers.out} out now",
            f"{customers.planned} of them for planned work",
            f"{customers.restored} restored",
        ],
        [f"Reports: {sum(picture.reports.values())}", *reports, f"parked: {picture.parked}"],
        [
            f"Texts: {texts.sent} sent, {texts.delivered} delivered, {texts.failed} failed",
            f"Hotline: {calls.placed} calls, {calls.acknowledged} acknowledged",
        ],
        [
            f"SAIFI {indices['saifi']:.4f}",
            f"SAIDI {indices['saidi_min']:.2f} min",
            f"CAIDI {indices['caidi_min']:.2f} min",
        ],
    )
    for group in groups:
        line = group[0]
        for piece in group[1:]:
            if len(line) + len(piece) + 3 > width:
                yield line
                line = piece
            else:
                line = f"{line} | {piece}"
        yield line


def _time(picture: Picture) -> str:
    return "not begun" if picture.clock is None else f"{from_ms(picture.clock.now_ms):%Y-%m-%d %H:%M:%S} UTC"


def _speed(picture: Picture) -> str:
    if picture.clock is None:
        return "the clock is not set"
    return "as fast as all settles" if picture.clock.mode == "lockstep" else f"{picture.clock.speed:g} times real time"


def _open(picture: Picture) -> _Listing:
    """List the open dangers, then the open incidents, the oldest first."""
    now = 0 if picture.clock is None else picture.clock.now_ms
    rows = []
    for hazard in picture.hazards:
        near = hazard.device or f"{hazard.lon:.4f}, {hazard.lat:.4f}"
        since = _hour(hazard.reported_at_ms)
        rows.append(("DANGER", near, "", since, "", _sent(picture, hazard.id), in_words(hazard.kind)))
    for incident in picture.incidents:
        overdue = " overdue" if incident.estimate_ms < now else ""
        rows.append(
            (
                in_words(incident.state),
                incident.device,
                str(incident.customers_out),
                _hour(incident.started_at_ms),
                _hour(incident.estimate_ms) + overdue,
                _sent(picture, incident.id),
                in_words(incident.reason),
            )
        )
    columns = (("state", 0), ("device", 0), ("out", 0), ("since", MEDIUM), ("back by", MEDIUM), ("crew", 0))
    title = f"Open incidents: {len(picture.incidents)}"
    if picture.hazards:
        title = f"Dangers: {len(picture.hazards)}, open incidents: {len(picture.incidents)}"
    return _Listing(title, (*columns, ("because", WIDE)), rows)


def _sent(picture: Picture, subject: str) -> str:
    """Return who was sent last, and how far that is."""
    order = picture.orders.get(subject)
    return "waits for a crew" if order is None else f"{order.crew} {in_words(order.state)}"


def _crews(picture: Picture) -> _Listing:
    """List the crews, those with an order first: what each does, and where."""
    rows = []
    for crew in sorted(picture.crews, key=lambda crew: (crew.state not in _BUSY, crew.crew)):
        depot = "of no depot" if crew.depot is None else f"of depot {crew.depot}"
        goal = f"the danger near {crew.device or 'no device'}" if crew.hazard else f"{crew.device}"
        match crew.state:
            case "onSite":
                where = f"at {goal}"
            case "enroute":
                where = f"on the way to {goal}"
            case "ordered":
                where = f"{depot}, ordered to {goal}"
            case _:
                where = depot
        rows.append((crew.crew, in_words(crew.state), where))
    busy = sum(crew.state in _BUSY for crew in picture.crews)
    return _Listing(f"Crews: {busy} of {len(rows)} busy", (("crew", 0), ("does", 0), ("where", 0)), rows)


def _journal(picture: Picture) -> _Listing:
    """List what happened last, newest first."""
    rows = [
        (
            f"{from_ms(line.now_ms):%H:%M:%S}",
            f"{in_words(line.subject_kind)} {line.subject[:12]}",
            in_words(line.became),
            in_words(line.reason),
        )
        for line in picture.noted
    ]
    return _Listing("What happened last", (("time", 0), ("what", 0), ("became", 0), ("because", MEDIUM)), rows)


def _hour(ms: int) -> str:
    return f"{from_ms(ms):%H:%M}"


def _shares(room: int, wanted: Sequence[int]) -> list[int]:
    """Return how many rows each listing may show: in turns one more for each that wants one, while there is room."""
    shares = [0] * len(wanted)
    while sum(shares) < room and shares != list(wanted):
        for place, want in enumerate(wanted):
            if shares[place] < want and sum(shares) < room:
                shares[place] += 1
    return shares
