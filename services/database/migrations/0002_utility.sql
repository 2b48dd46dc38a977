-- The utility's grid and customers, one version for each import; and what an exercise supplies while the folder has no such part.

CREATE TABLE utility_version (
    version integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest text NOT NULL UNIQUE,
    name text NOT NULL,
    time_zone text NOT NULL,
    attribution text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    current boolean NOT NULL
);
CREATE UNIQUE INDEX utility_version_current ON utility_version (current) WHERE current;
COMMENT ON COLUMN utility_version.digest IS 'SHA-256 of the content: the same content is the same version.';
COMMENT ON COLUMN utility_version.imported_at IS 'Real time, for people; takes no part in a decision or a digest.';

CREATE TABLE utility_feeder (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    feeder text NOT NULL,
    name text NOT NULL,
    substation text NOT NULL,
    source_node text NOT NULL,
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    PRIMARY KEY (version, feeder)
);

CREATE TABLE utility_node (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    node text NOT NULL,
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    PRIMARY KEY (version, node)
);

CREATE TABLE utility_branch (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('mv_line', 'lv_line', 'service', 'switch', 'transformer', 'regulator')),
    id text NOT NULL,
    from_node text NOT NULL,
    to_node text NOT NULL,
    normally_closed boolean NOT NULL,
    phases text NOT NULL,
    length_m double precision CHECK (length_m >= 0),
    type_code text NOT NULL,
    rating text NOT NULL,
    feeder text NOT NULL,
    PRIMARY KEY (version, kind, id)
);

CREATE TABLE customer (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    customer text NOT NULL,
    node text NOT NULL,
    transformer text NOT NULL,
    feeder text NOT NULL,
    level text NOT NULL CHECK (level IN ('LV', 'MV')),
    class text NOT NULL,
    active boolean NOT NULL,
    connected_on date,
    meter text NOT NULL,
    phone text,
    PRIMARY KEY (version, customer),
    UNIQUE (version, meter)
);
COMMENT ON COLUMN customer.transformer IS 'Empty for a customer on medium voltage.';
COMMENT ON COLUMN customer.phone IS 'International form; null where the folder names none.';
CREATE INDEX customer_phone ON customer (version, phone) WHERE phone IS NOT NULL;

CREATE TABLE depot (
    depot text PRIMARY KEY,
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90)
);

CREATE TABLE crew (
    crew text PRIMARY KEY,
    depot text NOT NULL REFERENCES depot
);

CREATE TABLE hotline_account (
    account text PRIMARY KEY,
    customer text NOT NULL,
    contact_phone text NOT NULL,
    name text NOT NULL
);
CREATE INDEX hotline_account_customer ON hotline_account (customer);
