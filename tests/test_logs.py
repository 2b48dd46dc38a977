from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.logs import REPEAT_S, WITHHELD, ForbiddenFieldError, LibraryFilter, configure_logs, get_logger
from services.settings import load_settings


@pytest.fixture(autouse=True)
def own_root() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings(strict_logs=False), "worker-1")
    get_logger("services.x").info("report.located", report="R-1")
    (line,) = lines(capsys)
    assert line.pop("timestamp")
    assert line == {"event": "report.located", "level": "info", "process": "worker-1", "report": "R-1"}


@pytest.mark.parametrize("field", ["phone", "name", "text", "msisdn", "body", "phone_number", "Contact_Phone"])
def test_a_forbidden_field_is_withheld(capsys: pytest.CaptureFixture[str], field: str) -> None:
    configure_logs(load_settings(strict_logs=False), "worker-1")
    get_logger("services.x").warning("notice.sent", **{field: "+49155512345"}, inner=[{field: "+49155512345"}])
    (line,) = lines(capsys)
    assert line[field] == WITHHELD
    assert "+49155512345" not in json.dumps(line)


def test_a_forbidden_field_raises_when_logs_are_strict() -> None:
    configure_logs(load_settings(strict_logs=True), "worker-1")
    log = get_logger("services.x")
    log.info("notice.sent", notice="N-1", topics=("a", "b"))
    with pytest.raises(ForbiddenFieldError, match=r"notice\.sent"):
        log.info("notice.sent", phone="+49155512345")


def test_a_traceback_stays_one_line_and_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings(), "worker-1")
    phone = "+49155512345"
    try:
        assert phone
        raise ValueError("no")
    except ValueError:
        get_logger("services.x").exception("turn.failed")
    (line,) = lines(capsys)
    assert "ValueError" in json.dumps(line["exception"])
    assert phone not in json.dumps(line)


def test_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings(log_level="debug"), "worker-1")
    logging.getLogger("aiokafka.consumer").setLevel(logging.DEBUG)
    logging.getLogger("aiokafka.consumer").info("joined")
    logging.getLogger("aiokafka.consumer").error("no broker")
    assert [line["event"] for line in lines(capsys)] == ["no broker"]


def test_a_librarys_repetitions_are_counted_and_not_written() -> None:
    limit = LibraryFilter()

    def record(at: float, name: str = "aiokafka.conn") -> logging.LogRecord:
        made = logging.LogRecord(name, logging.ERROR, __file__, 1, "no connection to %s", ("b",), None)
        made.created = at
        return made

    assert limit.filter(record(100.0))
    assert not limit.filter(record(101.0))
    assert not limit.filter(record(100.0 + REPEAT_S - 0.1))
    again = record(100.0 + REPEAT_S)
    assert limit.filter(again)
    assert again.getMessage() == "no connection to b (repeated 2 times)"
    assert limit.filter(record(101.0, "aiokafka.other"))
    assert all(limit.filter(record(101.0, "streams.relay")) for _ in range(3))
