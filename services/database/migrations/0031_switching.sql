-- What is needed to say how much more a feeder can carry when others are fed through it.

ALTER TABLE utility_feeder ADD kv double precision CHECK (kv > 0);
COMMENT ON COLUMN utility_feeder.kv IS 'Nominal voltage between phases, kV; null where it is not known.';

-- Where somebody works under a clearance is asked of all orders that ever were.
CREATE INDEX dispatch_order_cleared ON dispatch_order (device) WHERE clearance IN ('given', 'taken');
