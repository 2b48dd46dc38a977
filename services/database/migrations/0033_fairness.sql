-- Whose customers were without power longest in the last year, as a fact of each region's next turn.

CREATE TABLE dispatch_hardship_set (
    shard text NOT NULL,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    minutes jsonb NOT NULL,
    decided bigint,
    PRIMARY KEY (shard, tick)
);
COMMENT ON TABLE dispatch_hardship_set IS 'What a region was told of its worst served customers: a fact of the next turn.';
COMMENT ON COLUMN dispatch_hardship_set.minutes IS 'Pairs of a device and the mean minutes without power, in the year before, of the customers behind it.';
