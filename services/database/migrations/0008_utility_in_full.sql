-- The whole utility, a version for each import: regions, poles, tiers and phones of customers, depots, crews and their shifts,
-- hotline accounts with contacts and rosters, agreements, planned windows, bank holidays. What an exercise lacks it adds to
-- the current version.

ALTER TABLE utility_version
    ADD languages text[] NOT NULL DEFAULT '{en}' CHECK (cardinality(languages) > 0),
    ADD quiet_from time NOT NULL DEFAULT '22:00',
    ADD quiet_until time NOT NULL DEFAULT '07:00',
    ADD country text NOT NULL DEFAULT '';
COMMENT ON COLUMN utility_version.languages IS 'ISO 639-1; the first one is for those who chose none.';
COMMENT ON COLUMN utility_version.quiet_from IS 'From this hour of the utility''s day until quiet_until no text that can wait is sent.';

ALTER TABLE ticks ADD version integer;
COMMENT ON COLUMN ticks.version IS 'The utility''s version under which the turn was decided; null: decided without one.';

CREATE TABLE utility_region (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    region text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (version, region)
);
COMMENT ON TABLE utility_region IS 'A region is where one dispatch plan is made.';

ALTER TABLE utility_feeder ADD region text NOT NULL DEFAULT 'R1';
ALTER TABLE utility_node ADD pole text NOT NULL DEFAULT '';
ALTER TABLE utility_branch
    ADD rated double precision CHECK (rated > 0),
    ADD device_number text NOT NULL DEFAULT '',
    ADD telemetered boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN utility_branch.rated IS 'Amperes; of a transformer kVA.';

ALTER TABLE customer
    ADD service_point text NOT NULL DEFAULT '',
    ADD phases text NOT NULL DEFAULT '',
    ADD kva double precision CHECK (kva >= 0),
    ADD tier text NOT NULL DEFAULT 'residential' CHECK (tier IN ('residential', 'commercial', 'important', 'large')),
    ADD language text NOT NULL DEFAULT '',
    ADD consent boolean NOT NULL DEFAULT true,
    ADD life_support boolean NOT NULL DEFAULT false;

DROP INDEX customer_phone;
CREATE TABLE customer_phone (
    version integer NOT NULL,
    customer text NOT NULL,
    phone text NOT NULL,
    rank integer NOT NULL CHECK (rank > 0),
    PRIMARY KEY (version, customer, rank),
    UNIQUE (version, customer, phone),
    FOREIGN KEY (version, customer) REFERENCES customer ON DELETE CASCADE
);
CREATE INDEX customer_phone_premises ON customer_phone (version, phone);
COMMENT ON TABLE customer_phone IS 'A customer''s phones, the first one (rank 1) is texted. One phone may stand for several premises.';
INSERT INTO customer_phone (version, customer, phone, rank)
    SELECT version, customer, phone, 1 FROM customer WHERE phone IS NOT NULL;
ALTER TABLE customer DROP COLUMN phone;

DROP VIEW crew_duty;
DROP TABLE crew;
DROP TABLE depot;
DROP TABLE hotline_account;

CREATE TABLE depot (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    depot text NOT NULL,
    name text NOT NULL DEFAULT '',
    region text NOT NULL DEFAULT 'R1',
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    PRIMARY KEY (version, depot)
);

CREATE TABLE crew (
    version integer NOT NULL,
    crew text NOT NULL,
    depot text NOT NULL,
    skills text[] NOT NULL DEFAULT '{line}',
    certificates text[] NOT NULL DEFAULT '{}',
    kit text[] NOT NULL DEFAULT '{}',
    members integer NOT NULL DEFAULT 2 CHECK (members > 0),
    PRIMARY KEY (version, crew),
    FOREIGN KEY (version, depot) REFERENCES depot ON DELETE CASCADE
);
COMMENT ON COLUMN crew.skills IS 'line: every repair; service: work on low voltage and at premises, and making safe.';

CREATE TABLE crew_shift (
    version integer NOT NULL,
    crew text NOT NULL,
    weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts time NOT NULL,
    ends time NOT NULL,
    kind text NOT NULL DEFAULT 'duty' CHECK (kind IN ('duty', 'standby')),
    PRIMARY KEY (version, crew, weekday, starts),
    FOREIGN KEY (version, crew) REFERENCES crew ON DELETE CASCADE
);
COMMENT ON TABLE crew_shift IS 'Hours of the utility''s time zone; weekday 1 is Monday; an end not after the start lies on the next day. A crew without rows is always on duty.';

CREATE TABLE hotline_account (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    account text NOT NULL,
    name text NOT NULL,
    language text NOT NULL DEFAULT '',
    PRIMARY KEY (version, account)
);

CREATE TABLE hotline_premise (
    version integer NOT NULL,
    account text NOT NULL,
    customer text NOT NULL,
    PRIMARY KEY (version, customer),
    FOREIGN KEY (version, account) REFERENCES hotline_account ON DELETE CASCADE,
    FOREIGN KEY (version, customer) REFERENCES customer ON DELETE CASCADE
);
COMMENT ON TABLE hotline_premise IS 'The customers that an account holds; a customer belongs to one account at most.';

CREATE TABLE hotline_contact (
    version integer NOT NULL,
    account text NOT NULL,
    contact text NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    rank integer NOT NULL CHECK (rank > 0),
    wait_s integer NOT NULL DEFAULT 120 CHECK (wait_s BETWEEN 15 AND 3600),
    language text NOT NULL DEFAULT '',
    PRIMARY KEY (version, account, contact),
    FOREIGN KEY (version, account) REFERENCES hotline_account ON DELETE CASCADE
);
COMMENT ON COLUMN hotline_contact.rank IS 'The ladder is climbed from 1; contacts of one rank in the order of their ids.';
COMMENT ON COLUMN hotline_contact.wait_s IS 'How long an answer is awaited before the next contact is called.';

CREATE TABLE hotline_roster (
    version integer NOT NULL,
    account text NOT NULL,
    contact text NOT NULL,
    weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts time NOT NULL,
    ends time NOT NULL,
    PRIMARY KEY (version, account, contact, weekday, starts),
    FOREIGN KEY (version, account, contact) REFERENCES hotline_contact ON DELETE CASCADE
);
COMMENT ON TABLE hotline_roster IS 'When a contact is called, as in crew_shift; a contact without rows is called at any hour.';

CREATE TABLE service_agreement (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    agreement text NOT NULL,
    item text NOT NULL,
    account text NOT NULL DEFAULT '',
    tier text NOT NULL DEFAULT '' CHECK (tier IN ('', 'residential', 'commercial', 'important', 'large')),
    service_hours text NOT NULL DEFAULT '24x7',
    valid_from date NOT NULL,
    valid_until date,
    arrive_within_min integer CHECK (arrive_within_min > 0),
    restore_within_min integer CHECK (restore_within_min > 0),
    announce_days integer CHECK (announce_days >= 0),
    most_interruptions integer CHECK (most_interruptions >= 0),
    availability double precision CHECK (availability > 0 AND availability <= 1),
    PRIMARY KEY (version, agreement)
);
COMMENT ON TABLE service_agreement IS 'What was promised to an account, or to a tier (both empty: to everybody).';

CREATE TABLE planned_window (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    "window" text NOT NULL,
    isolates text[] NOT NULL CHECK (cardinality(isolates) > 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    work text NOT NULL DEFAULT '',
    PRIMARY KEY (version, "window")
);

CREATE TABLE bank_holiday (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    day date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (version, day)
);

-- The current version, for those who read one row at a time.
CREATE VIEW current_customer AS SELECT c.* FROM customer c JOIN utility_version v USING (version) WHERE v.current;
CREATE VIEW current_phone AS SELECT p.* FROM customer_phone p JOIN utility_version v USING (version) WHERE v.current;
CREATE VIEW current_depot AS SELECT d.* FROM depot d JOIN utility_version v USING (version) WHERE v.current;
CREATE VIEW current_crew AS SELECT c.* FROM crew c JOIN utility_version v USING (version) WHERE v.current;
CREATE VIEW current_premise AS SELECT p.* FROM hotline_premise p JOIN utility_version v USING (version) WHERE v.current;
CREATE VIEW current_contact AS SELECT c.* FROM hotline_contact c JOIN utility_version v USING (version) WHERE v.current;

CREATE VIEW crew_duty AS
SELECT e.id AS crew,
       c.depot,
       e.body ->> 'state' AS state,
       e.body ->> 'order' AS "order"
FROM entity e LEFT JOIN current_crew c ON c.crew = e.id
WHERE e.stage = 'dispatch' AND e.kind = 'crew'
UNION ALL
SELECT c.crew, c.depot, 'available', NULL
FROM current_crew c
WHERE NOT EXISTS (SELECT FROM entity e WHERE e.stage = 'dispatch' AND e.kind = 'crew' AND e.id = c.crew);
COMMENT ON VIEW crew_duty IS 'What each crew is doing. A crew that was never heard of and never ordered is available.';
