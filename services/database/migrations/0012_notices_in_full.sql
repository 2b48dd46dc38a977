-- Five moments, texts for several premises of one phone, what customers write to us, and what phones say of wanting texts.

ALTER TABLE notice_decided
    ADD customers text[] NOT NULL DEFAULT '{}',
    ADD handle text NOT NULL DEFAULT '',
    ADD estimate_ms bigint,
    DROP CONSTRAINT notice_decided_moment_check,
    ADD CHECK (moment IN ('powerOut', 'initialEtr', 'etrChange', 'informDispatched', 'powerRestored'));
UPDATE notice_decided SET customers = ARRAY[customer];
ALTER TABLE notice_decided
    ALTER customers DROP DEFAULT,
    ALTER handle DROP DEFAULT,
    ADD CHECK (cardinality(customers) > 0 AND customer = customers[1]);
COMMENT ON COLUMN notice_decided.customers IS 'The premises it speaks of, all of one phone; customer is the first of them.';
COMMENT ON COLUMN notice_decided.handle IS 'The phone, under the name by which state and journal know it.';
COMMENT ON COLUMN notice_decided.estimate_ms IS 'The estimated restoration that it names.';
CREATE INDEX notice_by_customers ON notice_decided USING gin (customers);
CREATE INDEX notice_by_handle ON notice_decided (handle, tick);

CREATE OR REPLACE VIEW notice AS
SELECT n.key, n.area, n.incident, n.customer, n.moment, n.tick, n.decided_at_ms, n.expires_at_ms,
       coalesce(n.receipt, e.state) AS state, e.state AS effect_state, e.reason AS effect_reason, e.attempts,
       e.done_at_ms, n.receipt, n.receipt_at_ms, n.operator_code, n.customers, n.estimate_ms
FROM notice_decided n
LEFT JOIN effects e ON e.key = n.key;

CREATE TABLE inbound_text (
    id text PRIMARY KEY,
    area text NOT NULL,
    tick bigint NOT NULL,
    decided_at_ms bigint NOT NULL,
    at_ms bigint NOT NULL,
    phone text NOT NULL,
    handle text NOT NULL,
    words text NOT NULL,
    state text NOT NULL CHECK (state IN
        ('stopped', 'started', 'helped', 'reported', 'asked', 'answered', 'warned', 'unread')),
    reason text NOT NULL,
    answer text,
    receipt text CHECK (receipt IN ('delivered', 'failed', 'expired')),
    receipt_at_ms bigint
);
COMMENT ON TABLE inbound_text IS 'What people wrote to us and what became of it; unread ones are for people to read.';
COMMENT ON COLUMN inbound_text.answer IS 'Key of the effect that answers; null: the phone had had its answers of the hour.';
CREATE INDEX inbound_text_by_state ON inbound_text (state, at_ms);
CREATE INDEX inbound_text_by_answer ON inbound_text (answer) WHERE answer IS NOT NULL;

CREATE TABLE consent_log (
    id text PRIMARY KEY,
    area text NOT NULL,
    tick bigint NOT NULL,
    decided_at_ms bigint NOT NULL,
    at_ms bigint NOT NULL,
    phone text NOT NULL,
    handle text NOT NULL,
    consents boolean NOT NULL
);
COMMENT ON TABLE consent_log IS 'What phones said of wanting texts, by area; before it counts what the utility folder says.';
CREATE INDEX consent_log_by_handle ON consent_log (handle, tick);

CREATE TABLE inbound_part (
    phone text NOT NULL,
    reference text NOT NULL,
    total integer NOT NULL CHECK (total BETWEEN 2 AND 255),
    number integer NOT NULL CHECK (number BETWEEN 1 AND 255),
    coding integer NOT NULL,
    body bytea NOT NULL,
    operator_id text NOT NULL DEFAULT '',
    at_ms bigint NOT NULL,
    PRIMARY KEY (phone, reference, total, number)
);
COMMENT ON TABLE inbound_part IS 'Parts of long texts, kept until all of one have come.';
