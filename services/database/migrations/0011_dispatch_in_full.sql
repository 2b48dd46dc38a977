-- Every order ever given has a row, also when the stage has forgotten it; jobs are about incidents, hazards, or helping a crew.

DROP VIEW crew_order;
DROP VIEW dispatch_job;
DROP VIEW crew_duty;

CREATE TABLE dispatch_order (
    "order" text PRIMARY KEY,
    crew text NOT NULL,
    job text NOT NULL,
    incident text,
    hazard text,
    area text NOT NULL,
    device text,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    region text NOT NULL,
    work text NOT NULL CHECK (work IN ('repair', 'makeSafe', 'assist')),
    priority text NOT NULL,
    assists text,
    attempt integer NOT NULL CHECK (attempt > 0),
    skills text[] NOT NULL,
    on_duty_since_ms bigint NOT NULL,
    sent_at_ms bigint NOT NULL,
    arrival_estimate_ms bigint NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    changed_at_ms bigint NOT NULL,
    pinned boolean NOT NULL,
    accepted_at_ms bigint,
    enroute_at_ms bigint,
    arrived_at_ms bigint,
    ended_at_ms bigint,
    completion_estimate_ms bigint,
    found text,
    cause text,
    CHECK ((incident IS NULL) <> (hazard IS NULL)),
    CHECK ((work = 'assist') = (assists IS NOT NULL)),
    CHECK ((ended_at_ms IS NULL) = (state IN ('sent', 'accepted', 'enroute', 'arrived', 'assessing', 'repaired'))),
    CHECK (sent_at_ms <= changed_at_ms)
);
CREATE INDEX dispatch_order_by_incident ON dispatch_order (incident, sent_at_ms);
CREATE INDEX dispatch_order_by_crew ON dispatch_order (crew, sent_at_ms);
CREATE INDEX dispatch_order_active ON dispatch_order (crew) WHERE ended_at_ms IS NULL;
COMMENT ON COLUMN dispatch_order.skills IS 'The work asked for one of these.';
COMMENT ON COLUMN dispatch_order.on_duty_since_ms IS 'When the crew''s stretch of duty began.';
COMMENT ON COLUMN dispatch_order.pinned IS 'A dispatcher chose the crew.';

CREATE VIEW crew_order AS
SELECT "order", crew, incident, area, device, attempt, state, reason, sent_at_ms, arrival_estimate_ms, changed_at_ms,
       found, cause, ended_at_ms IS NULL AS active, hazard, work, region, priority, assists, accepted_at_ms,
       enroute_at_ms, arrived_at_ms, ended_at_ms, completion_estimate_ms, pinned, lon, lat
FROM dispatch_order;
COMMENT ON VIEW crew_order IS 'Every order ever given. An active one binds its crew; one that helps another names it in assists.';

CREATE VIEW dispatch_job AS
SELECT e.id AS job,
       e.shard AS region,
       e.body ->> 'incident' AS incident,
       e.body ->> 'hazard' AS hazard,
       e.body ->> 'assists' AS assists,
       e.body ->> 'area' AS area,
       e.body ->> 'device' AS device,
       coalesce(e.body ->> 'work', 'repair') AS work,
       e.body ->> 'priority' AS priority,
       (e.body ->> 'started_at')::bigint AS started_at_ms,
       (e.body ->> 'revision')::integer AS revision,
       e.body ->> 'standing' AS standing,
       coalesce(e.body ->> 'state', 'waiting') AS state,
       e.body ->> 'order' AS "order",
       coalesce((e.body ->> 'attempts')::integer, 0) AS attempts,
       coalesce((e.body ->> 'waits_for_material')::boolean, false) AS waits_for_material,
       e.body ->> 'held_by' IS NOT NULL AS held,
       (e.body ->> 'changed_at')::bigint AS changed_at_ms
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'job';
COMMENT ON VIEW dispatch_job IS
    'What there is to do about each incident and hazard, and to help crews. "order" is the active one; standing is the state of the incident or hazard.';

CREATE VIEW crew_duty AS
SELECT e.id AS crew,
       c.depot,
       coalesce(e.body ->> 'state', 'available') AS state,
       e.body ->> 'order' AS "order",
       e.shard AS region,
       (e.body -> 'place' ->> 'lon')::double precision AS lon,
       (e.body -> 'place' ->> 'lat')::double precision AS lat,
       (e.body ->> 'signed_on')::bigint AS signed_on_ms
FROM entity e LEFT JOIN current_crew c ON c.crew = e.id
WHERE e.stage = 'dispatch' AND e.kind = 'crew'
UNION ALL
SELECT c.crew, c.depot, 'available', NULL, d.region, d.lon, d.lat, NULL
FROM current_crew c JOIN current_depot d ON d.depot = c.depot
WHERE NOT EXISTS (SELECT FROM entity e WHERE e.stage = 'dispatch' AND e.kind = 'crew' AND e.id = c.crew);
COMMENT ON VIEW crew_duty IS 'What each crew is doing. A crew that was never heard of and never ordered is available. lon, lat: where it last was.';
