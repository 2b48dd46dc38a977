-- What the console shows: indexes for what it reads while things change, and for its search.

CREATE INDEX incident_shown_open ON incident (id) WHERE state IN ('predicted', 'confirmed', 'partiallyRestored', 'restored');
CREATE INDEX incident_by_change ON incident (changed_at_ms);
CREATE INDEX hazard_by_change ON hazard (changed_at_ms);
CREATE INDEX dispatch_order_by_end ON dispatch_order (ended_at_ms);
CREATE INDEX interruption_open_customer ON interruption (customer) INCLUDE (holder, holder_kind, life_support, planned)
    WHERE end_ms IS NULL AND NOT voided;

-- Ids are searched by how they begin, whatever the collation of the database.
CREATE INDEX customer_phone_begins ON customer_phone (version, phone text_pattern_ops);

-- The same facts as in `undecided`, the oldest of each turn alone: one look into each index, however many wait.
CREATE VIEW oldest_undecided AS
SELECT t.stage, t.shard,
       least((SELECT i.tick FROM inbox i WHERE i.stage = t.stage AND i.shard = t.shard AND i.decided IS NULL
              ORDER BY i.tick LIMIT 1),
             CASE t.stage WHEN 'correlate' THEN
                 (SELECT r.tick FROM report r WHERE r.shard = t.shard AND r.decided IS NULL AND r.state IN ('located', 'ambiguous')
                  ORDER BY r.tick LIMIT 1) END) AS tick
FROM turns t;
COMMENT ON VIEW oldest_undecided IS 'The stamp of the oldest fact that awaits each turn; null where none does.';
