-- Asking the one who knows: how much may be asked, who was asked and why, and, in a drill, who has to answer.

CREATE TABLE asking_set (
    shard text NOT NULL,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    mode text NOT NULL CHECK (mode IN ('off', 'low', 'storm')),
    pings_per_minute integer NOT NULL CHECK (pings_per_minute >= 0),
    texts_per_hour integer NOT NULL CHECK (texts_per_hour >= 0),
    decided bigint,
    PRIMARY KEY (shard, tick)
);
COMMENT ON TABLE asking_set IS 'How much may be asked in a supply area, as the settings said when a worker started: a fact of the next turn.';

CREATE TABLE question (
    key text PRIMARY KEY,
    area text NOT NULL,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    incident text NOT NULL,
    customer text NOT NULL,
    by text NOT NULL CHECK (by IN ('meter', 'text')),
    meter text NOT NULL,
    device text NOT NULL,
    other text
);
COMMENT ON TABLE question IS 'Who was asked whether power is on, by a ping of the meter or by text, and which devices the answer tells apart.';
COMMENT ON COLUMN question.key IS 'By meter: the key of the effect; by text: the id of the event.';
CREATE INDEX question_by_incident ON question (incident, at_ms);
CREATE INDEX question_by_time ON question (at_ms);

ALTER TABLE notice_decided
    DROP CONSTRAINT notice_decided_moment_check,
    ADD CHECK (moment IN ('powerOut', 'initialEtr', 'etrChange', 'informDispatched', 'powerRestored', 'question'));

CREATE TABLE drill.asked (
    id text PRIMARY KEY,
    customer text NOT NULL,
    by text NOT NULL CHECK (by IN ('meter', 'text')),
    at_ms bigint NOT NULL,
    tick bigint NOT NULL,
    decided bigint
);
CREATE INDEX asked_undecided ON drill.asked (tick) WHERE decided IS NULL;
COMMENT ON TABLE drill.asked IS 'Pings that the head-end took, and questions that handsets received: facts for the world, which answers by the truth.';

-- The world awaits turns of its own for them.
CREATE OR REPLACE VIEW undecided AS
SELECT stage, shard, tick FROM inbox WHERE decided IS NULL
UNION ALL
SELECT 'correlate', shard, tick FROM report_batch WHERE decided IS NULL
UNION ALL
SELECT 'world', 'world', tick FROM drill.asked WHERE decided IS NULL;
