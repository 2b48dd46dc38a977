"""Runs the audit rules of every room against one snapshot of the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from services.access import audit as access
from services.audit.rule import AuditRule
from services.audit.store import in_one_snapshot
from services.dispatch import audit as dispatch
from services.drill import audit as drill
from services.engine import audit as engine
from services.history import audit as history
from services.hotline import audit as hotline
from services.measures import audit as measures
from services.notices import audit as notices
from services.notices import audit_dialogue as dialogue
from services.outages import audit as outages
from services.reports import audit as reports
from services.utility import audit as utility

RULES: tuple[AuditRule, ...] = (
    *engine.RULES,
    *access.RULES,
    *reports.RULES,
    *outages.RULES,
    *dispatch.RULES,
    *hotline.RULES,
    *notices.RULES,
    *dialogue.RULES,
    *measures.RULES,
    *history.RULES,
    *utility.RULES,
    *drill.RULES,
)
"""Every rule there is. Names are unique."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A rule, how many rows it looked at, and what breaks it (column names to values)."""

    rule: AuditRule
    checked: int
    violations: Sequence[Mapping[str, Any]]


async def audit(connection: Any, ends: Mapping[tuple[str, int], int]) -> list[Finding]:
    """Return what every rule found; `ends` are the broker's end offsets by topic (without prefix) and partition."""
    found = await in_one_snapshot(connection, RULES, ends)
    return [Finding(rule, checked, violations) for rule, (checked, violations) in zip(RULES, found, strict=True)]


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings as one JSON object: counts, and each rule with its violations."""
    return {
        "rules": len(findings),
        "checked": sum(finding.checked for finding in findings),
        "violations": sum(len(finding.violations) for finding in findings),
        "findings": [
            {
                "rule": finding.rule.name,
                "promise": finding.rule.promise,
                "checked": finding.checked,
                "violations": [{name: _plain(value) for name, value in v.items()} for v in finding.violations],
            }
            for finding in findings
        ],
    }


def in_words(findings: Sequence[Finding]) -> str:
    """Return the findings for a person: each rule, the rows it looked at, and each violation with its ids."""
    lines = []
    for finding in findings:
        lines.append(
            f"{'holds ' if not finding.violations else 'BROKEN'}  {finding.rule.name}: {finding.checked} checked"
        )
        if finding.violations:
            lines.append(f"        {finding.rule.promise}")
            lines += [
                "        " + ", ".join(f"{name} {_plain(value)}" for name, value in violation.items())
                for violation in finding.violations
            ]
    broken = sum(bool(finding.violations) for finding in findings)
    lines.append(
        f"{len(findings)} rules, {sum(finding.checked for finding in findings)} rows checked, {broken} broken."
    )
    return "\n".join(lines)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
