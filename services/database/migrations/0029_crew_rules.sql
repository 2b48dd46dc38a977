-- What each region dispatches by, as a fact of its next turn; where crews may not go; orders sent once more, and their clearances.

CREATE TABLE dispatch_rules_set (
    shard text NOT NULL,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    rules jsonb NOT NULL,
    decided bigint,
    PRIMARY KEY (shard, tick)
);
COMMENT ON TABLE dispatch_rules_set IS 'What a region dispatches by, as the settings said when a worker started: a fact of the next turn.';

ALTER TABLE crew ADD COLUMN barred text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN crew.barred IS 'Where the crew may not go: each is latitude/longitude/metres around.';
CREATE OR REPLACE VIEW current_crew AS SELECT c.* FROM crew c JOIN utility_version v USING (version) WHERE v.current;

ALTER TABLE dispatch_order
    ADD COLUMN answer_until_ms bigint,
    ADD COLUMN called_again_at_ms bigint,
    ADD COLUMN clearance text NOT NULL DEFAULT 'notNeeded'
        CHECK (clearance IN ('notNeeded', 'needed', 'given', 'taken', 'released'));
COMMENT ON COLUMN dispatch_order.answer_until_ms IS 'Until when the crew had to answer; null: the order is older than this column.';
COMMENT ON COLUMN dispatch_order.called_again_at_ms IS 'When the order was sent once more, since it was not answered.';

CREATE OR REPLACE VIEW dispatch_job AS
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
       (e.body ->> 'changed_at')::bigint AS changed_at_ms,
       coalesce((e.body ->> 'held_for_safety')::boolean, false) AS held_for_safety
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'job';
