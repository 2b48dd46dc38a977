"""What must hold of access keys and of what was accepted over HTTP."""

from __future__ import annotations

from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="keysStayHashed",
        promise="Of a key only its hash is kept, also in what was sent with it or about it.",
        checked_sql="SELECT count(*) FROM access_key",
        violations_sql=r"""
            SELECT key_id, 'access_key' AS kept_in FROM access_key
            WHERE secret_sha256 !~ '^[0-9a-f]{64}$' OR name ~ 'lk_[0-9a-f]{12}_'
            UNION ALL
            SELECT key_id, 'edge_request' FROM edge_request WHERE idempotency_key ~ 'lk_[0-9a-f]{12}_'
            UNION ALL
            SELECT e.key_id, 'outbox' FROM edge_event e JOIN outbox o ON o.id = e.outbox_id
            WHERE position('lk_' || e.key_id || '_' IN convert_from(o.body, 'UTF8')) > 0
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="acceptedIsPublished",
        promise="Every event that was accepted over HTTP is in the outbox, on its topic and with the bytes accepted.",
        checked_sql="SELECT count(*) FROM edge_event",
        violations_sql="""
            SELECT e.key_id, e.event_id, e.topic FROM edge_event e LEFT JOIN outbox o ON o.id = e.outbox_id
            WHERE o.id IS NULL OR o.topic <> e.topic OR sha256(o.body) <> e.sha256
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="requestAcceptedWhole",
        promise="A request under an idempotency key was accepted with all of its events or not at all.",
        checked_sql="SELECT count(*) FROM edge_request",
        violations_sql="""
            SELECT r.key_id, r.idempotency_key, lacking FROM edge_request r, unnest(r.event_ids) AS lacking
            WHERE NOT EXISTS (SELECT FROM edge_event e WHERE e.key_id = r.key_id AND e.event_id = lacking)
            ORDER BY 1, 2, 3""",
    ),
)
