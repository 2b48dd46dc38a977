-- What people and other rooms may read of the hotline: escalations and their calls.

CREATE VIEW hotline_escalation AS
SELECT e.id AS outage,
       e.body ->> 'account' AS account,
       e.body ->> 'customer' AS customer,
       e.body ->> 'incident' AS incident,
       e.body ->> 'window' AS "window",
       (e.body ->> 'out_since')::bigint AS out_since_ms,
       e.body ->> 'state' AS state,
       (e.body ->> 'calls')::integer AS calls,
       (e.body ->> 'next_call_at')::bigint AS next_call_at_ms
FROM entity e
WHERE e.stage = 'escalate' AND e.kind = 'escalation';
COMMENT ON VIEW hotline_escalation IS 'Every outage of a large customer: calling until acknowledged or over.';

CREATE VIEW hotline_call AS
SELECT f.key AS call,
       f.body ->> 'account' AS account,
       f.body ->> 'outage' AS outage,
       (f.body ->> 'attempt')::integer AS attempt,
       f.state,
       f.reason,
       f.due_at_ms,
       f.expires_at_ms,
       f.done_at_ms,
       f.gateway_reference
FROM effects f
WHERE f.kind = 'call';
COMMENT ON VIEW hotline_call IS 'Every call to a contact, placed or to be placed.';
