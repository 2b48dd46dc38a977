-- Talking with customers: phones that linked themselves, what dispatchers write, broadcasts, and the switch that stops texts.

CREATE TABLE linked_phone (
    id text PRIMARY KEY,
    phone text NOT NULL,
    handle text NOT NULL,
    customer text NOT NULL,
    area text NOT NULL,
    tick bigint NOT NULL,
    at_ms bigint NOT NULL,
    ended_at_ms bigint
);
COMMENT ON TABLE linked_phone IS 'Phones that are told what a customer is told, since whoever has them gave the account number and the code that was sent.';
COMMENT ON COLUMN linked_phone.area IS 'The supply area of the customer, which decides what is told.';
COMMENT ON COLUMN linked_phone.ended_at_ms IS 'Since when it is linked no more; null: it is.';
CREATE UNIQUE INDEX linked_phone_now ON linked_phone (handle, customer) WHERE ended_at_ms IS NULL;
CREATE INDEX linked_phone_by_customer ON linked_phone (customer);
CREATE INDEX linked_phone_by_phone ON linked_phone (phone);

CREATE TABLE broadcast (
    id text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'sent')),
    audience jsonb NOT NULL,
    words jsonb NOT NULL,
    why text NOT NULL,
    customers integer NOT NULL CHECK (customers > 0),
    phones integer NOT NULL CHECK (phones > 0),
    segments integer NOT NULL CHECK (segments > 0),
    second_from integer NOT NULL CHECK (second_from > 0),
    parts integer NOT NULL DEFAULT 0,
    asked_by text NOT NULL,
    asked_at_ms bigint NOT NULL,
    approved_by text,
    approved_at_ms bigint,
    CHECK ((approved_by IS NULL) = (approved_at_ms IS NULL))
);
COMMENT ON TABLE broadcast IS 'What dispatchers told many customers at once, or asked to be told.';
COMMENT ON COLUMN broadcast.audience IS 'What was chosen, and the customers by supply area as they were when it was asked for.';
COMMENT ON COLUMN broadcast.second_from IS 'From how many phones on it took a second person when it was asked for.';
COMMENT ON COLUMN broadcast.approved_by IS 'The second person, who approved or refused.';
CREATE INDEX broadcast_by_time ON broadcast (asked_at_ms);

CREATE TABLE notice_stop (
    id text PRIMARY KEY,
    scope text NOT NULL,
    area text NOT NULL,
    since_ms bigint NOT NULL,
    by_user text NOT NULL,
    why text NOT NULL,
    recalled integer NOT NULL DEFAULT 0,
    wall_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    until_ms bigint,
    ended_by text,
    wall_until timestamptz,
    CHECK ((until_ms IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE notice_stop IS 'When and by whom texts were stopped: those of an incident, or all, also those that wait to be sent.';
COMMENT ON COLUMN notice_stop.scope IS 'Id of the incident, or all.';
COMMENT ON COLUMN notice_stop.area IS 'The supply area of the incident; of all texts: empty.';
COMMENT ON COLUMN notice_stop.recalled IS 'How many texts were taken back that had not left.';
CREATE UNIQUE INDEX notice_stop_now ON notice_stop (scope) WHERE until_ms IS NULL;

CREATE TABLE inbound_answer (
    key text PRIMARY KEY,
    text text NOT NULL,
    area text NOT NULL,
    tick bigint NOT NULL,
    decided_at_ms bigint NOT NULL,
    by_user text NOT NULL,
    canned text,
    receipt text CHECK (receipt IN ('delivered', 'failed', 'expired')),
    receipt_at_ms bigint,
    CHECK ((receipt IS NULL) = (receipt_at_ms IS NULL))
);
COMMENT ON TABLE inbound_answer IS 'What dispatchers answered to texts that came in; the words are in the body of the effect, while they are kept.';
COMMENT ON COLUMN inbound_answer.key IS 'Key of the effect that sends it.';
COMMENT ON COLUMN inbound_answer.canned IS 'Which prepared answer it was; null: words of their own.';
CREATE INDEX inbound_answer_by_text ON inbound_answer (text);

ALTER TABLE inbound_text
    DROP CONSTRAINT inbound_text_state_check,
    ADD CHECK (state IN ('stopped', 'started', 'helped', 'reported', 'asked', 'answered', 'warned', 'unread',
                         'linking', 'linked', 'unlinked', 'spoken', 'passedOn'));
CREATE INDEX inbound_text_by_handle ON inbound_text (handle, at_ms);

CREATE INDEX notice_by_time ON notice_decided (decided_at_ms, key);
CREATE INDEX notice_by_receipt ON notice_decided (receipt_at_ms) WHERE receipt_at_ms IS NOT NULL;
CREATE INDEX effects_by_done ON effects (done_at_ms) WHERE done_at_ms IS NOT NULL AND gateway IS NOT NULL;

-- What dispatchers wrote to a customer is erased like what customers wrote.
DROP INDEX inbox_personal;
DROP INDEX outbox_personal;
CREATE INDEX inbox_personal ON inbox (decided)
    WHERE NOT erased AND topic IN ('hotline.reports', 'notice.inbound', 'notice.consents', 'notice.actions');
CREATE INDEX outbox_personal ON outbox (tick)
    WHERE NOT erased AND topic IN
        ('outage.reports', 'hotline.reports', 'notice.inbound', 'notice.consents', 'notice.actions', 'dead.letters');
