-- What customers are told. Whether a text went out is the business of `effects`; here stands what was decided and what the
-- operator's receipt said.

CREATE TABLE notice_decided (
    key text PRIMARY KEY,
    area text NOT NULL,
    incident text NOT NULL,
    customer text NOT NULL,
    moment text NOT NULL CHECK (moment IN ('powerOut', 'informDispatched', 'powerRestored')),
    tick bigint NOT NULL,
    decided_at_ms bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    receipt text CHECK (receipt IN ('delivered', 'failed', 'expired')),
    receipt_at_ms bigint,
    operator_code text,
    CHECK ((receipt IS NULL) = (receipt_at_ms IS NULL))
);
COMMENT ON COLUMN notice_decided.key IS 'Key of the effect that sends it.';
COMMENT ON COLUMN notice_decided.operator_code IS 'The code of the operator''s receipt as it came.';
CREATE INDEX notice_by_customer ON notice_decided (customer, decided_at_ms);
CREATE INDEX notice_by_incident ON notice_decided (incident, customer, moment);

-- A receipt names a text by the operator's id of it.
CREATE INDEX effects_by_reference ON effects (gateway_reference) WHERE gateway_reference IS NOT NULL;

-- A notice as people read it: what was decided, how the text fares, why. No words and no phone number.
CREATE VIEW notice AS
SELECT n.key, n.area, n.incident, n.customer, n.moment, n.tick, n.decided_at_ms, n.expires_at_ms,
       coalesce(n.receipt, e.state) AS state, e.state AS effect_state, e.reason AS effect_reason, e.attempts,
       e.done_at_ms, n.receipt, n.receipt_at_ms, n.operator_code
FROM notice_decided n
LEFT JOIN effects e ON e.key = n.key;
