-- What was believed to have failed, how that moved, and how it fared once somebody saw what had.

CREATE TABLE incident_hypothesis (
    incident text NOT NULL REFERENCES incident ON DELETE CASCADE,
    from_ms bigint NOT NULL,
    rank integer NOT NULL CHECK (rank BETWEEN 1 AND 5),
    device text NOT NULL,
    permille integer NOT NULL CHECK (permille BETWEEN 0 AND 1000),
    PRIMARY KEY (incident, from_ms, rank),
    UNIQUE (incident, from_ms, device)
);
COMMENT ON TABLE incident_hypothesis IS 'What may have failed, the likeliest first: one ranking for the first belief and for each that moved.';
COMMENT ON COLUMN incident_hypothesis.from_ms IS 'From when on this was believed.';
COMMENT ON COLUMN incident_hypothesis.permille IS 'How likely it is that this device is what failed.';

CREATE VIEW incident_known AS
SELECT j.subject AS incident,
       min(j.now_ms) AS known_at_ms,
       (array_agg(CASE j.reason WHEN 'dispatcherConfirmed' THEN 'dispatcher' WHEN 'deviceOpen' THEN 'telemetry' ELSE 'crew' END
                  ORDER BY j.now_ms DESC, j.tick DESC))[1] AS known_by
FROM journal j
WHERE j.stage = 'correlate' AND j.subject_kind = 'incident' AND j.became NOT IN ('merged', 'stays')
  AND j.reason IN ('crewFound', 'foundForOther', 'dispatcherConfirmed', 'deviceOpen')
GROUP BY j.subject;
COMMENT ON VIEW incident_known IS 'Incidents whose failed device somebody has seen: since when, and who said so last (crew, dispatcher, telemetry).';

CREATE VIEW incident_score AS
SELECT n.id AS incident, n.region, n.feeder, n.device, n.device_class, n.started_at_ms, n.restored_at_ms,
       k.known_at_ms, k.known_by,
       h.last_ms, last.rank AS last_rank, coalesce(last.permille, 0) AS last_permille,
       h.first_ms, first.rank AS first_rank, coalesce(first.permille, 0) AS first_permille
FROM incident n
JOIN LATERAL (SELECT known_at_ms, known_by FROM incident_known WHERE incident = n.id) k ON true
JOIN LATERAL (SELECT min(from_ms) AS first_ms, max(from_ms) AS last_ms FROM incident_hypothesis
              WHERE incident = n.id AND from_ms < k.known_at_ms) h ON h.last_ms IS NOT NULL
LEFT JOIN incident_hypothesis last ON last.incident = n.id AND last.from_ms = h.last_ms AND last.device = n.device
LEFT JOIN incident_hypothesis first ON first.incident = n.id AND first.from_ms = h.first_ms AND first.device = n.device
WHERE n.state IN ('restored', 'closed')
  AND (SELECT min(i.customer) < max(i.customer) FROM interruption_part p JOIN interruption i ON i.id = p.interruption
       WHERE p.holder = n.id AND NOT i.voided);
COMMENT ON VIEW incident_score IS 'Of restored incidents of several customers whose failed device somebody saw: its rank and probability in the last ranking before that, and in the first one. Rank null: it was not among them.';
COMMENT ON COLUMN incident_score.device IS 'What had failed.';

CREATE VIEW scored_hypothesis AS
SELECT s.incident, s.region, s.feeder, s.started_at_ms, s.restored_at_ms, h.rank, h.device, h.permille, h.device = s.device AS was_true
FROM incident_score s JOIN incident_hypothesis h ON h.incident = s.incident AND h.from_ms = s.last_ms;
COMMENT ON VIEW scored_hypothesis IS 'Every hypothesis of the last ranking before the failed device was seen, and whether it was true.';
