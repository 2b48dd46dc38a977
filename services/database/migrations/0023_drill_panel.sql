-- The panel of an exercise: how the processes fare, and what a person breaks to see it heal.

CREATE TABLE drill.part (
    part text PRIMARY KEY,
    state text NOT NULL,
    restarts integer NOT NULL,
    wall_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE drill.part IS 'The processes of the exercise as their supervisor sees them, written by it.';

CREATE TABLE drill.breakage (
    number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('kill', 'cut')),
    part text NOT NULL,
    state text NOT NULL DEFAULT 'wished' CHECK (state IN ('wished', 'broken', 'mended', 'refused')),
    wall_wished timestamptz NOT NULL DEFAULT clock_timestamp(),
    wall_changed timestamptz
);
COMMENT ON TABLE drill.breakage IS 'kill: the process is killed, its supervisor starts it anew; cut: it stays away for a while. Done by the supervisor.';
CREATE INDEX breakage_open ON drill.breakage (number) WHERE state IN ('wished', 'broken');
