-- What the drill's operator takes beside texts and calls: letters, notices posted to programs, notices that are spoken.

ALTER TABLE drill.operator ADD smtp_port integer NOT NULL DEFAULT 0;

CREATE TABLE drill.told (
    key text PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('email', 'webhook', 'voice')),
    address text NOT NULL,
    subject text NOT NULL DEFAULT '',
    words text NOT NULL,
    at_ms bigint NOT NULL,
    times integer NOT NULL DEFAULT 1
);
COMMENT ON COLUMN drill.told.times IS 'How often it was handed over; a reader, a program, a customer is told it once.';
