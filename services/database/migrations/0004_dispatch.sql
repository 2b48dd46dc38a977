-- What people and other rooms may read of dispatch: orders, jobs and crews, as the stage's entities hold them.

CREATE VIEW crew_order AS
SELECT e.id AS "order",
       e.body ->> 'crew' AS crew,
       e.body ->> 'incident' AS incident,
       e.body ->> 'area' AS area,
       e.body ->> 'device' AS device,
       (e.body ->> 'attempt')::integer AS attempt,
       e.body ->> 'state' AS state,
       e.body ->> 'reason' AS reason,
       (e.body ->> 'sent_at')::bigint AS sent_at_ms,
       (e.body ->> 'arrival_estimate')::bigint AS arrival_estimate_ms,
       (e.body ->> 'changed_at')::bigint AS changed_at_ms,
       e.body ->> 'found' AS found,
       e.body ->> 'cause' AS cause,
       e.body ->> 'state' IN ('sent', 'accepted', 'enroute', 'arrived') AS active
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'order';
COMMENT ON VIEW crew_order IS 'Every order ever given. An active one binds its crew.';

CREATE VIEW dispatch_job AS
SELECT e.id AS incident,
       e.body ->> 'area' AS area,
       e.body ->> 'device' AS device,
       (e.body ->> 'started_at')::bigint AS started_at_ms,
       (e.body ->> 'revision')::integer AS revision,
       e.body ->> 'incident_state' AS incident_state,
       e.body ->> 'state' AS state,
       e.body ->> 'order' AS "order",
       (e.body ->> 'attempts')::integer AS attempts
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'job';
COMMENT ON VIEW dispatch_job IS 'What there is to do about each incident. "order" is the active one.';

CREATE VIEW crew_duty AS
SELECT e.id AS crew,
       c.depot,
       e.body ->> 'state' AS state,
       e.body ->> 'order' AS "order"
FROM entity e LEFT JOIN crew c ON c.crew = e.id
WHERE e.stage = 'dispatch' AND e.kind = 'crew'
UNION ALL
SELECT c.crew, c.depot, 'available', NULL
FROM crew c
WHERE NOT EXISTS (SELECT FROM entity e WHERE e.stage = 'dispatch' AND e.kind = 'crew' AND e.id = c.crew);
COMMENT ON VIEW crew_duty IS 'What each crew is doing. A crew that was never heard of and never ordered is available.';
