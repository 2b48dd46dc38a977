"""The conversation with a phone, as whoever answers it sees it; and what the summary says of texts on every page."""

from __future__ import annotations

from services.console.inbox_rows import inbox_rows
from services.console.land import lay
from services.console.reading import Reading
from services.engine.showing import look
from tests.console.house import MINUTE_MS, House, code
from tests.console.test_broadcasts import ask
from tests.console.test_inbox import deal, text
from tests.console.test_incidents import People, opened
from tests.console.test_texts import rows, write


async def read(reading: Reading, house: House) -> None:
    seen = await look(house.connection)
    assert seen is not None
    await reading.read(house.connection, seen, woken=True)


async def test_a_conversation_holds_what_was_told_and_what_was_written(house: House, people: People) -> None:
    incident = await opened(house)
    told, *_ = await rows(people["dora"], f"incident={incident}&moment=powerOut")
    await house.later(1)
    row = await text(house, told["phone"], "冰箱里的药怎么办")
    await house.later(1)
    assert (await deal(people["dora"], row, "answerText", words="请致电我们", why=""))[0] == 202
    await house.settle()
    _, by_text = await people["dora"].get(f"/api/texts/conversation?text={row.subject}")
    _, by_key = await people["dora"].get(f"/api/texts/conversation?key={told['key']}")
    assert by_text == by_key
    assert (by_text["phone"], by_text["language"]) == (told["phone"], "zh")
    assert told["customer"] in by_text["customers"]
    lines = by_text["rows"]
    assert [line["at_ms"] for line in lines] == sorted(line["at_ms"] for line in lines)
    first = next(line for line in lines if line["id"] == told["key"])
    assert (first["inbound"], first["moment"], first["words"]) == (False, "powerOut", told["words"])
    [written] = [line for line in lines if line["inbound"]]
    assert (written["id"], written["words"], written["at_ms"]) == (
        row.subject,
        row.facts["words"],
        house.now - MINUTE_MS,
    )
    assert (lines[-1]["words"], lines[-1]["by"], lines[-1]["moment"]) == ("【演练】请致电我们", "Dora", "answer")
    by_rule = [line for line in lines if line["moment"] == "answer" and not line["by"]]
    assert len(by_rule) == 1
    _, answered = await people["dora"].get(f"/api/texts/conversation?key={lines[-1]['id']}")
    assert answered == by_text


async def test_a_conversation_is_masked_for_those_who_may_not_see_what_is_personal(
    house: House, people: People
) -> None:
    row = await text(house, "+999000000001", "whoever reads this")
    _, seen = await people["vera"].get(f"/api/texts/conversation?text={row.subject}")
    assert seen["phone"] == "***********01"
    assert {line["words"] for line in seen["rows"]} == {""}
    assert (seen["customers"], seen["language"]) == ([], "en")


async def test_a_conversation_of_nobody_is_not_there(people: People) -> None:
    dora = people["dora"]
    assert code(await dora.get("/api/texts/conversation?text=none")) == (404, "notFound")
    assert code(await dora.get("/api/texts/conversation?key=none")) == (404, "notFound")
    assert code(await dora.get("/api/texts/conversation")) == (422, "invalid")
    assert code(await dora.get("/api/texts/conversation?key=a&text=b")) == (422, "invalid")


async def test_what_words_cost_counts_what_an_exercise_puts_before_them(people: People) -> None:
    _, bare = await people["vera"].post("/api/texts/measure", {"words": "x" * 151})
    _, sent = await people["vera"].post("/api/texts/measure", {"words": "x" * 151, "language": "en"})
    assert (bare["segments"], sent["segments"]) == (1, 2)
    assert sent["units"] == bare["units"] + len("EXERCISE: ")


async def test_the_ledger_is_narrowed_to_a_moment(house: House, people: People) -> None:
    incident = await opened(house)
    await write(house, (await rows(people["dora"], f"incident={incident}"))[0]["phone"], "status")
    _, whole = await people["dora"].get("/api/texts?limit=500")
    _, answers = await people["dora"].get("/api/texts?moment=answer&limit=500")
    assert [row["moment"] for row in answers["rows"]] == ["answer"]
    assert answers["counts"] == {"due": 1}
    assert len(whole["rows"]) > 1


async def test_the_summary_says_what_is_stopped_and_how_many_broadcasts_wait(house: House, people: People) -> None:
    incident = await opened(house)
    assert (await people["dora"].post("/api/texts/stop", {"why": "wrong words"}))[0] == 202
    assert (await people["dirk"].post("/api/texts/stop", {"why": "not here", "incident": incident}))[0] == 202
    reading = Reading(inbox_rows)
    reading.stand_on(lay(house.folder, 1))
    await read(reading, house)
    [summary] = reading.summary
    stops = [(stop.incident, stop.by, stop.why, stop.since_ms) for stop in summary.text_stops]
    assert stops == [(None, "Dora", "wrong words", house.now), (incident, "Dirk", "not here", house.now)]
    assert (await people["dora"].post("/api/texts/resume", {"why": "mended"}))[0] == 202
    assert (await ask(people["dora"], all=True, words={"en": "Water at the school."}))[0] == 202
    reading.forget()
    await read(reading, house)
    [summary] = reading.summary
    assert [stop.incident for stop in summary.text_stops] == [incident]
    assert summary.broadcasts_asked == 1
