-- Where else and in which words customers are told: addresses beside the first phone, quiet hours by kind of notice, more moments.

ALTER TABLE utility_version ADD texts_a_day integer NOT NULL DEFAULT 12 CHECK (texts_a_day BETWEEN 1 AND 1000);
COMMENT ON COLUMN utility_version.texts_a_day IS 'So many texts a phone gets on a day at most; of danger, and answers, do not count.';

CREATE TABLE notice_contact (
    version integer NOT NULL,
    customer text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('text', 'email', 'webhook', 'voice')),
    address text NOT NULL,
    language text NOT NULL DEFAULT '',
    quiet_from time,
    quiet_until time,
    moments text[] NOT NULL DEFAULT '{}',
    id text NOT NULL GENERATED ALWAYS AS (md5(customer || ' ' || channel || ' ' || address)) STORED,
    PRIMARY KEY (version, customer, channel, address),
    FOREIGN KEY (version, customer) REFERENCES customer ON DELETE CASCADE,
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CHECK (moments <@ '{outage,estimate,restored,planned,safety,broadcast}')
);
COMMENT ON TABLE notice_contact IS 'Where a customer is told beside the first phone. Hotline accounts have contacts of their own.';
COMMENT ON COLUMN notice_contact.id IS 'Names the address where it does not belong: in state, journal and the bodies of effects.';
COMMENT ON COLUMN notice_contact.moments IS 'The kinds of notice that go there; empty: all.';
CREATE INDEX notice_contact_by_id ON notice_contact (version, id);
CREATE INDEX notice_contact_by_address ON notice_contact (version, address);
CREATE VIEW current_notice_contact AS
    SELECT c.* FROM notice_contact c JOIN utility_version v USING (version) WHERE v.current;

CREATE TABLE quiet_hours (
    version integer NOT NULL REFERENCES utility_version ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('outage', 'estimate', 'restored', 'planned')),
    tier text NOT NULL DEFAULT '' CHECK (tier IN ('', 'residential', 'commercial', 'important', 'large')),
    quiet_from time NOT NULL,
    quiet_until time NOT NULL,
    PRIMARY KEY (version, kind, tier)
);
COMMENT ON TABLE quiet_hours IS 'When notices of a kind wait, where that is not when all of them do; tier empty: of whatever tier.';

ALTER TABLE notice_decided
    ADD channel text NOT NULL DEFAULT 'text' CHECK (channel IN ('text', 'email', 'webhook', 'voice')),
    ADD contact text NOT NULL DEFAULT '',
    ADD segments smallint NOT NULL DEFAULT 1,
    ADD revision integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT notice_decided_moment_check,
    ADD CHECK (moment IN ('powerOut', 'initialEtr', 'etrChange', 'informDispatched', 'powerRestored', 'stillOut',
                          'plannedAnnounced', 'plannedReminder', 'plannedChanged', 'plannedCancelled', 'plannedOver',
                          'safety', 'question', 'answer', 'link', 'broadcast'));
COMMENT ON COLUMN notice_decided.incident IS 'What it tells of: an incident; planned work; a hazard; a broadcast.';
COMMENT ON COLUMN notice_decided.contact IS 'Id of the row of notice_contact where it goes; empty: the phone itself.';
COMMENT ON COLUMN notice_decided.handle IS 'The phone, or the address, under the name by which state and journal know it.';
COMMENT ON COLUMN notice_decided.segments IS 'What the operator charges for a text; 0 on other channels.';
COMMENT ON COLUMN notice_decided.revision IS 'The revision of what it tells of.';

DROP VIEW notice;
CREATE VIEW notice AS
SELECT n.key, n.area, n.incident, n.customer, n.moment, n.tick, n.decided_at_ms, n.expires_at_ms,
       coalesce(n.receipt, e.state) AS state, e.state AS effect_state, e.reason AS effect_reason, e.attempts,
       e.done_at_ms, n.receipt, n.receipt_at_ms, n.operator_code, n.customers, n.estimate_ms, n.channel, n.contact,
       n.segments, n.revision
FROM notice_decided n
LEFT JOIN effects e ON e.key = n.key;

-- The stage that tells customers hears of planned work from now on. What was announced before is told with its next change: the
-- topic may not have it any more.
INSERT INTO progress (stage, topic, part, next_offset)
SELECT 'notify', topic, part, next_offset FROM progress
WHERE stage = 'correlate' AND topic = 'maintenance.notices' AND next_offset > 0
ON CONFLICT DO NOTHING;
INSERT INTO taken (stage, topic, part, first_offset, next_offset, tick)
SELECT stage, topic, part, 0, next_offset, 0 FROM progress
WHERE stage = 'notify' AND topic = 'maintenance.notices' AND next_offset > 0
ON CONFLICT DO NOTHING;
