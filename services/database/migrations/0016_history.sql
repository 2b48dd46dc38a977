-- Outages of the past, from lists and outage maps of others. Customers are counted here, not named.

CREATE TABLE history_outage (
    id            text PRIMARY KEY,
    utility       text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('outage', 'unfinished', 'noOutage')),
    why           text,
    incident      text NOT NULL,
    substation    text NOT NULL,
    feeder        text NOT NULL,
    area          text NOT NULL,
    lon           double precision,
    lat           double precision,
    start_ms      bigint NOT NULL,
    start_basis   text NOT NULL CHECK (start_basis IN ('written', 'writtenInUtc', 'firstReading')),
    end_ms        bigint,
    seen_from_ms  bigint,
    seen_until_ms bigint,
    readings      integer NOT NULL,
    customers     integer NOT NULL,
    cause_written text NOT NULL,
    cause         text NOT NULL CHECK (cause IN ('EQUIPMENT', 'LIGHTNING', 'PLANNED', 'POWER_SUPPLY', 'PUBLIC', 'VEGETATION',
                                                 'WEATHER', 'WILDLIFE', 'UNKNOWN', 'OTHER')),
    cause_known   boolean NOT NULL,
    planned       boolean NOT NULL,
    file          text NOT NULL,
    line          integer NOT NULL
);
CREATE INDEX history_outage_by_utility ON history_outage (utility, start_ms);
COMMENT ON TABLE history_outage IS 'Outages read from the records of others; they enter no decision and no figure of our own.';
COMMENT ON COLUMN history_outage.incident IS 'The number the source gives it, empty where it gives none. So are substation, feeder and area.';
COMMENT ON COLUMN history_outage.end_ms IS 'The first whole reading that no longer shows it: it ended after seen_until_ms, and not later than this.';
COMMENT ON COLUMN history_outage.why IS 'Why it is no outage, or why its end is not known; null where the end is known.';
COMMENT ON COLUMN history_outage.customers IS 'The most that were shown at once.';
