-- What is heard, what is inferred from it, and the ledger of interruptions. Times named *_ms are milliseconds since the epoch, UTC.

CREATE TABLE report (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('call', 'lastGasp', 'powerRestored')),
    customer_named text,
    meter_named text,
    customer text,
    device text,
    shard text,
    at_ms bigint NOT NULL,
    state text NOT NULL
        CHECK (state IN ('located', 'unknown', 'closedAccount', 'late', 'muted', 'counted', 'answered', 'doubled')),
    reason text NOT NULL,
    holder text,
    exercise boolean NOT NULL,
    tick bigint NOT NULL,
    decided bigint,
    wall_taken timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (state NOT IN ('located', 'muted', 'counted', 'answered', 'doubled') OR (customer, device, shard) IS NOT NULL)
);
COMMENT ON TABLE report IS 'Every readable report, and the inbox of correlate: what is located and not decided is due.';
COMMENT ON COLUMN report.holder IS 'The incident or window that explains it.';
CREATE INDEX report_undecided ON report (shard, tick) WHERE decided IS NULL AND state = 'located';
CREATE INDEX report_by_turn ON report (shard, decided);
CREATE INDEX report_by_customer ON report (customer, at_ms);

CREATE TABLE incident (
    id text PRIMARY KEY,
    area text NOT NULL,
    device text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('predicted', 'confirmed', 'partiallyRestored', 'restored', 'closed', 'merged', 'dismissed')),
    reason text NOT NULL,
    revision integer NOT NULL,
    basis text NOT NULL CHECK (basis IN ('meter', 'call')),
    opened_at_ms bigint NOT NULL,
    started_at_ms bigint NOT NULL,
    estimate_ms bigint NOT NULL,
    restored_at_ms bigint,
    changed_at_ms bigint NOT NULL,
    heard integer NOT NULL,
    customers_out integer NOT NULL,
    upstream text,
    merged_into text,
    CHECK ((merged_into IS NOT NULL) = (state = 'merged'))
);
COMMENT ON COLUMN incident.basis IS 'What the start rests on: the time meters lost voltage, or the first call.';
COMMENT ON COLUMN incident.heard IS 'Customers of it who, or whose meter, reported.';

-- Integers for customers, so that a plain gist index can hold "the same customer". They enter no decision and no digest.
CREATE TABLE ledger_customer (
    customer text PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE
);

CREATE TABLE interruption (
    id text PRIMARY KEY,
    customer text NOT NULL REFERENCES ledger_customer,
    number integer NOT NULL,
    area text NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint,
    planned boolean NOT NULL,
    basis text NOT NULL CHECK (basis IN ('meter', 'call', 'presumed', 'switching')),
    holder_kind text NOT NULL CHECK (holder_kind IN ('incident', 'window')),
    holder text NOT NULL,
    reason text NOT NULL,
    voided boolean NOT NULL,
    during int8range GENERATED ALWAYS AS (int8range(start_ms, end_ms)) STORED,
    CHECK (voided OR end_ms IS NULL OR end_ms > start_ms),
    CONSTRAINT interruption_once_at_a_time
        EXCLUDE USING gist (int4range(number, number, '[]') WITH &&, during WITH &&) WHERE (NOT voided)
);
COMMENT ON TABLE interruption IS 'The ledger: one row for each customer and interruption; a customer cannot be out twice at once.';
COMMENT ON COLUMN interruption.end_ms IS 'Null while it lasts.';
COMMENT ON COLUMN interruption.basis IS 'What the start rests on: own meter, own call, the incident it lies behind, or switching of planned work.';
COMMENT ON COLUMN interruption.reason IS 'Why it is as it is: why it began, or why it ended or was voided.';
CREATE INDEX interruption_open ON interruption (holder) WHERE end_ms IS NULL AND NOT voided;
CREATE INDEX interruption_by_start ON interruption (start_ms) WHERE NOT voided;

CREATE TABLE interruption_holder (
    interruption text NOT NULL REFERENCES interruption ON DELETE CASCADE,
    from_ms bigint NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (interruption, from_ms, holder)
);
COMMENT ON TABLE interruption_holder IS 'Which incident or window held an interruption, from which decision on.';

-- What indices are computed from: ended and lasting interruptions that count.
CREATE VIEW measured_interruption AS
SELECT id, customer, area, start_ms, end_ms, planned, basis, holder FROM interruption WHERE NOT voided;
COMMENT ON VIEW measured_interruption IS 'The ledger as measures read it; end_ms is null while an interruption lasts.';

-- Located reports await a turn of correlate like facts in `inbox`.
CREATE OR REPLACE VIEW undecided AS
SELECT stage, shard, tick FROM inbox WHERE decided IS NULL
UNION ALL
SELECT 'correlate', shard, tick FROM report WHERE decided IS NULL AND state = 'located';
