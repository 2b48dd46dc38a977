-- Every kind of report, keys for those who speak over HTTP, and what they were promised.

ALTER TABLE report
    ADD account text,
    ADD pole_named text,
    ADD device_named text,
    ADD phone_named text,
    ADD lon double precision,
    ADD lat double precision,
    ADD hazard text,
    ADD candidates json NOT NULL DEFAULT '[]',
    ADD priority boolean NOT NULL DEFAULT false,
    ADD body_sha256 bytea,
    DROP CONSTRAINT report_kind_check,
    ADD CHECK (kind IN ('call', 'text', 'lastGasp', 'powerRestored', 'hazard')),
    DROP CONSTRAINT report_state_check,
    ADD CHECK (state IN ('located', 'ambiguous', 'unknown', 'closedAccount', 'late', 'muted', 'counted', 'answered', 'doubled')),
    DROP CONSTRAINT report_check,
    ADD CHECK (state IN ('unknown', 'closedAccount', 'late') OR (shard IS NOT NULL AND (device IS NOT NULL OR kind = 'hazard'))),
    ADD CHECK ((kind = 'hazard') = (hazard IS NOT NULL)),
    ADD CHECK (state IN ('unknown', 'closedAccount', 'late') OR kind <> 'hazard' OR (lon, lat) IS NOT NULL);
COMMENT ON COLUMN report.lon IS 'Where the report says it is; of a located hazard where the danger is taken to be. Degrees WGS 84.';
COMMENT ON COLUMN report.candidates IS 'Of an ambiguous report: pairs of customer (null: nobody is named) and device that may be meant.';
COMMENT ON COLUMN report.body_sha256 IS 'Of the canonical bytes of the event: another event of this id is parked.';
COMMENT ON COLUMN report.phone_named IS 'The number that called. It is shown masked only.';

DROP INDEX report_undecided;
CREATE INDEX report_undecided ON report (shard, tick) WHERE decided IS NULL AND state IN ('located', 'ambiguous');
CREATE INDEX report_by_state ON report (state, at_ms);

-- Located and ambiguous reports await a turn of correlate like facts in `inbox`.
CREATE OR REPLACE VIEW undecided AS
SELECT stage, shard, tick FROM inbox WHERE decided IS NULL
UNION ALL
SELECT 'correlate', shard, tick FROM report WHERE decided IS NULL AND state IN ('located', 'ambiguous');

CREATE VIEW report_states AS
SELECT id, kind, state, reason, at_ms, shard AS area, account, customer, device, holder, customer_named, meter_named,
       pole_named, device_named, hazard, lon, lat, candidates, priority,
       CASE WHEN phone_named IS NOT NULL THEN repeat('*', length(phone_named) - 2) || right(phone_named, 2) END AS phone_masked
FROM report;
COMMENT ON VIEW report_states IS 'Every report with its named state and the reason for it, for people to list. No phone number is in it.';

CREATE TABLE access_key (
    key_id text PRIMARY KEY,
    secret_sha256 text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    account text,
    revoked boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE access_key IS 'Who may speak over HTTP. The key itself is shown once, when it is made, and kept nowhere.';

CREATE TABLE edge_request (
    key_id text NOT NULL REFERENCES access_key,
    idempotency_key text NOT NULL,
    sha256 bytea NOT NULL,
    event_ids text[] NOT NULL CHECK (cardinality(event_ids) > 0),
    tick bigint NOT NULL,
    PRIMARY KEY (key_id, idempotency_key)
);
COMMENT ON TABLE edge_request IS 'A request accepted under an idempotency key: the same again has the same answer, another one is refused.';
COMMENT ON COLUMN edge_request.sha256 IS 'Of the topic and the canonical bytes of its events, line by line.';

CREATE TABLE edge_event (
    key_id text NOT NULL REFERENCES access_key,
    event_id text NOT NULL,
    topic text NOT NULL,
    sha256 bytea NOT NULL,
    outbox_id text NOT NULL,
    tick bigint NOT NULL,
    PRIMARY KEY (key_id, event_id)
);
COMMENT ON TABLE edge_event IS 'An event that was accepted over HTTP; written in one transaction with its row of the outbox.';
COMMENT ON COLUMN edge_event.sha256 IS 'Of the canonical bytes of the event.';
CREATE INDEX parked_by_event ON parked (event_id);
