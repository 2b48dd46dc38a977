-- Crews as the board shows them: where each was heard last and when, since when it works, and those of other utilities.

CREATE VIEW visiting_crew AS
SELECT e.id AS crew,
       e.shard AS region,
       e.body ->> 'depot' AS depot,
       (e.body -> 'place' ->> 'lon')::double precision AS lon,
       (e.body -> 'place' ->> 'lat')::double precision AS lat,
       e.body ->> 'home' AS home,
       (e.body ->> 'members')::integer AS members,
       e.body ->> 'guide' AS guide,
       (e.body ->> 'since')::bigint AS since_ms,
       (e.body ->> 'until')::bigint AS until_ms
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'visitor';
COMMENT ON VIEW visiting_crew IS 'Crews of other utilities that are here. lon, lat: where it starts from.';

CREATE OR REPLACE VIEW crew_duty AS
SELECT e.id AS crew,
       coalesce(c.depot, v.depot) AS depot,
       coalesce(e.body ->> 'state', 'available') AS state,
       e.body ->> 'order' AS "order",
       e.shard AS region,
       (e.body -> 'place' ->> 'lon')::double precision AS lon,
       (e.body -> 'place' ->> 'lat')::double precision AS lat,
       (e.body ->> 'signed_on')::bigint AS signed_on_ms,
       (e.body ->> 'place_at')::bigint AS place_at_ms,
       v.crew IS NOT NULL AS visiting
FROM entity e
LEFT JOIN current_crew c ON c.crew = e.id
LEFT JOIN visiting_crew v ON v.crew = e.id AND v.region = e.shard
WHERE e.stage = 'dispatch' AND e.kind = 'crew'
  AND (c.crew IS NOT NULL OR v.crew IS NOT NULL OR e.body ->> 'order' IS NOT NULL OR NOT starts_with(e.id, 'visit.'))
UNION ALL
SELECT c.crew, c.depot, 'available', NULL, d.region, d.lon, d.lat, NULL, NULL, false
FROM current_crew c JOIN current_depot d ON d.depot = c.depot
WHERE NOT EXISTS (SELECT FROM entity e WHERE e.stage = 'dispatch' AND e.kind = 'crew' AND e.id = c.crew)
UNION ALL
SELECT v.crew, v.depot, 'available', NULL, v.region, v.lon, v.lat, NULL, NULL, true
FROM visiting_crew v
WHERE NOT EXISTS (SELECT FROM entity e WHERE e.stage = 'dispatch' AND e.kind = 'crew' AND e.id = v.crew);
COMMENT ON VIEW crew_duty IS 'What each crew is doing. A crew that was never heard of and never ordered is available; a visiting one that left is not here. lon, lat: where it last was.';

CREATE INDEX dispatch_order_by_time ON dispatch_order (sent_at_ms);
