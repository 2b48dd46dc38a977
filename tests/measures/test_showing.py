"""What is shown of the figures adds up: over time, by feeder, by incident, by customer, on random storms."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, get_args

import pytest

from services.measures import showing, showing_over_time
from services.measures.showing import Of
from services.measures.store import Selection, TooMuch, looking, totals
from tests.measures.storm_written import FEEDERS, MINUTE, TIERS, Storm, storm

if TYPE_CHECKING:
    from services.measures.shown import IncidentTimes, OtherHolder, Series, SeriesValues
    from tests.measures.written import Connection

HOUR = 60 * MINUTE


def selections(now: int, seed: int) -> list[Selection]:
    """Return some selections of a storm, the widest first."""
    chance = random.Random(seed)
    found = [Selection(as_of_ms=now), Selection(as_of_ms=now, planned=True)]
    for _ in range(12):
        begins = chance.choice((None, chance.randrange(now)))
        ends = chance.choice((None, (begins or 0) + chance.randint(1, now)))
        found.append(
            Selection(
                from_ms=begins,
                until_ms=ends,
                as_of_ms=chance.choice((now, now, now - chance.randrange(2 * HOUR))),
                feeder=chance.choice((None, *FEEDERS)),
                region=chance.choice((None, None, "R-F1")),
                tier=chance.choice((None, None, *TIERS)),
                planned=chance.random() < 0.5,
            )
        )
    return found


def as_of(selection: Selection) -> int:
    """Return the moment of looking."""
    assert selection.as_of_ms is not None
    return selection.as_of_ms


def ms(minutes: float) -> int:
    """Return minutes as whole milliseconds."""
    return round(minutes * MINUTE)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_buckets_feeders_incidents_and_customers_add_up_to_the_figures(connection: Connection, seed: int) -> None:
    written = await storm(connection, seed)
    seen = 0
    for selection in selections(written.now, seed):
        found = await showing.figures(connection, selection, as_of(selection))
        sums = (found.totals.interruptions, found.totals.customer_ms)
        seen += sums[1]
        series = await showing_over_time.series(
            connection, selection, as_of(selection), bucket_ms=7 * MINUTE + 1, shift_ms=None
        )
        assert (sum(series.now.interruptions), ms(sum(series.now.customer_min))) == sums, selection
        assert sum(series.now.restored) == found.restored
        feeders = await showing.feeders(connection, selection)
        assert (sum(f.interruptions for f in feeders), ms(sum(f.customer_min for f in feeders))) == sums
        assert (sum(f.served for f in feeders), sum(f.incidents for f in feeders)) == (found.served, found.incidents)
        page = await showing.incidents(
            connection, selection, of="sustained", order="customer_min", offset=0, limit=1_000
        )
        both: list[IncidentTimes | OtherHolder] = [*page.incidents, *page.others]
        assert (sum(row.interruptions for row in both), ms(sum(row.customer_min for row in both))) == sums
        assert sum(row.in_period for row in page.incidents) == found.incidents
        behind = await showing.behind(connection, selection, of="sustained", incident=None, offset=0, limit=1_000)
        assert (behind.total, behind.counted_ms) == sums
        assert (len(behind.rows), sum(row.counted_ms for row in behind.rows)) == sums
        for row in page.incidents:
            rows = await showing.behind(
                connection, selection, of="sustained", incident=row.incident, offset=0, limit=1_000
            )
            assert sum(each.counted_ms for each in rows.rows) == rows.counted_ms == ms(row.customer_min)
            assert len({each.customer for each in rows.rows}) == row.customers
    assert seen > 0


@pytest.mark.parametrize("seed", [4, 5])
async def test_at_the_end_of_a_bucket_those_are_out_who_lost_power_and_have_it_not_again(
    connection: Connection, seed: int
) -> None:
    written = await storm(connection, seed)
    for selection in selections(written.now, seed):
        series = await showing_over_time.series(connection, selection, as_of(selection), bucket_ms=HOUR, shift_ms=None)
        assert series.now.customers_out == [
            out_at(written, selection, min(edge, as_of(selection)))
            for edge in series.at_ms[: len(series.now.customers_out)]
        ]
        assert series.now.incidents_open == [
            open_at(written, selection, min(edge, as_of(selection)))
            for edge in series.at_ms[: len(series.now.incidents_open)]
        ]


def out_at(written: Storm, selection: Selection, moment: int) -> int:
    """Count those of a selection who are out at a moment, one by one."""
    of = {each.customer: each for each in written.customers}
    return sum(
        start < moment
        and (end is None or end > moment)
        and (selection.planned or not planned)
        and selection.feeder in {None, of[customer].feeder}
        and selection.region in {None, f"R-{of[customer].feeder}"}
        and selection.tier in {None, of[customer].tier}
        for customer, start, end, planned in written.spells
    )


def open_at(written: Storm, selection: Selection, moment: int) -> int:
    """Count the incidents of a selection that are open at a moment, one by one."""
    return sum(
        True
        for _, feeder, state, _, opened, restored in written.incidents
        if state not in {"merged", "dismissed"}
        and opened < moment
        and (restored is None or max(restored, opened + 1) > moment)
        and selection.feeder in {None, feeder}
        and selection.region in {None, f"R-{feeder}"}
    )


def together(values: SeriesValues) -> tuple[int, int]:
    """Return the interruptions and customer-milliseconds of all buckets."""
    return sum(values.interruptions), ms(sum(values.customer_min))


@pytest.mark.parametrize("seed", [6, 7])
async def test_the_same_earlier_is_the_figures_of_the_earlier_period(connection: Connection, seed: int) -> None:
    written = await storm(connection, seed)
    selection = Selection(from_ms=4 * HOUR, until_ms=6 * HOUR, as_of_ms=written.now, planned=True)
    series: Series = await showing_over_time.series(
        connection, selection, written.now, bucket_ms=10 * MINUTE, shift_ms=3 * HOUR
    )
    assert series.before is not None
    earlier = Selection(from_ms=HOUR, until_ms=3 * HOUR, as_of_ms=written.now, planned=True)
    for values, of in ((series.now, selection), (series.before, earlier)):
        found = await totals(connection, of)
        assert found.customer_ms > 0
        assert together(values) == (found.interruptions, found.customer_ms)
    assert series.before.customers_out == [
        out_at(written, selection, min(edge - 3 * HOUR, written.now))
        for edge in series.at_ms[: len(series.before.customers_out)]
    ]


async def test_a_period_that_reaches_into_the_future_shows_what_is_known_beside_the_whole_of_before(
    connection: Connection,
) -> None:
    written = await storm(connection, 8)
    selection = Selection(from_ms=written.now - HOUR, until_ms=written.now + 2 * HOUR, as_of_ms=written.now)
    series = await showing_over_time.series(
        connection, selection, written.now, bucket_ms=10 * MINUTE, shift_ms=4 * HOUR
    )
    assert series.before is not None
    assert len(series.now.customers_out) == 6
    assert len(series.before.customers_out) == len(series.at_ms) >= 18


async def test_an_empty_ledger_has_a_series_of_nothing(connection: Connection) -> None:
    series = await showing_over_time.series(connection, Selection(as_of_ms=0), 0, bucket_ms=None, shift_ms=None)
    assert (series.now.customers_out, series.before) == ([], None)


@pytest.mark.parametrize("of", [of for of in get_args(Of) if of != "all"])
async def test_each_number_opens_to_customers_and_incidents(connection: Connection, of: Of) -> None:
    written = await storm(connection, 9)
    selection = Selection(as_of_ms=written.now, planned=True)
    found = await showing.figures(connection, selection, written.now)
    number = {
        "sustained": found.totals.interruptions,
        "restored": found.restored,
        "momentary": found.totals.momentary,
        "out": found.out,
    }[of]
    assert number > 0
    rows = await showing.behind(connection, selection, of=of, incident=None, offset=0, limit=1_000)
    assert (rows.total, len(rows.rows)) == (number, number)
    page = await showing.incidents(connection, selection, of=of, order="customers", offset=0, limit=1_000)
    both: list[IncidentTimes | OtherHolder] = [*page.incidents, *page.others]
    assert sum(row.interruptions for row in both) == number
    assert sum(ms(row.customer_min) for row in both) == rows.counted_ms


async def test_who_is_out_now_is_out_whenever_that_began(connection: Connection) -> None:
    written = await storm(connection, 9)
    late = Selection(from_ms=written.now - 1, as_of_ms=written.now, planned=True)
    found = await showing.figures(connection, late, written.now)
    assert found.totals.interruptions == 0
    assert found.out == out_at(written, late, written.now) > 0


async def test_a_long_list_is_read_in_pieces_without_doubles(connection: Connection) -> None:
    written = await storm(connection, 10)
    selection = Selection(as_of_ms=written.now)
    whole = await showing.behind(connection, selection, of="all", incident=None, offset=0, limit=1_000)
    pieces, after = [], None
    while piece := await showing.behind_after(connection, selection, of="all", incident=None, after=after, limit=7):
        pieces += piece
        after = piece[-1]
    assert pieces == whole.rows
    middle = await showing.behind(connection, selection, of="all", incident=None, offset=5, limit=3)
    assert (middle.rows, middle.total) == (whole.rows[5:8], whole.total)


async def test_incidents_are_sorted_by_what_is_asked_for(connection: Connection) -> None:
    written = await storm(connection, 11)
    selection = Selection(as_of_ms=written.now, planned=True)

    async def sorted_by(order: showing.Order) -> list[object]:
        page = await showing.incidents(connection, selection, of="sustained", order=order, offset=0, limit=100)
        assert page.total == len(page.incidents)
        return [(i.customer_min, i.customers, i.started_at_ms, i.error_min) for i in page.incidents]

    for place, order in enumerate(("customer_min", "customers", "started", "error")):
        rows = await sorted_by(order)  # type: ignore[arg-type]
        values = [row[place] for row in rows if row[place] is not None]  # type: ignore[index]
        assert values == sorted(values, reverse=True)
        assert len(values) > 1


async def test_estimates_are_judged_by_the_first_that_was_told(connection: Connection) -> None:
    written = await storm(connection, 12)
    selection = Selection(as_of_ms=written.now)
    page = await showing.incidents(connection, selection, of="sustained", order="error", offset=0, limit=100)
    told = {
        row["incident"]: row["estimates"]
        for row in await connection.fetch(
            "SELECT incident, array_agg(estimate_ms ORDER BY revision) AS estimates FROM incident_estimate GROUP BY 1"
        )
    }
    errors = []
    for row in page.incidents:
        assert (row.first_estimate_ms, row.last_estimate_ms) == (told[row.incident][0], told[row.incident][-1])
        assert row.estimates == len(told[row.incident])
        if row.restored_at_ms is not None:
            errors.append((row.restored_at_ms - told[row.incident][0]) / MINUTE)
            assert row.error_min == pytest.approx(errors[-1])
    found = await showing.estimates(connection, selection)
    assert found.incidents == len(errors) > 0
    assert found.late_share == sum(error > 30 for error in errors) / len(errors)
    assert sum(each.incidents for each in found.bins) == len(errors)


async def test_the_cause_is_what_people_say_else_what_the_crew_found(connection: Connection) -> None:
    written = await storm(connection, 11)
    incident = next(row[0] for row in written.incidents if row[2] not in {"merged", "dismissed"})

    async def cause() -> str | None:
        page = await showing.incidents(
            connection, Selection(as_of_ms=written.now), of="sustained", order="started", offset=0, limit=100
        )
        return next(row.cause for row in page.incidents if row.incident == incident)

    assert await cause() is None
    await connection.execute(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, lon, lat, region, work, priority, attempt, skills,
                                       on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned,
                                       ended_at_ms, cause)
           VALUES ('O1', 'CR1', 'J', $1, 'A1', 0, 0, 'R1', 'repair', 'p', 1, '{}', 0, 1, 2, 'done', 'r', 3, false, 3, 'WEATHER')""",
        incident,
    )
    assert await cause() == "WEATHER"
    await connection.execute(
        """INSERT INTO person_action (id, at_ms, by_user, session, kind, subject_kind, subject, why, said)
           VALUES ('P1', 4, 'u', 's', 'cause', 'incident', $1, 'w', '{}')""",
        incident,
    )
    await connection.execute(
        "INSERT INTO remark (id, incident, kind, cause, by_user, at_ms) VALUES ('P1', $1, 'cause', 'WILDLIFE', 'u', 4)",
        incident,
    )
    assert await cause() == "WILDLIFE"


async def test_storms_are_parted_by_hours_without_an_incident(connection: Connection) -> None:
    async def write(number: int, start: int, restored: int | None) -> None:
        await connection.execute(
            """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                     restored_at_ms, changed_at_ms, heard, customers_out)
               VALUES ($1, 'A1', 'D', $2, 'r', 1, 'meter', $3, $3, $3, $4, $3, 1, 0)""",
            *(f"I{number}", "confirmed" if restored is None else "closed", start, restored),
        )

    await write(1, 0, HOUR)
    await write(2, 5 * HOUR, 9 * HOUR)
    await write(3, 11 * HOUR, 12 * HOUR)
    await write(4, 12 * HOUR, None)
    found = await showing.storms(connection, most=5)
    assert [(each.from_ms, each.until_ms, each.incidents) for each in found] == [
        (11 * HOUR, None, 2),
        (0, 9 * HOUR, 2),
    ]


async def test_a_query_that_takes_too_long_is_stopped(connection: Connection) -> None:
    with pytest.raises(TooMuch):
        async with looking(connection, most_ms=50):
            await connection.execute("SELECT pg_sleep(20)")
    assert await connection.fetchval("SHOW statement_timeout") == "0"
