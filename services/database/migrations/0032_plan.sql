-- What the plans of dispatch said of each piece of work, with the numbers that they rested on.

CREATE TABLE dispatch_planned (
    job text NOT NULL,
    at_ms bigint NOT NULL,
    region text NOT NULL,
    incident text,
    hazard text,
    crew text NOT NULL,
    rank integer NOT NULL,
    arrival_ms bigint NOT NULL,
    done_ms bigint NOT NULL,
    customers integer NOT NULL,
    reason text NOT NULL,
    "order" text,
    ahead text,
    behind text,
    others integer,
    others_done_ms bigint,
    PRIMARY KEY (job, at_ms)
);
COMMENT ON TABLE dispatch_planned IS 'From when on a plan had which crew do a piece of work, as its how-manieth (0: the next), and before or after what.';
COMMENT ON COLUMN dispatch_planned.others IS 'The customers of the work that the crew does first, or next if this is first; done at others_done_ms.';
CREATE INDEX dispatch_planned_order ON dispatch_planned ("order") WHERE "order" IS NOT NULL;
