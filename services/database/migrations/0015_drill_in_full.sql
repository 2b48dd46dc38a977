-- The world in full: dangers, and who wrote to us that he wants no more texts.

CREATE TABLE drill.hazard (
    id text PRIMARY KEY,
    kind text NOT NULL,
    device text NOT NULL,
    fault text REFERENCES drill.fault (id),
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    appears_at_ms bigint NOT NULL,
    appeared_at_ms bigint,
    safe_at_ms bigint
);

CREATE TABLE drill.opted_out (
    phone text PRIMARY KEY,
    at_ms bigint NOT NULL
);
COMMENT ON TABLE drill.opted_out IS 'Phones from which STOP was sent, and when it arrives.';

COMMENT ON COLUMN drill.schedule.channel IS 'kafka: published by the driver; smpp: delivered by the operator (receipts, and texts to us).';
