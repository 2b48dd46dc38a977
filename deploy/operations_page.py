"""`docs/operations.md`: what a person wrote in `operations.in.md` beside this, with the tables that come from the sources.

A line `{{name}}` in it is replaced by what the function of that name below returns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import deploy
from deploy.installation import TELLING
from deploy.log_scan import logged
from services.settings import Settings
from services.telling import log_events, metrics

HERE = Path(deploy.__path__[0])
ALERTS = HERE / "monitoring" / "prometheus" / "alerts.yml"
TEMPLATE = HERE / "operations.in.md"
_MARK = re.compile(r"^\{\{(\w+)\}\}\n", re.MULTILINE)


class UnexplainedEvent(Exception):
    """A log event without a sentence, or a sentence without a log event; the message names it."""


def page() -> str:
    """Return the text of the page. Raises `UnexplainedEvent`, and `KeyError` for a mark without a function."""
    return _MARK.sub(lambda mark: PARTS[mark[1]](), TEMPLATE.read_text(encoding="utf-8"))


def metrics_table() -> str:
    """Return every metric with its labels, its unit, who tells it, and its sentence."""
    rows = ["| metric | kind | labels | unit | told by | what it is |\n| --- | --- | --- | --- | --- | --- |\n"]
    for each in metrics.TABLE:
        teller = "each process that it concerns" if each.source == "process" else "the relay"
        labels = ", ".join(f"`{label}`" for label in each.labels)
        rows.append(_row(f"`{each.name}`", each.kind, labels, each.unit, teller, each.help))
    return "".join(rows)


def events_table() -> str:
    """Return every log event with its level, its fields and its sentence. Raises `UnexplainedEvent`."""
    found = logged(HERE.parent)
    unexplained = {each.name for each in found} ^ log_events.SENTENCES.keys()
    if unexplained:
        raise UnexplainedEvent(", ".join(sorted(unexplained)))
    rows = ["| event | level | fields | what it says |\n| --- | --- | --- | --- |\n"]
    for each in found:
        fields = ", ".join(f"`{name}`" for name in each.fields)
        rows.append(_row(f"`{each.name}`", " or ".join(each.levels), fields, log_events.SENTENCES[each.name]))
    return "".join(rows)


def ports_table() -> str:
    """Return every port setting with its default, and the processes that tell metrics, with their distance to the first port."""
    rows = ["| setting | default | what listens |\n| --- | --- | --- |\n"]
    for name, field in Settings.model_fields.items():
        if name.endswith("_port"):
            rows.append(_row(f"`{name}`", str(field.default), field.description or ""))
    rows.append("\n| process | port for metrics and health |\n| --- | --- |\n")
    rows += [_row(f"`{name}`", f"first + {place}" if place else "first") for place, name in enumerate(TELLING)]
    return "".join(rows)


def alerts_table() -> str:
    """Return a section for every alert: what it means, its expression, what to do."""
    text = ""
    for rule in alert_rules():
        notes, after = rule["annotations"], f", for {rule['for']}" if "for" in rule else ""
        text += f"### {rule['alert']} ({rule['labels']['severity']})\n\n{notes['description']}\n\n"
        text += f"`{' '.join(rule['expr'].split())}`{after}\n\n**What to do.** {' '.join(notes['runbook'].split())}\n\n"
    return text.rstrip("\n") + "\n"


def alert_rules() -> list[dict[str, Any]]:
    """Return the alert rules as they stand in their file."""
    import yaml  # noqa: PLC0415 (a package of developers; nothing that runs needs it)

    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


PARTS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"metrics": metrics_table, "events": events_table, "ports": ports_table, "alerts": alerts_table}
)
"""What is put in place of each mark."""


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |\n"
