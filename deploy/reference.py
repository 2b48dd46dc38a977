"""Writes the pages that are made from what they describe: `python -m deploy.reference`, in a checkout."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import inspect as inspecting
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

import services
from deploy import asyncapi, operations_page
from deploy.monitoring import dashboard
from schemas.topics import DAY_MS, TOPICS, Topic
from services import web
from services.console import openapi as console_openapi
from services.console.app import OPEN, ROUTES
from services.hotline import openapi as hotline_openapi
from services.settings import FILE_VARIABLE, PREFIX, Settings

if typing.TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from schemas.events import Event

FOLDER = Path("docs/reference")
_SETTINGS_HEAD = f"""# Settings

*Written by `python -m deploy.reference` from `services/settings.py`; a test compares the two.*

A setting is an environment variable, or a key of the file that `{FILE_VARIABLE}` names: a `.toml` file with the name in
lower case and without the prefix (`log_level = "debug"`), or else a file of `VARIABLE=value` lines. The environment
goes before the file, the file before the default. `lamplighter doctor` names variables that look like settings and are
none.

| variable | kind | default | what it is |
| --- | --- | --- | --- |
"""
_TOPICS_HEAD = """# Topics and events

*Written by `python -m deploy.reference` from `schemas/topics.py` and `schemas/events/`; a test compares the two.*

A topic is a named log in Apache Kafka. What travels on it is an *event*: one JSON object in UTF-8, whose field `type`
names the kind of event and its version. The table says who writes a topic and which of our stages read it. Messages with
the same key stay in order. A drill, and any installation that wants it, puts a prefix before each name (setting
`LAMPLIGHTER_TOPIC_PREFIX`).

What cannot be read, or has no place, is *parked*: kept in PostgreSQL with its reason, its origin and its bytes, with a
copy on `dead.letters`. Decoding is strict: unknown fields, doubled fields, missing fields, wrong types, times without a
time zone and years before 2000 or after 2099 are refused. Headers repeat a part of the body (CloudEvents 1.0, binary
mode) for those who only route; the body is the authority.

| topic | key | partitions | kept for | written by | read by | events |
| --- | --- | --- | --- | --- | --- | --- |
"""
_REASONS_HEAD = """# Reasons

*Written by `python -m deploy.reference` from the `reasons.py` of each room; a test compares the two.*

Every decision has a reason, also the decision to do nothing. It is a code, kept in the `journal` together with the
facts that the decision rests on. A code without a sentence says all there is to say.
"""


def settings_page() -> str:
    """Return the text of the page about settings."""
    rows = []
    for name, field in Settings.model_fields.items():
        cells = (f"`{PREFIX}{name.upper()}`", _kind(field.annotation), _default(field), field.description or "")
        rows.append(_row(*cells))
    return _SETTINGS_HEAD + "".join(rows)


def topics_page() -> str:
    """Return the text of the page about topics and the events on them."""
    rows = [
        _row(
            f"`{topic.name}`",
            topic.key,
            str(topic.partitions),
            f"{topic.retention_ms // DAY_MS} days",
            topic.producer,
            ", ".join(topic.consumers) or "people",
            ", ".join(f"`{_tag(event)}`" for event in topic.events) or "copies of what was parked",
        )
        for topic in TOPICS.values()
    ]
    return _TOPICS_HEAD + "".join(rows) + "".join(_events_of(topic) for topic in TOPICS.values())


def reasons_page() -> str:
    """Return the text of the page about reason codes, room by room."""
    return _REASONS_HEAD + "".join(map(_reasons_of, sorted(Path(services.__path__[0]).glob("*/reasons.py"))))


def edge_document() -> str:
    """Return the OpenAPI document of the HTTP edge."""
    return json.dumps(web.document(), indent=1, ensure_ascii=False) + "\n"


def hotline_document() -> str:
    """Return the OpenAPI document of the hotline's API."""
    version = importlib.metadata.version("lamplighter")
    return json.dumps(hotline_openapi.document(version), indent=1, ensure_ascii=False) + "\n"


def console_document() -> str:
    """Return the OpenAPI document of what the console's pages ask of its server."""
    version = importlib.metadata.version("lamplighter")
    return json.dumps(console_openapi.document(ROUTES, OPEN, version), indent=1, ensure_ascii=False) + "\n"


def topics_document() -> str:
    """Return the AsyncAPI document of the topics."""
    return json.dumps(asyncapi.document(), indent=1, ensure_ascii=False) + "\n"


PAGES: Mapping[str, Callable[[], str]] = types.MappingProxyType(
    {
        "settings.md": settings_page,
        "topics.md": topics_page,
        "reasons.md": reasons_page,
        "openapi.json": edge_document,
        "openapi-hotline.json": hotline_document,
        "openapi-console.json": console_document,
        "asyncapi.json": topics_document,
        "../operations.md": operations_page.page,
        "../../deploy/monitoring/grafana/lamplighter.json": dashboard.as_json,
    }
)
"""Every page that is written, by its file's name as seen from `docs/reference/`."""


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |\n"


def _tag(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


def _events_of(topic: Topic) -> str:
    text = ""
    for event in topic.events:
        described = msgspec.inspect.type_info(event)
        assert isinstance(described, inspecting.StructType), "an event is a structure"
        text += f"\n## `{_tag(event)}`\n\nOn `{topic.name}`. {inspect.getdoc(event)}\n\n"
        text += "| field | kind | needed |\n| --- | --- | --- |\n"
        for one in described.fields:
            text += _row(f"`{one.encode_name}`", _json_kind(one.type), "yes" if one.required else "no")
    return text


def _json_kind(kind: inspecting.Type) -> str:  # noqa: C901, PLR0911 - one line for each type there is
    """Return in words what a field of an event may hold."""
    match kind:
        case inspecting.UnionType(types=kinds):
            return " or ".join(_json_kind(each) for each in kinds if not isinstance(each, inspecting.NoneType))
        case inspecting.EnumType(cls=cls):
            return "one of " + ", ".join(f"`{member.value}`" for member in cls)
        case inspecting.StrType(min_length=None, max_length=longest):
            return f"text of at most {longest} characters"
        case inspecting.StrType(max_length=longest):
            return f"id: 1 to {longest} of `A-Z a-z 0-9 _ . : + / # -`"
        case inspecting.DateTimeType():
            return "time with its time zone (RFC 3339)"
        case inspecting.BoolType():
            return "`true` or `false`"
        case inspecting.IntType(ge=lowest, le=highest):
            return f"whole number from {lowest} to {highest}"
        case inspecting.FloatType(ge=lowest, le=highest):
            return f"number from {lowest} to {highest}"
        case inspecting.ListType(item_type=item):
            return f"list; each: {_json_kind(item)}"
        case inspecting.StructType(fields=inner):
            return "object: " + "; ".join(f"`{each.encode_name}`, {_json_kind(each.type)}" for each in inner)
        case _:
            raise TypeError(f"no words for {kind}")


def _reasons_of(path: Path) -> str:
    """Return a room's reasons; the sentence of a reason is the string that follows it in the source."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    text = ""
    for enumeration in (node for node in module.body if isinstance(node, ast.ClassDef)):
        text += f"\n## {path.parent.name}\n\n{ast.get_docstring(enumeration)}\n\n"
        text += "| code | what it says |\n| --- | --- |\n"
        for place, node in enumerate(enumeration.body):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                following = enumeration.body[place + 1] if place + 1 < len(enumeration.body) else None
                sentence = ast.literal_eval(following.value) if isinstance(following, ast.Expr) else ""
                text += _row(f"`{ast.literal_eval(node.value)}`", sentence)
    return text


def _kind(annotation: object) -> str:
    arguments = [each for each in typing.get_args(annotation) if each is not type(None)]
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if typing.get_origin(annotation) is tuple:
        return f"JSON list; each: {_kind(arguments[0])}"
    if typing.get_origin(annotation) is dict:
        return f"JSON object; each value: {_kind(arguments[1])}"
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return " or ".join(_kind(each) for each in arguments)
    words: dict[object, str] = {
        bool: "yes or no",
        int: "whole number",
        float: "number",
        str: "text",
        Path: "path",
        SecretStr: "secret",
    }
    return words[annotation]


def _default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default" in extra:
        return str(extra["default"])
    value = field.default
    assert value is not PydanticUndefined, "a setting without a plain default describes it in json_schema_extra"
    if value in (None, "", (), {}) or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return "none"
    if isinstance(value, bool):
        return "no" if not value else "yes"
    if isinstance(value, dict | tuple):
        return f"`{json.dumps(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
