"""Audit rules of the utility: a version is current, and what is open rests on what it has."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.utility.store import RESTING

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="aVersionIsCurrent",
        promise="Of the versions of the utility exactly one is current, once there is any.",
        checked_sql="SELECT count(*) FROM utility_version",
        violations_sql="SELECT max(version) AS newest FROM utility_version HAVING count(*) > 0 AND NOT bool_or(current)",
    ),
    AuditRule(
        name="openRestsOnTheUtility",
        promise="Every device, customer, crew and account on which something open rests is in the current version.",
        checked_sql=f"SELECT count(*) FROM ({RESTING}) resting",  # noqa: S608 - our own words
        violations_sql=f"""
            WITH resting AS ({RESTING}), named AS (
                SELECT what, 'device' AS kind, unnest(devices) AS id FROM resting
                UNION ALL SELECT what, 'customer', unnest(customers) FROM resting
                UNION ALL SELECT what, 'crew', crew FROM resting WHERE crew IS NOT NULL
                UNION ALL SELECT what, 'account', account FROM resting WHERE account IS NOT NULL)
            SELECT n.kind, n.id, n.what FROM named n CROSS JOIN utility_version v
            WHERE v.current AND NOT CASE n.kind
                WHEN 'device' THEN EXISTS (
                    SELECT FROM utility_branch b WHERE b.version = v.version AND b.kind || ':' || b.id = n.id)
                    OR EXISTS (SELECT FROM utility_feeder f WHERE f.version = v.version AND 'feeder:' || f.feeder = n.id)
                WHEN 'customer' THEN EXISTS (SELECT FROM customer c WHERE c.version = v.version AND c.customer = n.id)
                WHEN 'crew' THEN EXISTS (SELECT FROM crew c WHERE c.version = v.version AND c.crew = n.id)
                ELSE EXISTS (SELECT FROM hotline_account a WHERE a.version = v.version AND a.account = n.id) END
            ORDER BY 1, 2, 3""",  # noqa: S608
    ),
)
