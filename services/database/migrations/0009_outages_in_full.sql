-- The ledger in full: what an interruption consists of and of whom it is; hazards; switch states and windows for people.

ALTER TABLE incident
    ADD region text NOT NULL DEFAULT '',
    ADD feeder text NOT NULL DEFAULT '',
    ADD device_class text NOT NULL DEFAULT '',
    ADD life_support integer NOT NULL DEFAULT 0,
    ADD important integer NOT NULL DEFAULT 0,
    ADD fixed boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT incident_basis_check,
    ADD CHECK (basis IN ('meter', 'call', 'telemetry'));
COMMENT ON COLUMN incident.basis IS 'What the start rests on: the time meters lost voltage, the first call, or when the device is known to have opened.';
COMMENT ON COLUMN incident.life_support IS 'Of the customers out: those who depend on power to live.';
COMMENT ON COLUMN incident.important IS 'Of the customers out: those of the tiers important and large.';
COMMENT ON COLUMN incident.fixed IS 'A dispatcher said what has failed: inference does not take it back.';

ALTER TABLE interruption
    ADD feeder text NOT NULL DEFAULT '',
    ADD region text NOT NULL DEFAULT '',
    ADD tier text NOT NULL DEFAULT 'residential',
    ADD kva double precision,
    ADD life_support boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT interruption_holder_kind_check,
    ADD CHECK (holder_kind IN ('incident', 'window', 'momentary'));
COMMENT ON COLUMN interruption.holder_kind IS 'momentary: it was over before anything was taken to have failed; no incident was opened for it.';
COMMENT ON COLUMN interruption.feeder IS 'The customer''s feeder in normal state, as of the start; so are region, tier, kva and life_support.';

CREATE TABLE interruption_part (
    interruption text NOT NULL REFERENCES interruption ON DELETE CASCADE,
    from_ms bigint NOT NULL,
    until_ms bigint,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    powered boolean NOT NULL,
    PRIMARY KEY (interruption, from_ms),
    CHECK (until_ms > from_ms)
);
COMMENT ON TABLE interruption_part IS 'Sub-intervals that tile an interruption, in true time; until_ms is null while the last one lasts.';
COMMENT ON COLUMN interruption_part.holder IS 'The incident, window or momentary loss that held it then.';
COMMENT ON COLUMN interruption_part.powered IS 'Power was back, but for too short a time to end the interruption.';
CREATE INDEX interruption_part_by_holder ON interruption_part (holder);

CREATE OR REPLACE VIEW measured_interruption AS
SELECT id, customer, area, start_ms, end_ms, planned, basis, holder, feeder, region, tier, kva, life_support
FROM interruption WHERE NOT voided;

CREATE TABLE hazard (
    id text PRIMARY KEY,
    area text NOT NULL,
    region text NOT NULL,
    kind text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    device text,
    incident text,
    state text NOT NULL CHECK (state IN ('reported', 'madeSafe', 'dismissed')),
    reason text NOT NULL,
    revision integer NOT NULL,
    reports integer NOT NULL,
    reported_at_ms bigint NOT NULL,
    ended_at_ms bigint,
    changed_at_ms bigint NOT NULL,
    CHECK ((ended_at_ms IS NULL) = (state = 'reported'))
);
COMMENT ON TABLE hazard IS 'Danger at a place, with or without an outage; its clock runs from reported_at_ms.';
CREATE INDEX hazard_open ON hazard (reported_at_ms) WHERE state = 'reported';

CREATE VIEW device_position AS
SELECT e.id AS device,
       e.shard AS area,
       (e.body ->> 'closed')::boolean AS closed,
       e.body ->> 'source' AS source,
       (e.body ->> 'at')::bigint AS at_ms
FROM entity e
WHERE e.stage = 'correlate' AND e.kind = 'position';
COMMENT ON VIEW device_position IS 'How devices stand of which something was heard; all others stand as they normally do.';

CREATE VIEW work_window AS
SELECT e.id AS "window",
       e.shard AS area,
       ARRAY(SELECT json_array_elements_text(e.body -> 'isolates')) AS isolates,
       e.body ->> 'state' AS state,
       coalesce((e.body ->> 'overrun')::boolean, false) AS overrun,
       (e.body ->> 'starts_at')::bigint AS starts_at_ms,
       (e.body ->> 'ends_at')::bigint AS ends_at_ms,
       (e.body ->> 'started_at')::bigint AS started_at_ms,
       (e.body ->> 'completed_at')::bigint AS completed_at_ms
FROM entity e
WHERE e.stage = 'correlate' AND e.kind = 'window';
COMMENT ON VIEW work_window IS 'Planned work that is announced or not over. Overrun: its end has passed and nobody has said that it is complete.';
