-- The world that a drill plays: what it will say and when, what truly happened, what handsets and contacts received.
-- The product's own tables never depend on these; a production database keeps them empty.

CREATE SCHEMA drill;

CREATE TABLE drill.scenario (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    storm text NOT NULL,
    seed bigint NOT NULL,
    utility text NOT NULL,
    starts_at_ms bigint NOT NULL,
    made text[] NOT NULL
);
COMMENT ON COLUMN drill.scenario.made IS 'In words, what the utility lacked and the drill made.';

-- Where the drill's operator listens; the only place to which a drill's gateways connect.
CREATE TABLE drill.operator (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    host text NOT NULL CHECK (host = '127.0.0.1'),
    smpp_port integer NOT NULL,
    http_port integer NOT NULL,
    system_id text NOT NULL,
    password text NOT NULL
);

-- What the world will say. Channel kafka: published by the driver; smpp: delivered by the operator (receipts).
CREATE TABLE drill.schedule (
    id text PRIMARY KEY,
    at_ms bigint NOT NULL,
    channel text NOT NULL CHECK (channel IN ('kafka', 'smpp')),
    topic text NOT NULL,
    key text NOT NULL,
    body bytea NOT NULL,
    sent boolean NOT NULL DEFAULT false,
    report_id text,
    wall_sent timestamptz
);
CREATE INDEX schedule_unsent ON drill.schedule (channel, at_ms) WHERE NOT sent;
COMMENT ON COLUMN drill.schedule.report_id IS 'The distinct report id made, for messages on outage.reports (also in those that are deliberately unreadable).';

CREATE TABLE drill.fault (
    id text PRIMARY KEY,
    device text NOT NULL,
    nested_in text REFERENCES drill.fault (id),
    strikes_at_ms bigint NOT NULL,
    repaired_at_ms bigint
);

-- True stretches without power, whatever the product believes.
CREATE TABLE drill.outage (
    customer text NOT NULL,
    from_ms bigint NOT NULL,
    until_ms bigint,
    planned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (customer, from_ms)
);

-- Texts as the operator took them; a text in parts is one row once it is whole.
CREATE TABLE drill.handset_text (
    operator_id text PRIMARY KEY,
    reference text NOT NULL,
    phone text NOT NULL,
    words text NOT NULL,
    at_ms bigint NOT NULL,
    outcome text NOT NULL
);
CREATE INDEX handset_text_by_reference ON drill.handset_text (reference);

-- Hotline calls as the drill's voice provider took them.
CREATE TABLE drill.call (
    key text PRIMARY KEY,
    account text NOT NULL,
    phone text NOT NULL,
    said text NOT NULL,
    outage text NOT NULL,
    at_ms bigint NOT NULL,
    acknowledged boolean NOT NULL
);

-- Texts for which the drill's operator was too busy, since when: a stretch of time, so that a repeated attempt counts nothing.
CREATE TABLE drill.throttled (
    reference text PRIMARY KEY,
    since_ms bigint NOT NULL
);

CREATE TABLE drill.round (
    n bigint PRIMARY KEY,
    now_ms bigint NOT NULL,
    settled_ms double precision NOT NULL,
    whole_ms double precision NOT NULL
);
COMMENT ON COLUMN drill.round.settled_ms IS 'Real time from the clock''s move to tick n until all was settled.';
COMMENT ON COLUMN drill.round.whole_ms IS 'The same with what followed before the next move: publishing what the world says next.';
