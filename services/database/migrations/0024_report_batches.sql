-- Located reports are handed to the inference by the batch: one small row for each take and supply area.

CREATE SEQUENCE report_batch_number;
CREATE TABLE report_batch (
    number bigint NOT NULL,
    shard text NOT NULL,
    tick bigint NOT NULL,
    decided bigint,
    reports integer NOT NULL CHECK (reports > 0),
    first_at_ms bigint NOT NULL,
    last_at_ms bigint NOT NULL CHECK (last_at_ms >= first_at_ms),
    body bytea NOT NULL,
    wall_taken timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (number, shard)
);
COMMENT ON TABLE report_batch IS 'The inbox of correlate: the located reports of one take in one supply area, by device.';
COMMENT ON COLUMN report_batch.number IS 'One for each take; it enters no decision.';
COMMENT ON COLUMN report_batch.decided IS 'The tick whose turn decided on it; null: it awaits its turn.';
COMMENT ON COLUMN report_batch.first_at_ms IS 'The time that the oldest of its reports speaks of.';
COMMENT ON COLUMN report_batch.body IS 'JSON: under devices each with a kind, then customers, times and ids side by side; unsure ones and dangers one by one.';
CREATE INDEX report_batch_undecided ON report_batch (shard, tick) WHERE decided IS NULL;
CREATE INDEX report_batch_by_turn ON report_batch (shard, decided);
CREATE INDEX report_batch_by_time ON report_batch (last_at_ms);

ALTER TABLE report
    ADD batch bigint,
    DROP CONSTRAINT report_kind_check,
    ADD CONSTRAINT report_kind_check CHECK (kind IN ('lastGasp', 'powerRestored', 'call', 'text', 'noAnswer', 'hazard'));
COMMENT ON TABLE report IS 'Every readable report: where it belongs, and what became of it.';
COMMENT ON COLUMN report.batch IS 'The batch in which it was handed to the inference; null: it takes no part.';

-- What was taken before: a batch for all that one turn decided of one tick, and for what awaits its turn.
WITH made AS (
    SELECT shard, tick, decided, nextval('report_batch_number') AS number FROM (
        SELECT DISTINCT shard, tick, decided FROM report
        WHERE shard IS NOT NULL AND (decided IS NOT NULL OR state IN ('located', 'ambiguous'))) d)
UPDATE report r SET batch = m.number FROM made m
WHERE r.shard = m.shard AND r.tick = m.tick AND r.decided IS NOT DISTINCT FROM m.decided
  AND (r.decided IS NOT NULL OR r.state IN ('located', 'ambiguous'));

INSERT INTO report_batch (number, shard, tick, decided, reports, first_at_ms, last_at_ms, body)
WITH sure AS (
    SELECT batch, json_agg(json_build_array(device, kind, customers, ats, ids) ORDER BY device, kind) AS devices FROM (
        SELECT batch, device, kind, json_agg(customer ORDER BY at_ms, id) AS customers, json_agg(at_ms ORDER BY at_ms, id) AS ats,
               json_agg(id ORDER BY at_ms, id) AS ids
        FROM report
        WHERE batch IS NOT NULL AND hazard IS NULL AND NOT priority AND json_array_length(candidates) = 0
        GROUP BY batch, device, kind) g
    GROUP BY batch),
unsure AS (
    SELECT batch, json_agg(json_build_array(id, kind, at_ms, device, customer, candidates, priority) ORDER BY at_ms, id) AS singles
    FROM report
    WHERE batch IS NOT NULL AND hazard IS NULL AND (priority OR json_array_length(candidates) > 0)
    GROUP BY batch),
danger AS (
    SELECT batch, json_agg(json_build_array(id, hazard, at_ms, lon, lat, device, customer) ORDER BY at_ms, id) AS dangers
    FROM report WHERE batch IS NOT NULL AND hazard IS NOT NULL GROUP BY batch)
SELECT r.batch, r.shard, r.tick, r.decided, r.reports, r.first_at_ms, r.last_at_ms,
       convert_to(json_build_object('devices', coalesce(s.devices, '[]'), 'unsure', coalesce(u.singles, '[]'),
                                    'dangers', coalesce(d.dangers, '[]'))::text, 'UTF8')
FROM (SELECT batch, shard, tick, decided, count(*) AS reports, min(at_ms) AS first_at_ms, max(at_ms) AS last_at_ms
      FROM report WHERE batch IS NOT NULL GROUP BY batch, shard, tick, decided) r
LEFT JOIN sure s ON s.batch = r.batch LEFT JOIN unsure u ON u.batch = r.batch LEFT JOIN danger d ON d.batch = r.batch
ORDER BY r.batch;

CREATE TABLE intake_backlog (
    topic text NOT NULL,
    part integer NOT NULL,
    end_offset bigint NOT NULL,
    newest_at_ms bigint,
    PRIMARY KEY (topic, part)
);
COMMENT ON TABLE intake_backlog IS 'How far intake last saw each partition of reports reach; what it has taken stands in progress.';
COMMENT ON COLUMN intake_backlog.newest_at_ms IS 'The newest time that a report taken from there speaks of.';

CREATE VIEW intake_lag AS
SELECT b.topic,
       greatest(0, coalesce(max(t.now_ms - b.newest_at_ms) FILTER (WHERE p.next_offset < b.end_offset), 0))::bigint AS lag_ms
FROM intake_backlog b
JOIN progress p ON (p.stage, p.topic, p.part) = ('intake', b.topic, b.part), tick() t
GROUP BY b.topic;
COMMENT ON VIEW intake_lag IS 'How far intake lags behind the clock in event time, while reports wait to be taken; 0 when none does.';

-- Batches of located reports await a turn of correlate like facts in `inbox`.
CREATE OR REPLACE VIEW undecided AS
SELECT stage, shard, tick FROM inbox WHERE decided IS NULL
UNION ALL
SELECT 'correlate', shard, tick FROM report_batch WHERE decided IS NULL;

CREATE OR REPLACE VIEW oldest_undecided AS
SELECT t.stage, t.shard,
       least((SELECT i.tick FROM inbox i WHERE i.stage = t.stage AND i.shard = t.shard AND i.decided IS NULL
              ORDER BY i.tick LIMIT 1),
             CASE t.stage WHEN 'correlate' THEN
                 (SELECT b.tick FROM report_batch b WHERE b.shard = t.shard AND b.decided IS NULL
                  ORDER BY b.tick LIMIT 1) END) AS tick
FROM turns t;

ALTER TABLE report DROP COLUMN decided;
