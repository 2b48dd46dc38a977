"""What must hold of access keys, of what was accepted over HTTP, of people and their sessions, and of what was erased."""

from __future__ import annotations

from services.access.personal import NO_BODY, NO_PHONE
from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="keysStayHashed",
        promise="Of a key only its hash is kept, also in what was sent with it or about it.",
        checked_sql="SELECT count(*) FROM access_key",
        violations_sql=r"""
            SELECT key_id, 'access_key' AS kept_in FROM access_key
            WHERE secret_sha256 !~ '^[0-9a-f]{64}$' OR name ~ 'lk_[0-9a-f]{12}_'
            UNION ALL
            SELECT key_id, 'edge_request' FROM edge_request WHERE idempotency_key ~ 'lk_[0-9a-f]{12}_'
            UNION ALL
            SELECT e.key_id, 'outbox' FROM edge_event e JOIN outbox o ON o.id = e.outbox_id
            WHERE position('lk_' || e.key_id || '_' IN convert_from(o.body, 'UTF8')) > 0
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="acceptedIsPublished",
        promise="Every event accepted over HTTP is in the outbox, on its topic, with the bytes accepted until they were erased.",
        checked_sql="SELECT count(*) FROM edge_event",
        violations_sql="""
            SELECT e.key_id, e.event_id, e.topic FROM edge_event e LEFT JOIN outbox o ON o.id = e.outbox_id
            WHERE o.id IS NULL OR o.topic <> e.topic OR (sha256(o.body) <> e.sha256 AND NOT o.erased)
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="requestAcceptedWhole",
        promise="A request under an idempotency key was accepted with all of its events or not at all.",
        checked_sql="SELECT count(*) FROM edge_request",
        violations_sql="""
            SELECT r.key_id, r.idempotency_key, lacking FROM edge_request r, unnest(r.event_ids) AS lacking
            WHERE NOT EXISTS (SELECT FROM edge_event e WHERE e.key_id = r.key_id AND e.event_id = lacking)
            ORDER BY 1, 2, 3""",
    ),
    AuditRule(
        name="sessionsOfThoseWhoMay",
        promise="Every session that is open is of a user who may sign in, in the role that the user has, or of a crew.",
        checked_sql="SELECT count(*) FROM session",
        violations_sql="""
            SELECT s.id, s.user_id, s.role FROM open_session s LEFT JOIN app_user u USING (user_id)
            WHERE s.crew IS NULL AND (u.user_id IS NULL OR u.disabled OR u.role <> s.role)
            ORDER BY s.id""",
    ),
    AuditRule(
        name="actionsOfKnownPeople",
        promise="Every action is of a user that there is, of a crew's phone, or of a command.",
        checked_sql="SELECT count(*) FROM person_action",
        violations_sql="""
            SELECT a.id, a.by_user, a.kind FROM person_action a LEFT JOIN app_user u ON u.user_id = a.by_user
            WHERE u.user_id IS NULL AND a.by_user <> 'terminal' AND NOT starts_with(a.by_user, 'crew:')
            ORDER BY a.id""",
    ),
    AuditRule(
        name="actedWithTrace",
        promise="What somebody had a stage do went out as an event: there is no action without its trace.",
        checked_sql="SELECT count(*) FROM person_action WHERE event_id IS NOT NULL",
        violations_sql="""
            SELECT a.id, a.kind, a.event_id FROM person_action a
            WHERE a.event_id IS NOT NULL AND NOT EXISTS (SELECT FROM outbox o WHERE o.id = a.event_id)
            ORDER BY a.id""",
    ),
    AuditRule(
        name="usersToldApart",
        promise="No two users who may sign in have one name, in whatever case: what somebody did is told apart.",
        checked_sql="SELECT count(*) FROM app_user WHERE NOT disabled",
        violations_sql="""
            SELECT a.user_id, b.user_id AS other FROM app_user a JOIN app_user b ON a.user_id < b.user_id
            WHERE NOT a.disabled AND NOT b.disabled
              AND lower(a.name) = lower(b.name)
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="passwordsStayHashed",
        promise="Of a password only its slow hash is kept.",
        checked_sql="SELECT count(*) FROM app_user",
        violations_sql=r"""
            SELECT user_id FROM app_user
            WHERE password_hash !~ '^\$argon2id\$v=[0-9]+\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$'
            ORDER BY 1""",
    ),
    AuditRule(
        name="crewLinksOnce",
        promise="A link to the page of a crew's phone opened one session at most, of that crew, before it expired.",
        checked_sql="SELECT count(*) FROM crew_link",
        violations_sql="""
            SELECT l.crew, l.session FROM crew_link l JOIN session s ON s.id = l.session
            WHERE s.crew IS DISTINCT FROM l.crew OR s.wall_opened > l.wall_expires
               OR EXISTS (SELECT FROM crew_link o WHERE o.session = l.session AND o.token_sha256 <> l.token_sha256)
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="erasedIsGone",
        promise="What was erased holds no number, no name and no word of a customer any more.",
        checked_sql="""
            SELECT (SELECT count(*) FROM inbox WHERE erased) + (SELECT count(*) FROM outbox WHERE erased)
                 + (SELECT count(*) FROM parked WHERE erased)
                 + (SELECT count(*) FROM utility_version WHERE digest LIKE 'erased:%')""",
        violations_sql=f"""
            WITH told AS (
                SELECT 'inbox' AS kept_in, id, convert_from(body, 'UTF8')::json AS body FROM inbox WHERE erased
                UNION ALL SELECT 'outbox', id, convert_from(body, 'UTF8')::json FROM outbox WHERE erased)
            SELECT kept_in, id FROM told
            WHERE coalesce(body ->> 'words', '') <> '' OR coalesce(body ->> 'phone', '{NO_PHONE}') <> '{NO_PHONE}'
            UNION ALL SELECT 'parked', id FROM parked WHERE erased AND (key IS NOT NULL OR body <> '{NO_BODY.decode()}')
            UNION ALL SELECT 'customer_phone', p.customer FROM customer_phone p JOIN utility_version v USING (version)
                      WHERE v.digest LIKE 'erased:%'
            UNION ALL SELECT 'notice_contact', c.customer FROM notice_contact c JOIN utility_version v USING (version)
                      WHERE v.digest LIKE 'erased:%'
            UNION ALL SELECT 'hotline_contact', c.account || '/' || c.contact FROM hotline_contact c
                      JOIN utility_version v USING (version) WHERE v.digest LIKE 'erased:%' AND (c.name, c.phone) <> ('', '')
            ORDER BY 1, 2""",  # noqa: S608 (the words are our own)
    ),
)
