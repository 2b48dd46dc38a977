-- When power is expected back as a distribution, what that was learnt from, and when plans expected crews.

ALTER TABLE incident
    ADD estimate_basis text NOT NULL DEFAULT 'device'
        CHECK (estimate_basis IN ('device', 'arrival', 'learnt', 'crew', 'dispatcher')),
    ADD low_ms bigint,
    ADD median_ms bigint,
    ADD high_ms bigint,
    ADD estimate_stage text CHECK (estimate_stage IN ('waiting', 'planned', 'ordered', 'onSite', 'repaired')),
    ADD rests_on integer,
    ADD CHECK (low_ms <= median_ms AND median_ms <= high_ms),
    ADD CHECK ((low_ms IS NULL) = (estimate_stage IS NULL) AND (low_ms IS NULL) = (rests_on IS NULL));
COMMENT ON COLUMN incident.estimate_basis IS 'What the estimate rests on.';
COMMENT ON COLUMN incident.low_ms IS 'In eight cases of ten power is back from low_ms to high_ms; null: too little was learnt of such incidents.';
COMMENT ON COLUMN incident.estimate_stage IS 'How far the work had come when this was looked at.';
COMMENT ON COLUMN incident.rests_on IS 'From how many measurements of the past the interval comes.';

ALTER TABLE incident_estimate
    DROP CONSTRAINT incident_estimate_basis_check,
    ADD CONSTRAINT incident_estimate_basis_check
        CHECK (basis IN ('device', 'arrival', 'learnt', 'crew', 'dispatcher', 'unknown')),
    ADD low_ms bigint,
    ADD high_ms bigint;
COMMENT ON COLUMN incident_estimate.low_ms IS 'The interval in which power was expected back when this was told; null: none was known.';

-- What an open incident rests on stands in its last estimate.
UPDATE incident i SET estimate_basis = e.basis
FROM (SELECT DISTINCT ON (incident) incident, basis FROM incident_estimate ORDER BY incident, revision DESC) e
WHERE e.incident = i.id AND e.basis <> 'unknown';

CREATE TABLE planned_arrival (
    incident text NOT NULL,
    said_at_ms bigint NOT NULL,
    arrival_ms bigint NOT NULL,
    crew text,
    PRIMARY KEY (incident, said_at_ms)
);
COMMENT ON TABLE planned_arrival IS 'When a plan expected a crew at an incident that waited for one, each time that it said so.';
COMMENT ON COLUMN planned_arrival.crew IS 'Null: the plan did not settle which.';

CREATE TABLE estimate_learning (
    id text PRIMARY KEY,
    at_ms bigint NOT NULL,
    until_ms bigint NOT NULL,
    incidents integer NOT NULL,
    reason text NOT NULL CHECK (reason IN ('learnt', 'tooFewRepairs')),
    measured jsonb NOT NULL,
    covered_permille integer,
    body bytea NOT NULL
);
COMMENT ON TABLE estimate_learning IS 'Every learning of how long restorations take: what it rested on, and what came of it.';
COMMENT ON COLUMN estimate_learning.until_ms IS 'Incidents that were over by then took part.';
COMMENT ON COLUMN estimate_learning.measured IS 'From how many measurements each part was learnt.';
COMMENT ON COLUMN estimate_learning.covered_permille IS 'Of a thousand repairs that a learning had not seen, so many fell into its interval of eight in ten; null: nothing was learnt.';
COMMENT ON COLUMN estimate_learning.body IS 'JSON: what areas are told, as in the event estimates.learnt.v1.';
CREATE INDEX estimate_learning_by_time ON estimate_learning (at_ms);
