-- The hotline in full: what accounts change of their contacts, what they asked us by the API, and what they read.

CREATE TABLE hotline_contact_override (
    account text NOT NULL,
    contact text NOT NULL,
    phone text CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    place integer CHECK (place > 0),
    PRIMARY KEY (account, contact)
);
COMMENT ON TABLE hotline_contact_override IS 'What an account changed of its contacts itself. It outlives imports and goes before them.';
COMMENT ON COLUMN hotline_contact_override.place IS 'The place on the ladder; null: as the rank says, after those with a place.';

CREATE TABLE hotline_contact_change (
    account text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    contact text NOT NULL,
    field text NOT NULL CHECK (field IN ('phone', 'place')),
    was text,
    became text,
    at_ms bigint NOT NULL,
    key_id text NOT NULL,
    PRIMARY KEY (account, number)
);
COMMENT ON TABLE hotline_contact_change IS 'Every change that an account made to its contacts: what it was, what it became, when, by which access key.';

CREATE TABLE hotline_request (
    account text NOT NULL,
    idempotency_key text NOT NULL,
    digest text NOT NULL,
    event text NOT NULL,
    topic text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);
COMMENT ON TABLE hotline_request IS 'What accounts told by the API, by idempotency key: the same request makes one event. Digest: SHA-256 of what was asked.';

-- The contacts of the current version as they are called.
CREATE VIEW hotline_ladder AS
SELECT c.account, c.contact, c.name, coalesce(o.phone, c.phone) AS phone, o.phone IS NOT NULL AS phone_changed, c.rank, o.place,
       c.wait_s, coalesce(nullif(c.language, ''), nullif(a.language, ''), v.languages[1]) AS language
FROM hotline_contact c
JOIN hotline_account a USING (version, account)
JOIN utility_version v USING (version)
LEFT JOIN hotline_contact_override o ON o.account = c.account AND o.contact = c.contact
WHERE v.current;
COMMENT ON VIEW hotline_ladder IS 'An account''s contacts; called in the order of place (those without one last), rank and contact.';

CREATE OR REPLACE VIEW hotline_escalation AS
SELECT e.id AS outage,
       e.body ->> 'account' AS account,
       e.body ->> 'customer' AS customer,
       e.body ->> 'incident' AS incident,
       e.body ->> 'window' AS "window",
       (e.body ->> 'out_since')::bigint AS out_since_ms,
       e.body ->> 'state' AS state,
       (e.body ->> 'calls')::integer AS calls,
       (e.body ->> 'next_call_at')::bigint AS next_call_at_ms,
       e.body ->> 'source' AS source,
       e.body ->> 'outage' AS ledger_outage,
       (e.body ->> 'estimate')::bigint AS estimate_ms,
       (e.body ->> 'ended_at')::bigint AS ended_at_ms,
       e.body ->> 'acknowledged_by' AS acknowledged_by,
       (e.body ->> 'nobody')::boolean AS nobody
FROM entity e
WHERE e.stage = 'escalate' AND e.kind = 'escalation';
COMMENT ON VIEW hotline_escalation IS 'Every outage of a premise with a hotline account: calling until told, acknowledged or over. ledger_outage: as correlate names it.';

CREATE OR REPLACE VIEW hotline_call AS
SELECT f.key AS call,
       f.body ->> 'account' AS account,
       f.body ->> 'outage' AS outage,
       (f.body ->> 'attempt')::integer AS attempt,
       f.state,
       f.reason,
       f.due_at_ms,
       f.expires_at_ms,
       f.done_at_ms,
       f.gateway_reference,
       f.body ->> 'contact' AS contact,
       f.tick
FROM effects f
WHERE f.kind = 'call';

-- An outage as its account reads it: with its incident, and the crew that is nearest to ending it.
CREATE VIEW hotline_outage AS
SELECT e.*, i.state AS incident_state, o.crew, o.state AS order_state, o.arrival_estimate_ms
FROM hotline_escalation e
LEFT JOIN incident i ON i.id = e.incident
LEFT JOIN LATERAL (
    SELECT c.crew, c.state, c.arrival_estimate_ms FROM crew_order c
    WHERE c.incident = e.incident AND c.assists IS NULL ORDER BY c.active DESC, c.changed_at_ms DESC, c."order" LIMIT 1) o ON true;

CREATE INDEX effects_calls ON effects ((body ->> 'outage')) WHERE kind = 'call';
