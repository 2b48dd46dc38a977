-- Operations: a database that was restored from a back-up, and what Kafka has beyond it.

CREATE TABLE restoration (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'restored' CHECK (state IN ('restored', 'held', 'released')),
    backed_up_at timestamptz,
    restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tick bigint,
    held_at_ms bigint,
    released_at_ms bigint,
    CHECK (state = 'restored' OR (tick IS NOT NULL AND held_at_ms IS NOT NULL)),
    CHECK ((state = 'released') = (released_at_ms IS NOT NULL))
);
CREATE UNIQUE INDEX restoration_open ON restoration ((true)) WHERE state <> 'released';
COMMENT ON TABLE restoration IS 'Each time this database was put back to an earlier state. While one is not released, no text and no call leaves.';
COMMENT ON COLUMN restoration.state IS 'restored: not compared with Kafka yet, nothing may run; held: compared, all runs but texts and calls; released: over.';
COMMENT ON COLUMN restoration.tick IS 'The tick of the first start after it: what was decided up to it, the back-up had.';
COMMENT ON COLUMN restoration.held_at_ms IS 'The time of the first start: the lost database did nothing later than this.';

CREATE TABLE restoration_part (
    restoration integer NOT NULL REFERENCES restoration,
    topic text NOT NULL,
    part integer NOT NULL,
    known_end bigint NOT NULL,
    next_offset bigint,
    end_offset bigint NOT NULL,
    first_offset bigint NOT NULL,
    orphans bigint NOT NULL,
    PRIMARY KEY (restoration, topic, part)
);
COMMENT ON TABLE restoration_part IS 'How far each partition reached in Kafka at the first start, against what the database knew of it.';
COMMENT ON COLUMN restoration_part.known_end IS 'Where it ended as far as the database knew: what it had published, and what it had taken.';
COMMENT ON COLUMN restoration_part.next_offset IS 'The lowest offset that one of its consumers has still to take; null: nobody takes it.';
COMMENT ON COLUMN restoration_part.first_offset IS 'The oldest offset that Kafka still had.';
COMMENT ON COLUMN restoration_part.orphans IS 'How many of its messages were decided by the lost database.';

CREATE TABLE restoration_orphan (
    restoration integer NOT NULL REFERENCES restoration,
    topic text NOT NULL,
    part integer NOT NULL,
    "offset" bigint NOT NULL,
    event_id text,
    event_type text,
    source text NOT NULL,
    key text NOT NULL,
    event_at text,
    wall_at timestamptz NOT NULL,
    PRIMARY KEY (topic, part, "offset")
);
COMMENT ON TABLE restoration_orphan IS 'Messages in Kafka that the lost database decided and this one does not know. They are named here and passed over: it decides anew.';

-- Which edition of its stage's rules decided a turn, and the state that a later edition found.
ALTER TABLE ticks ADD rules integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN ticks.rules IS 'The edition of the rules that decided it; a replay repeats what its own edition decided.';

CREATE TABLE replay_base (
    stage text NOT NULL,
    shard text NOT NULL,
    n bigint NOT NULL,
    rules integer NOT NULL,
    entities json NOT NULL,
    PRIMARY KEY (stage, shard, n)
);
COMMENT ON TABLE replay_base IS 'The state of a shard up to tick n, as the first turn of a new edition of the rules found it: kind, id, body.';
