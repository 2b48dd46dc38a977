-- How the estimates of an incident went, and the indices that figures over time are read by.

CREATE TABLE incident_estimate (
    incident text NOT NULL REFERENCES incident ON DELETE CASCADE,
    revision integer NOT NULL,
    from_ms bigint NOT NULL,
    estimate_ms bigint NOT NULL,
    basis text NOT NULL CHECK (basis IN ('device', 'arrival', 'crew', 'dispatcher', 'unknown')),
    PRIMARY KEY (incident, revision)
);
COMMENT ON TABLE incident_estimate IS 'Every time at which power was expected back, as it was told: one row for the first and for each change.';
COMMENT ON COLUMN incident_estimate.from_ms IS 'From when on this was the estimate.';
COMMENT ON COLUMN incident_estimate.basis IS 'What it rests on; unknown: it was told before bases were kept.';

-- What was told before there was this table stands in the events that were published.
INSERT INTO incident_estimate (incident, revision, from_ms, estimate_ms, basis)
SELECT incident, revision, from_ms, estimate_ms, 'unknown'
FROM (SELECT told.*, lag(estimate_ms) OVER (PARTITION BY incident ORDER BY revision) AS before
      FROM (SELECT body ->> 'incident' AS incident,
                   (body ->> 'revision')::integer AS revision,
                   (extract(epoch FROM (body ->> 'at')::timestamptz) * 1000)::bigint AS from_ms,
                   (extract(epoch FROM (body ->> 'estimate')::timestamptz) * 1000)::bigint AS estimate_ms
            FROM (SELECT convert_from(body, 'UTF8')::json AS body FROM outbox WHERE topic = 'outage.incidents') event
            WHERE body ->> 'type' = 'outage.incidentChanged.v1' AND body ->> 'estimate' IS NOT NULL) told) changed
WHERE before IS DISTINCT FROM estimate_ms AND EXISTS (SELECT FROM incident i WHERE i.id = incident);

-- Who is out at a moment of the past: began before it, ended after it.
CREATE INDEX interruption_by_end ON interruption (end_ms, start_ms) WHERE NOT voided;
CREATE INDEX interruption_lasting ON interruption (start_ms) WHERE end_ms IS NULL AND NOT voided;
CREATE INDEX incident_by_start ON incident (started_at_ms);
