-- The roads of a utility, by version. Roads that do not change with a version are kept once.

CREATE TABLE road_graph (
    digest text PRIMARY KEY,
    stretches integer NOT NULL CHECK (stretches > 0),
    junctions integer NOT NULL CHECK (junctions > 0),
    length_m bigint NOT NULL CHECK (length_m > 0),
    attribution text NOT NULL,
    body bytea NOT NULL
);
COMMENT ON COLUMN road_graph.digest IS 'SHA-256 of the roads as services/roads/packing.py writes them, before they are compressed.';
COMMENT ON COLUMN road_graph.attribution IS 'Whom the licence of the data asks to be named wherever something rests on it.';
-- The body is compressed already.
ALTER TABLE road_graph ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE utility_roads (
    version integer PRIMARY KEY REFERENCES utility_version ON DELETE CASCADE,
    digest text NOT NULL REFERENCES road_graph
);
COMMENT ON TABLE utility_roads IS 'The roads of a version; one without a row knows none, and its drives are estimated from the straight line.';

CREATE VIEW current_roads AS
SELECT g.* FROM utility_version v JOIN utility_roads r USING (version) JOIN road_graph g ON g.digest = r.digest WHERE v.current;

CREATE VIEW road_closure AS
SELECT e.shard AS region,
       e.id AS closure,
       e.body -> 'places' AS places,
       (e.body ->> 'within_m')::integer AS within_m,
       (e.body ->> 'way')::bigint AS way,
       e.body ->> 'by' AS by,
       (e.body ->> 'since')::bigint AS since_ms,
       (e.body ->> 'until')::bigint AS until_ms
FROM entity e
WHERE e.stage = 'dispatch' AND e.kind = 'closure';
COMMENT ON VIEW road_closure IS 'The roads that dispatchers have closed in a region, as they stand now.';
