"""What processes write about themselves: JSON lines on stderr, fixed event names with ids as fields.

A phone number, a name or a text's body never reaches a log: fields that could carry one are withheld here, whatever the
caller meant (and raise an error in tests). What libraries write is kept short: warnings and worse, and the same message
at most once in ten seconds.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, cast

import structlog
import structlog.tracebacks

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from services.settings import Settings

WITHHELD = "<withheld>"
FORBIDDEN = frozenset(
    {"phone", "phones", "msisdn", "name", "text", "body", "short_message", "source_addr", "destination_addr"}
)
REPEAT_S = 10.0


class ForbiddenFieldError(ValueError):
    """A log line had a field that may carry a phone number, a name or a text's body."""


def configure_logs(settings: Settings, process: str) -> None:
    """Send the log lines of this process to stderr: JSON, or coloured words on a terminal.

    `process` is the process's name among its siblings, for example `worker-1`; it stands in every line. May be called
    again: the last call holds.
    """
    terminal = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        withhold_strictly if settings.strict_logs else withhold,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process)
    # A traceback shows no values of variables: among them are passwords and telephone numbers.
    traceback = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    render: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [traceback, structlog.processors.JSONRenderer(sort_keys=True)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    handler.setLevel(settings.log_level.upper())
    handler.addFilter(LibraryFilter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())


class LibraryFilter(logging.Filter):
    """Lets all of our own lines pass, and of a library's only warnings, each at most once in ten seconds.

    Sits on the handler, because libraries set the levels of their loggers anew while they start. A broker that is away
    makes its clients write some seventy lines a second: the first says it all. A message that is let through again
    carries `repeated`, how many of its kind were dropped since.
    """

    OURS = ("schemas", "services", "streams", "deploy", "tests", "__main__")

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}
        self._dropped: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Answer whether a record is written."""
        if record.name.partition(".")[0] in self.OURS:
            return True
        if record.levelno < logging.WARNING:
            return False
        kind = (record.name, str(record.msg))
        last = self._last.get(kind)
        if last is not None and record.created - last < REPEAT_S:
            self._dropped[kind] = self._dropped.get(kind, 0) + 1
            return False
        self._last[kind] = record.created
        dropped = self._dropped.pop(kind, 0)
        if dropped:
            record.msg = f"{record.msg} (repeated {dropped} times)"
        return True


def withhold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Replace the value of every field that may carry a phone number, a name or a text's body."""
    return cast("Mapping[str, Any]", _clean(event))


def withhold_strictly(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Raise ForbiddenFieldError for the fields that `withhold` would replace."""
    cleaned = _clean(event)
    if cleaned != event:
        raise ForbiddenFieldError(f"the log line {event.get('event')!r} has a field of {', '.join(sorted(FORBIDDEN))}")
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: WITHHELD if forbidden(str(key)) else _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_clean, value)) if type(value) in {list, tuple} else value
    return value


def forbidden(field: str) -> bool:
    """Answer whether a field's name says that it may carry what no log may hold."""
    field = field.lower()
    return field in FORBIDDEN or not {"phone", "msisdn"}.isdisjoint(field.split("_"))


def get_logger(module: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; called once, at its head."""
    return structlog.stdlib.get_logger(module)
