"""Audit rules of the room: what is promised about texts, checked on the data."""

from __future__ import annotations

from typing import Final

from services.audit.rule import AuditRule
from services.notices.moments import ETR_MOVED_MS
from services.notices.questioning import PAUSE_MS

DRILL_PREFIX: Final = "drill:"
"""What the name of every gateway of an exercise begins with, and of no other."""

_UNDER_VERSION = """
            SELECT n.*, coalesce(t.version, (SELECT v.version FROM utility_version v WHERE v.current)) AS version
            FROM notice_decided n LEFT JOIN ticks t ON t.stage = 'notify' AND t.shard = n.area AND t.n = n.tick"""
"""Every notice with the utility's version under which it was decided."""

_KINDS = "('text', 'email', 'webhook', 'voiceNotice')"
_TEXTS = f"SELECT count(*) FROM effects WHERE kind IN {_KINDS}"  # noqa: S608 (a constant of this module)

_TOLD = """
            SELECT n.key, c.customer, n.incident, n.channel, n.handle, n.moment, n.revision, n.decided_at_ms, n.tick
            FROM notice_decided n CROSS JOIN LATERAL unnest(n.customers) AS c (customer)
            LEFT JOIN effects e ON e.key = n.key
            WHERE e.state IS DISTINCT FROM 'superseded'
              AND NOT EXISTS (SELECT FROM journal j WHERE j.subject_kind = 'notice' AND j.subject = n.key
                                AND j.became = 'recalled' AND j.reason = 'outAgain')"""
"""Who was told what by which way: not what was called back before it left, or because it did not hold any more."""

_QUIET = """
            SELECT n.key, n.moment, n.decided_at_ms, c.customer, c.life_support,
                   CASE WHEN own.quiet_from IS NOT NULL THEN own.quiet_from
                        WHEN n.channel IN ('email', 'webhook') THEN NULL ELSE coalesce(q.quiet_from, v.quiet_from) END
                       AS quiet_from,
                   CASE WHEN own.quiet_from IS NOT NULL THEN own.quiet_until
                        WHEN n.channel IN ('email', 'webhook') THEN NULL ELSE coalesce(q.quiet_until, v.quiet_until) END
                       AS quiet_until,
                   (to_timestamp(n.decided_at_ms / 1000.0) AT TIME ZONE v.time_zone)::time AS at, n.area, n.tick
            FROM ({under_version}) n
            JOIN utility_version v USING (version)
            LEFT JOIN effects e ON e.key = n.key
            CROSS JOIN LATERAL unnest(n.customers) AS told (customer)
            LEFT JOIN customer c ON c.version = v.version AND c.customer = told.customer
            LEFT JOIN LATERAL (
                SELECT k.quiet_from, k.quiet_until FROM notice_contact k
                WHERE k.version = v.version AND CASE WHEN n.contact <> '' THEN k.id = n.contact
                    ELSE k.customer = told.customer AND k.channel = 'text' AND coalesce(e.body ->> 'linked', '') = ''
                     AND k.address = (SELECT p.phone FROM customer_phone p WHERE p.version = v.version
                                       AND p.customer = told.customer ORDER BY p.rank LIMIT 1) END
                LIMIT 1) own ON true
            LEFT JOIN LATERAL (
                SELECT h.quiet_from, h.quiet_until FROM quiet_hours h
                WHERE h.version = v.version AND h.tier IN ('', c.tier) AND h.kind = CASE
                    WHEN n.moment IN ('powerOut', 'informDispatched', 'stillOut') THEN 'outage'
                    WHEN n.moment IN ('initialEtr', 'etrChange') THEN 'estimate'
                    WHEN n.moment = 'powerRestored' THEN 'restored'
                    WHEN starts_with(n.moment, 'planned') THEN 'planned' END
                ORDER BY h.tier = '' LIMIT 1) q ON true
            WHERE n.moment NOT IN ('safety', 'answer', 'link', 'broadcast')"""
"""Each notice that can wait, for each of its customers, with the quiet hours that hold for it."""

RULES: Final = (
    AuditRule(
        name="notices.restoredWhileOut",
        promise="Nobody is told that power is back while known to be out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'powerRestored'",
        # Known: what held the stretch without power held the interruption before the notice was decided. What is learned later
        # of that time, by a late report, could not stop it; nor could a loss in the very instant.
        violations_sql="""
            SELECT n.key, i.customer, n.incident, n.decided_at_ms, i.id AS interruption, p.from_ms, p.until_ms, p.holder
            FROM notice_decided n
            CROSS JOIN LATERAL unnest(n.customers) AS c (customer)
            JOIN interruption i ON i.customer = c.customer AND NOT i.voided
            JOIN interruption_part p ON p.interruption = i.id AND NOT p.powered
                AND p.from_ms < n.decided_at_ms AND (p.until_ms IS NULL OR p.until_ms > n.decided_at_ms)
            WHERE n.moment = 'powerRestored'
              AND EXISTS (SELECT FROM interruption_holder h
                          WHERE h.interruption = i.id AND h.holder = p.holder AND h.from_ms < n.decided_at_ms)
            ORDER BY n.key, i.customer""",
    ),
    AuditRule(
        name="notices.toldTwice",
        # Who told us himself that power is out is not told so: then the ledger says that it was.
        promise="Nobody is told the same moment of an incident twice by one way without the opposite in between.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment <> 'etrChange'",
        violations_sql=f"""
            SELECT n.key, n.customer, n.incident, n.moment, n.earlier
            FROM (SELECT *, lag(key) OVER told AS earlier, lag(tick) OVER told AS earlier_tick,
                         lag(decided_at_ms) OVER told AS earlier_ms FROM ({_TOLD}) told
                  WHERE moment IN ('powerOut', 'initialEtr', 'informDispatched', 'stillOut', 'powerRestored')
                  WINDOW told AS (PARTITION BY incident, customer, channel, handle, moment ORDER BY tick, key)) n
            WHERE n.earlier IS NOT NULL AND NOT EXISTS (
                SELECT FROM notice_decided o
                WHERE o.customers @> ARRAY[n.customer] AND o.tick BETWEEN n.earlier_tick AND n.tick
                  AND o.moment = CASE n.moment WHEN 'powerRestored' THEN 'powerOut' ELSE 'powerRestored' END)
              AND NOT (n.moment = 'powerRestored' AND EXISTS (
                SELECT FROM interruption i
                WHERE i.customer = n.customer AND NOT i.voided AND i.start_ms < n.decided_at_ms
                  AND coalesce(i.end_ms > n.earlier_ms, true)))
            ORDER BY n.key, n.customer""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.oncePerRevision",
        promise="Nobody is told one revision of an outage, planned work or danger twice at the same moment by one way.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE revision > 0",
        violations_sql=f"""
            SELECT max(key) AS key, customer, incident, moment, revision, count(*) AS times FROM ({_TOLD}) told
            WHERE revision > 0 AND moment <> 'question'
            GROUP BY incident, customer, channel, handle, moment, revision HAVING count(*) > 1
            ORDER BY 1, 2""",  # noqa: S608 (as above)
    ),
    AuditRule(
        name="notices.capIsKept",
        promise="No phone gets more texts on a day than the utility's folder allows; warnings, answers and broadcasts apart.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE channel = 'text'",
        violations_sql=f"""
            SELECT n.key, n.customer, n.day, n.place, n.texts_a_day
            FROM (SELECT n.key, n.customer, v.texts_a_day, day,
                         row_number() OVER (PARTITION BY n.area, n.handle, day ORDER BY n.tick, n.key) AS place
                  FROM ({_UNDER_VERSION}) n JOIN utility_version v USING (version)
                  CROSS JOIN LATERAL (
                      SELECT (to_timestamp(n.decided_at_ms / 1000.0) AT TIME ZONE v.time_zone)::date AS day) here
                  WHERE n.channel = 'text' AND n.moment NOT IN ('safety', 'answer', 'link', 'broadcast')) n
            WHERE n.place > n.texts_a_day ORDER BY n.key""",  # noqa: S608 (as above)
    ),
    AuditRule(
        name="notices.returnSentWhileOut",
        promise="No notice that power is back goes out after a newer one of the same premise said that it is out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'powerRestored'",
        # A minute is given to what was in a gateway's hands when the newer one was decided.
        violations_sql="""
            SELECT n.key, n.customer, o.key AS newer, e.done_at_ms
            FROM notice_decided n JOIN effects e ON e.key = n.key AND e.state = 'done' AND e.reason = 'accepted'
            JOIN notice_decided o ON o.handle = n.handle AND o.channel = n.channel AND o.customers && n.customers
                AND o.moment = 'powerOut' AND o.tick > n.tick AND o.decided_at_ms + 60000 < e.done_at_ms
            WHERE n.moment = 'powerRestored' ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.sentAfterStop",
        promise="A minute after a phone said that it wants no texts it gets none any more but answers.",
        checked_sql="SELECT count(*) FROM consent_log",
        violations_sql="""
            SELECT n.key, n.customer, n.moment, e.done_at_ms
            FROM notice_decided n JOIN effects e ON e.key = n.key AND e.state = 'done' AND e.reason = 'accepted'
            CROSS JOIN LATERAL (SELECT l.consents, l.decided_at_ms FROM consent_log l
                                WHERE l.handle = n.handle AND l.area = n.area AND l.decided_at_ms < e.done_at_ms
                                ORDER BY l.at_ms DESC, l.tick DESC, l.id DESC LIMIT 1) said
            WHERE n.channel IN ('text', 'voice') AND NOT said.consents AND said.decided_at_ms + 60000 < e.done_at_ms
            ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.askedOnceADay",
        promise="No phone is asked more than once a day whether power is on.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'question'",
        violations_sql=f"""
            SELECT n.key, n.customer, n.incident, n.earlier_ms
            FROM (SELECT key, customer, incident, decided_at_ms,
                         lag(decided_at_ms) OVER (PARTITION BY handle ORDER BY decided_at_ms, key) AS earlier_ms
                  FROM notice_decided WHERE moment = 'question') n
            WHERE n.decided_at_ms - n.earlier_ms < {PAUSE_MS}
            ORDER BY n.key""",  # noqa: S608 (a constant of the room)
    ),
    AuditRule(
        name="notices.changedEstimateIsOne",
        promise="Nobody is told of a changed estimate that is not, by half an hour or more, another than the last he was told.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'etrChange'",
        # Who was answered was told too: of which estimate, no row says.
        violations_sql=f"""
            SELECT n.key, n.customer, n.incident, n.estimate_ms, n.earlier_ms
            FROM (SELECT n.key, c.customer, n.incident, n.moment, n.estimate_ms, n.handle, n.tick,
                         lag(n.estimate_ms) OVER told AS earlier_ms, lag(n.tick) OVER told AS earlier_tick
                  FROM notice_decided n, unnest(n.customers) AS c (customer)
                  WHERE n.estimate_ms IS NOT NULL OR n.moment = 'etrChange'
                  WINDOW told AS (PARTITION BY c.customer, n.channel, n.handle ORDER BY n.tick, n.key)) n
            WHERE n.moment = 'etrChange'
              AND abs(n.estimate_ms - n.earlier_ms) >= {ETR_MOVED_MS} IS NOT TRUE
              AND NOT EXISTS (SELECT FROM inbound_text t WHERE t.handle = n.handle AND t.state IN ('reported', 'answered')
                                AND t.tick BETWEEN coalesce(n.earlier_tick, 0) AND n.tick)
            ORDER BY n.key, n.customer""",  # noqa: S608 (a constant of the room)
    ),
    AuditRule(
        name="notices.nightIsQuiet",
        promise="No notice that can wait is decided in quiet hours: none for who depends on power to live, no question in a storm.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql=f"""
            SELECT DISTINCT n.key, n.moment, n.decided_at_ms, n.quiet_from, n.quiet_until
            FROM ({_QUIET.format(under_version=_UNDER_VERSION)}) n
            WHERE CASE WHEN n.quiet_from <= n.quiet_until THEN n.at >= n.quiet_from AND n.at < n.quiet_until
                       ELSE n.at >= n.quiet_from OR n.at < n.quiet_until END
              AND CASE WHEN n.moment = 'question'
                       THEN (SELECT s.mode FROM asking_set s WHERE s.shard = n.area AND s.decided <= n.tick
                             ORDER BY s.decided DESC, s.tick DESC LIMIT 1) IS DISTINCT FROM 'storm'
                       ELSE n.life_support IS NOT TRUE END
            ORDER BY n.key""",  # noqa: S608 (constants of this module)
    ),
    AuditRule(
        name="notices.toldAgainstWill",
        promise="Nobody is told anything who wants no texts: what his phone said last counts, else the utility's folder.",
        checked_sql="SELECT (SELECT count(*) FROM notice_decided) + (SELECT count(*) FROM consent_log)",
        violations_sql=f"""
            SELECT n.key, n.customer, n.moment, n.decided_at_ms
            FROM ({_UNDER_VERSION}) n
            LEFT JOIN LATERAL (SELECT l.consents FROM consent_log l
                               WHERE l.handle = n.handle AND l.area = n.area AND l.tick <= n.tick
                               ORDER BY l.at_ms DESC, l.tick DESC, l.id DESC LIMIT 1) said ON true
            WHERE n.channel IN ('text', 'voice') AND NOT coalesce(said.consents, CASE WHEN n.contact = '' THEN (
                SELECT bool_and(c.consent) FROM customer c
                WHERE c.version = n.version AND c.customer = ANY (n.customers)) END, true)
            ORDER BY n.key""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.inboundHasItsState",
        promise="Every text that was taken from a customer has a state, and an answer or a reason why there is none.",
        checked_sql="SELECT count(*) FROM inbox WHERE stage = 'notify' AND topic = 'notice.inbound'",
        violations_sql="""
            SELECT i.id AS key, t.state, t.reason, t.answer
            FROM inbox i
            LEFT JOIN inbound_text t ON t.id = i.id
            LEFT JOIN effects e ON e.key = t.answer AND e.kind = 'text'
            WHERE i.stage = 'notify' AND i.topic = 'notice.inbound' AND i.decided IS NOT NULL AND (
                t.id IS NULL OR (t.answer IS NOT NULL AND e.body ->> 'inbound' IS DISTINCT FROM t.id)
                OR (t.answer IS NULL AND t.state <> 'passedOn' AND NOT EXISTS (
                        SELECT FROM journal j WHERE j.stage = 'notify' AND j.subject_kind = 'text' AND j.subject = t.id
                          AND j.became = 'unanswered' AND j.reason = 'answersSpent')))
            ORDER BY i.id""",
    ),
    AuditRule(
        name="notices.textSettledOrOpenWithReason",
        promise="Every text is done, or not done for a reason, or open with a reason and a next attempt.",
        checked_sql=_TEXTS,
        violations_sql=f"""
            SELECT e.key, e.state, e.attempts, e.reason FROM effects e
            WHERE e.kind IN {_KINDS} AND CASE e.state
                WHEN 'done' THEN e.done_at_ms IS NULL OR e.gateway IS NULL
                WHEN 'due' THEN e.attempts > 0 AND e.reason IS NULL
                WHEN 'attempting' THEN e.gateway IS NULL
                ELSE e.reason IS NULL END
            ORDER BY e.key""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.noticeHasItsText",
        promise="Every notice has its effect and every effect is a notice's, of its customer, moment and contact, or an answer.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql=f"""
            SELECT coalesce(n.key, e.key) AS key, n.customer, n.moment, e.state
            FROM notice_decided n
            FULL JOIN (SELECT * FROM effects e WHERE kind IN {_KINDS}
                         AND NOT EXISTS (SELECT FROM inbound_text t WHERE t.answer = e.key)
                         AND NOT EXISTS (SELECT FROM inbound_answer a WHERE a.key = e.key)) e ON e.key = n.key
            WHERE n.key IS NULL OR e.key IS NULL OR e.shard <> n.area
               OR e.kind <> CASE n.channel WHEN 'voice' THEN 'voiceNotice' ELSE n.channel END
               OR e.expires_at_ms IS DISTINCT FROM n.expires_at_ms
               OR e.body ->> 'customer' IS DISTINCT FROM n.customer OR e.body ->> 'moment' IS DISTINCT FROM n.moment
               OR coalesce(e.body ->> 'contact', '') <> n.contact
            ORDER BY 1""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.receiptHasItsText",
        promise="A receipt belongs to a text that went out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE receipt IS NOT NULL",
        violations_sql="""
            SELECT n.key, n.receipt, e.state FROM notice_decided n LEFT JOIN effects e ON e.key = n.key
            WHERE n.receipt IS NOT NULL AND (e.key IS NULL OR e.state <> 'done')
            ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.drillStaysInside",
        promise="Nothing of a drill goes through a real gateway, and nothing real through a drill's.",
        checked_sql=f"{_TEXTS} AND gateway IS NOT NULL",
        violations_sql=f"""
            SELECT e.key, e.gateway FROM effects e, instance i
            WHERE e.kind IN {_KINDS} AND e.gateway IS NOT NULL AND starts_with(e.gateway, '{DRILL_PREFIX}') <> i.exercise
            ORDER BY e.key""",  # noqa: S608 (a constant of this module)
    ),
)
