-- The moments of an incident from which restoration times are measured.

CREATE VIEW incident_times AS
SELECT i.id AS incident, i.area, i.region, i.feeder, i.device, i.state,
       i.started_at_ms,
       i.opened_at_ms AS defined_at_ms,
       o.dispatched_at_ms,
       o.arrived_at_ms,
       i.restored_at_ms
FROM incident i
LEFT JOIN LATERAL (
    SELECT min(sent_at_ms) AS dispatched_at_ms, min(arrived_at_ms) AS arrived_at_ms FROM crew_order WHERE incident = i.id
) o ON true
WHERE i.state NOT IN ('merged', 'dismissed');
COMMENT ON VIEW incident_times IS 'Start (first loss), defined (the incident was opened), first dispatch, first arrival, restored; null: not yet, or never.';

-- Interruptions that began in [from_ms, until_ms), each whole; what lasts counts up to as_of_ms. A null selects all.
-- What lasts and is not sustained yet is neither sustained nor momentary: it is left out until it is known which.
CREATE FUNCTION counted_interruption(
    from_ms bigint, until_ms bigint, as_of_ms bigint, of_feeder text, of_region text, of_tier text, with_planned boolean,
    sustained_ms bigint)
RETURNS TABLE (
    interruption text, customer text, feeder text, tier text, start_ms bigint, end_ms bigint, counted_ms bigint,
    sustained boolean, planned boolean, basis text, holder text)
LANGUAGE sql STABLE AS $$
    SELECT i.id, i.customer, i.feeder, i.tier, i.start_ms, i.end_ms, d.lasted, d.lasted > sustained_ms, i.planned, i.basis, i.holder
    FROM measured_interruption i, LATERAL (SELECT least(coalesce(i.end_ms, as_of_ms), as_of_ms) - i.start_ms AS lasted) d
    WHERE i.start_ms < as_of_ms AND (from_ms IS NULL OR i.start_ms >= from_ms) AND (until_ms IS NULL OR i.start_ms < until_ms)
      AND (of_feeder IS NULL OR i.feeder = of_feeder) AND (of_region IS NULL OR i.region = of_region)
      AND (of_tier IS NULL OR i.tier = of_tier) AND (with_planned OR NOT i.planned)
      AND (d.lasted > sustained_ms OR i.end_ms <= as_of_ms)
$$;
