-- Single phases: which of them an incident took out, and in which a device stands open; what speaks against a dispatcher's word.

ALTER TABLE incident
    ADD phases text NOT NULL DEFAULT '' CHECK (phases ~ '^A?B?C?$'),
    ADD contradicted text;
COMMENT ON COLUMN incident.phases IS 'Whoever is on these phases alone is out under it; empty: it is not of single phases.';
COMMENT ON COLUMN incident.contradicted IS 'The reason that speaks against what a dispatcher said has failed; null: nothing does.';

CREATE OR REPLACE VIEW device_position AS
SELECT e.id AS device,
       e.shard AS area,
       (e.body ->> 'closed')::boolean AS closed,
       e.body ->> 'source' AS source,
       (e.body ->> 'at')::bigint AS at_ms,
       CASE WHEN (e.body ->> 'closed')::boolean THEN coalesce(
           (SELECT string_agg(p.pole ->> 0, '' ORDER BY p.pole ->> 0) FROM json_array_elements(e.body -> 'poles') AS p (pole)
            WHERE NOT (p.pole ->> 1)::boolean), '') ELSE '' END AS open_phases,
       coalesce(json_array_length(e.body -> 'poles'), 0) AS poles
FROM entity e
WHERE e.stage = 'correlate' AND e.kind = 'position';
COMMENT ON VIEW device_position IS 'How devices stand of which something was heard; all others stand as they normally do.';
COMMENT ON COLUMN device_position.open_phases IS 'The phases in which it stands open though power still passes it.';
COMMENT ON COLUMN device_position.poles IS 'Of how many of its phases it was told one by one how they stand.';
