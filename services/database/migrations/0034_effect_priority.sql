-- Of the effects that wait, those go first that matter most.

ALTER TABLE effects ADD priority smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9);
COMMENT ON COLUMN effects.priority IS 'Of what is due at once the lowest is done first.';

CREATE INDEX effects_due ON effects (kind, priority, due_at_ms, key) WHERE state = 'due';
CREATE INDEX effects_attempting ON effects (kind) WHERE state = 'attempting';
CREATE INDEX effects_unknown ON effects (kind, done_at_ms) WHERE state = 'unknown';

-- What sticks is looked after: a text without a receipt, an attempt of which nobody knows what became of it.
ALTER TABLE effects ADD looked_at_ms bigint;
COMMENT ON COLUMN effects.looked_at_ms IS 'When its provider was last asked, after the attempt, what became of it.';
CREATE INDEX notice_unreceipted ON notice_decided (expires_at_ms) WHERE receipt IS NULL;

ALTER TABLE drill.handset_text ADD wall_taken timestamptz NOT NULL DEFAULT clock_timestamp();
