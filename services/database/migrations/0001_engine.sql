-- The mechanism: clock, progress of every consumer, turns, facts, outbox, effects, journal, parked messages.
-- Times named *_ms are milliseconds since the epoch, UTC, of the clock in this database; columns named wall_* hold real time
-- and take no part in a decision or a digest.

CREATE TABLE instance (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    exercise boolean NOT NULL,
    topic_prefix text NOT NULL
);
COMMENT ON TABLE instance IS 'Whether this whole database belongs to an exercise; set once, when it is made.';

CREATE TABLE clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    mode text NOT NULL CHECK (mode IN ('lockstep', 'running')),
    n bigint NOT NULL,
    now_ms bigint NOT NULL,
    target_ms bigint,
    wall_anchor timestamptz NOT NULL DEFAULT clock_timestamp(),
    speed double precision NOT NULL DEFAULT 1 CHECK (speed > 0),
    step_s double precision NOT NULL DEFAULT 0.5 CHECK (step_s > 0)
);
COMMENT ON COLUMN clock.target_ms IS 'Lockstep: the time the driver is moving to; committed before it publishes.';

-- The tick and the time. Running: as many whole steps as have passed since the anchor; lockstep: as the driver left them.
CREATE FUNCTION tick(OUT n bigint, OUT now_ms bigint) LANGUAGE sql STABLE AS $$
    SELECT CASE mode WHEN 'lockstep' THEN c.n ELSE c.n + steps.passed END,
           CASE mode WHEN 'lockstep' THEN c.now_ms
                ELSE c.now_ms + floor(steps.passed * c.step_s * c.speed * 1000)::bigint END
    FROM clock c,
         LATERAL (SELECT greatest(0, floor(extract(epoch FROM clock_timestamp() - c.wall_anchor) / c.step_s))::bigint AS passed) steps
$$;

CREATE TABLE progress (
    stage text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (stage, topic, part)
);

CREATE TABLE taken (
    stage text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset > first_offset),
    tick bigint NOT NULL,
    PRIMARY KEY (stage, topic, part, first_offset)
);
COMMENT ON TABLE taken IS 'Each batch of offsets as it was taken; laid end to end they leave no gap.';

CREATE TABLE heads (
    topic text NOT NULL,
    part integer NOT NULL,
    end_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, part)
);

CREATE TABLE turns (
    stage text NOT NULL,
    shard text NOT NULL,
    ticked_to bigint NOT NULL DEFAULT 0,
    wake_at_ms bigint,
    PRIMARY KEY (stage, shard)
);

CREATE TABLE ticks (
    stage text NOT NULL,
    shard text NOT NULL,
    n bigint NOT NULL,
    now_ms bigint NOT NULL,
    facts integer NOT NULL,
    outcome text NOT NULL,
    PRIMARY KEY (stage, shard, n)
);
COMMENT ON COLUMN ticks.outcome IS 'SHA-256 of the canonical bytes of what was decided.';

CREATE TABLE inbox (
    stage text NOT NULL,
    id text NOT NULL,
    shard text NOT NULL,
    at_ms bigint NOT NULL,
    tick bigint NOT NULL,
    topic text NOT NULL,
    body bytea NOT NULL,
    decided bigint,
    wall_taken timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stage, id)
);
CREATE INDEX inbox_undecided ON inbox (stage, shard, tick) WHERE decided IS NULL;
CREATE INDEX inbox_by_turn ON inbox (stage, shard, decided);

-- Facts that await a turn. A room with facts in a table of its own replaces this view by one that adds them.
CREATE VIEW undecided AS SELECT stage, shard, tick FROM inbox WHERE decided IS NULL;

CREATE TABLE entity (
    stage text NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    shard text NOT NULL,
    body json NOT NULL,
    PRIMARY KEY (stage, shard, kind, id)
);
CREATE INDEX entity_by_kind ON entity (stage, kind, id);
COMMENT ON TABLE entity IS 'The state of each shard; shards are strangers: an id that two of them use names two things.';

CREATE TABLE journal (
    id text PRIMARY KEY,
    stage text NOT NULL,
    shard text NOT NULL,
    tick bigint NOT NULL,
    now_ms bigint NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    became text NOT NULL,
    reason text NOT NULL,
    facts text[] NOT NULL
);
CREATE INDEX journal_by_subject ON journal (subject_kind, subject, now_ms);

CREATE TABLE outbox (
    id text PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    stage text NOT NULL,
    shard text NOT NULL,
    tick bigint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    sent boolean NOT NULL DEFAULT false,
    wall_written timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outbox_unsent ON outbox (seq) WHERE NOT sent;

CREATE TABLE effects (
    key text PRIMARY KEY,
    kind text NOT NULL,
    stage text NOT NULL,
    shard text NOT NULL,
    tick bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    body json NOT NULL,
    state text NOT NULL DEFAULT 'due'
        CHECK (state IN ('due', 'attempting', 'done', 'failed', 'expired', 'superseded', 'unknown')),
    attempts integer NOT NULL DEFAULT 0,
    reason text,
    done_at_ms bigint,
    gateway text,
    gateway_reference text,
    wall_attempted timestamptz
);
CREATE INDEX effects_open ON effects (kind, due_at_ms) WHERE state IN ('due', 'attempting');

CREATE TABLE parked (
    id text PRIMARY KEY,
    stage text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    headers json NOT NULL DEFAULT '[]',
    body bytea,
    reason text NOT NULL,
    detail text NOT NULL,
    event_id text,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'requeued')),
    wall_parked timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stage, topic, part, "offset")
);
