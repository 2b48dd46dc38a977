-- What people remark on incidents and dangers, what they took off the inbox, and which request made which action.

CREATE TABLE remark (
    id text PRIMARY KEY REFERENCES person_action,
    incident text,
    hazard text,
    kind text NOT NULL CHECK (kind IN ('note', 'cause')),
    words text NOT NULL DEFAULT '',
    cause text,
    by_user text NOT NULL,
    at_ms bigint NOT NULL,
    retracted boolean NOT NULL DEFAULT false,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    CHECK (num_nonnulls(incident, hazard) = 1),
    CHECK (hazard IS NULL OR kind = 'note'),
    CHECK ((kind = 'cause') = (cause IS NOT NULL)),
    CHECK (kind = 'cause' OR words <> '')
);
COMMENT ON TABLE remark IS 'Notes on incidents and dangers, and causes that people gave incidents; its id is that of the action. The cause that holds is the last one that is not retracted.';
COMMENT ON COLUMN remark.seq IS 'The order in which they were written; it enters no decision.';
CREATE INDEX remark_by_incident ON remark (incident, seq) WHERE incident IS NOT NULL;
CREATE INDEX remark_by_hazard ON remark (hazard, seq) WHERE hazard IS NOT NULL;

CREATE VIEW incident_remarks AS
SELECT incident,
       count(*)::integer AS remarks,
       (array_agg(cause ORDER BY seq DESC) FILTER (WHERE cause IS NOT NULL))[1] AS cause
FROM remark
WHERE NOT retracted AND incident IS NOT NULL
GROUP BY incident;
COMMENT ON VIEW incident_remarks IS 'How many remarks hold of each incident, and the cause that people gave it last.';

CREATE TABLE attention_handled (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('report', 'parked', 'crew', 'order', 'text', 'call')),
    subject text NOT NULL,
    action text NOT NULL,
    by_user text NOT NULL,
    at_ms bigint NOT NULL,
    why text NOT NULL,
    person_action text NOT NULL REFERENCES person_action
);
COMMENT ON TABLE attention_handled IS 'What was in the inbox and was dealt with; the id is that of the row in the inbox.';

CREATE TABLE attention_request (
    by_user text NOT NULL,
    idempotency_key text NOT NULL,
    sha256 bytea NOT NULL,
    action text NOT NULL REFERENCES person_action,
    PRIMARY KEY (by_user, idempotency_key)
);
COMMENT ON TABLE attention_request IS 'Which action a request under an idempotency key made: the same request again has the same answer.';
COMMENT ON COLUMN attention_request.sha256 IS 'Of the path and the body: another request under the same key is refused.';

ALTER TABLE report ADD words text CHECK (words IS NULL OR kind = 'hazard');
COMMENT ON COLUMN report.words IS 'What was said of a danger; null: nothing, or it was erased.';

CREATE INDEX IF NOT EXISTS person_action_by_event ON person_action (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX person_action_by_undone ON person_action (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX report_by_holder ON report (holder) WHERE holder IS NOT NULL;

-- What crews said that did not fit; the inbox asks for it with these very words.
CREATE INDEX journal_odd_crews ON journal (now_ms) WHERE stage = 'dispatch' AND reason IN
    ('outOfOrder', 'orderOver', 'unknownOrder', 'notItsOrder', 'orderActive', 'placeTooFar', 'crewJumped');
