-- People who sign in, what they did, and how long what is personal is kept.

CREATE TABLE person_action (
    id text PRIMARY KEY,
    at_ms bigint NOT NULL,
    by_user text NOT NULL,
    session text NOT NULL,
    kind text NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    why text NOT NULL,
    said json NOT NULL,
    seen bigint,
    event_id text,
    undoes text REFERENCES person_action,
    wall_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE person_action IS 'Everything that a signed-in person did, written in one transaction with what it caused. Nothing in it is changed or deleted.';
COMMENT ON COLUMN person_action.said IS 'What was asked for, as an object. No phone number, name or password is in it.';
COMMENT ON COLUMN person_action.seen IS 'The revision of the subject that the person had before the eyes.';
COMMENT ON COLUMN person_action.event_id IS 'The event that carries it to the stage that decides; null: it took effect by itself.';
CREATE INDEX person_action_by_subject ON person_action (subject_kind, subject, at_ms);
CREATE INDEX person_action_by_user ON person_action (by_user, at_ms);

CREATE INDEX person_action_by_time ON person_action (at_ms, id);
CREATE INDEX person_action_by_event ON person_action (event_id) WHERE event_id IS NOT NULL;

CREATE TABLE app_user (
    user_id text PRIMARY KEY CHECK (user_id ~ '^[a-z0-9._-]{2,40}$' AND user_id <> 'terminal'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    role text NOT NULL CHECK (role IN ('viewer', 'dispatcher', 'operations', 'administrator')),
    password_hash text NOT NULL CHECK (password_hash ~ '^\$argon2id\$'),
    must_change_password boolean NOT NULL DEFAULT false,
    disabled boolean NOT NULL DEFAULT false,
    wall_made timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE app_user IS 'People who may sign in. A user is never deleted, only disabled: what somebody did keeps the name of who did it.';
COMMENT ON COLUMN app_user.user_id IS 'The name with which the person signs in. Actions by a command carry the name terminal, which nobody can have.';
COMMENT ON COLUMN app_user.must_change_password IS 'The password was drawn or given by somebody else: until it is changed, nothing else is allowed.';

CREATE TABLE session (
    id text PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    user_id text REFERENCES app_user,
    crew text,
    role text NOT NULL CHECK (role IN ('viewer', 'dispatcher', 'operations', 'administrator', 'crew')),
    agent text NOT NULL,
    idle interval NOT NULL,
    wall_opened timestamptz NOT NULL DEFAULT clock_timestamp(),
    wall_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    wall_expires timestamptz NOT NULL,
    wall_ended timestamptz,
    ended_why text CHECK (ended_why IN ('signedOut', 'ended', 'passwordChanged', 'roleChanged', 'disabled')),
    CHECK ((user_id IS NULL) <> (crew IS NULL) AND (role = 'crew') = (crew IS NOT NULL)),
    CHECK ((wall_ended IS NULL) = (ended_why IS NULL))
);
COMMENT ON TABLE session IS 'Who is or was signed in, in real time. The token itself is in the cookie of that browser and nowhere else.';
COMMENT ON COLUMN session.idle IS 'For so long without a request it stays open.';
COMMENT ON COLUMN session.wall_seen IS 'When the last request came, to within half a minute.';
CREATE INDEX session_by_user ON session (user_id, wall_opened);

CREATE VIEW open_session AS
SELECT id, token_sha256, user_id, crew, role, agent, wall_opened, wall_seen, wall_expires,
       least(wall_expires, wall_seen + idle) AS wall_closes
FROM session
WHERE wall_ended IS NULL AND clock_timestamp() < least(wall_expires, wall_seen + idle);
COMMENT ON VIEW open_session IS 'The sessions that are open now.';

CREATE TABLE sign_in_failure (
    kind text NOT NULL CHECK (kind IN ('user', 'address')),
    subject bytea NOT NULL,
    failed integer NOT NULL CHECK (failed >= 0),
    wall_last timestamptz NOT NULL,
    wall_locked_until timestamptz,
    PRIMARY KEY (kind, subject)
);
COMMENT ON TABLE sign_in_failure IS 'Wrong passwords by user and by client address, also of users that there are not: being locked out says nothing about who exists.';
COMMENT ON COLUMN sign_in_failure.subject IS 'SHA-256 of the name or the address: what was typed into the wrong field is not kept.';

CREATE TABLE crew_link (
    token_sha256 bytea PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    crew text NOT NULL,
    made_by text NOT NULL,
    wall_made timestamptz NOT NULL DEFAULT clock_timestamp(),
    wall_expires timestamptz NOT NULL,
    session text REFERENCES session
);
COMMENT ON TABLE crew_link IS 'Links that open the page of a crew''s phone, each once. session: the one that was opened with it.';

CREATE TABLE erasure (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at_ms bigint NOT NULL,
    until_ms bigint NOT NULL,
    until_tick bigint NOT NULL,
    rows json NOT NULL,
    wall_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE erasure IS 'Each time that personal data was erased: what is older than until_ms. rows: how many rows of which table.';
COMMENT ON COLUMN erasure.until_tick IS 'Facts that were decided before this tick may have lost their words: what was decided of them is not decided again to be compared.';

CREATE TABLE erased_state (
    stage text NOT NULL,
    shard text NOT NULL,
    until_tick bigint NOT NULL,
    entities json NOT NULL,
    PRIMARY KEY (stage, shard)
);
COMMENT ON TABLE erased_state IS 'The state of a shard before until_tick, from which its later turns can be decided again though earlier facts were erased.';

ALTER TABLE inbox ADD erased boolean NOT NULL DEFAULT false;
ALTER TABLE outbox ADD erased boolean NOT NULL DEFAULT false;
ALTER TABLE parked ADD erased boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN outbox.erased IS 'What was personal in it was taken out: its bytes are not those that were published.';
CREATE INDEX inbox_personal ON inbox (decided)
    WHERE NOT erased AND topic IN ('hotline.reports', 'notice.inbound', 'notice.consents');
CREATE INDEX outbox_personal ON outbox (tick)
    WHERE NOT erased AND topic IN ('outage.reports', 'hotline.reports', 'notice.inbound', 'notice.consents', 'dead.letters');
CREATE INDEX parked_personal ON parked (tick) WHERE NOT erased;
