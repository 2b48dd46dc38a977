"""Users, sessions, access keys, and what everybody did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from aiohttp import web

from services.access import acted, people, sessions, showing, signing_in, store
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.keys import SCOPES, UnknownScope, id_of
from services.access.people import Change, UserProblem
from services.access.showing import SessionRow, UserRow
from services.access.who import Right, Role, Who
from services.console import outcomes
from services.console.asking import Route, number, said
from services.console.outcomes import ActionRow

MOST_ACTIONS = 1_000
Why = Annotated[str, msgspec.Meta(max_length=500)]
_STATUS = {"noUser": 404, "userExists": 409, "nameTaken": 409, "lastAdministrator": 409}


class NewUser(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A user to be made. The password is drawn."""

    user: str
    name: str
    role: Role
    why: Why = ""


class UserChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to become of a user; what is left out stays. `new_password` draws a new one."""

    name: str | None = None
    role: Role | None = None
    disabled: bool | None = None
    unlock: bool = False
    new_password: bool = False
    why: Why = ""


class UserAnswer(msgspec.Struct, kw_only=True):
    """A user as it is now, and the password that was drawn: this once."""

    user: UserRow
    password: str | None


class NewKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An access key to be made. `account` is the hotline account that it belongs to."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str]
    account: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    why: Why = ""


class KeyAnswer(msgspec.Struct, kw_only=True):
    """The key itself, shown this once."""

    key: str


class KeyRow(msgspec.Struct, kw_only=True):
    """An access key, without what would open anything."""

    key_id: str
    name: str
    scopes: list[str]
    account: str | None
    revoked: bool


class Users(msgspec.Struct):
    """Every user, by name."""

    users: list[UserRow]


class Sessions(msgspec.Struct):
    """Every open session, the newest first."""

    sessions: list[SessionRow]


class Keys(msgspec.Struct):
    """Every access key, by name, and the scopes that there are."""

    keys: list[KeyRow]
    scopes: list[str]


class Actions(msgspec.Struct):
    """What people did, the newest first; `more` is the `before_id` of the next page."""

    actions: list[ActionRow]
    more: str | None


async def _users(request: web.Request, _: Who) -> web.Response:
    async with request.config_dict[POOL].acquire() as connection:
        return answer(200, Users(await showing.users(connection)))


async def _create_user(request: web.Request, who: Who) -> web.Response:
    body = await said(request, NewUser)
    try:
        async with request.config_dict[POOL].acquire() as connection, connection.transaction():
            password = await people.create(connection, body.user, body.name, body.role)
            await record(connection, who, "createUser", "user", body.user, why=body.why, said={"role": body.role})
            (row,) = await showing.users(connection, body.user)
    except UserProblem as problem:
        raise _refused(problem) from problem
    return answer(201, UserAnswer(user=row, password=password))


async def _change_user(request: web.Request, who: Who) -> web.Response:
    user = request.match_info["user"]
    body = await said(request, UserChange)
    change = Change(
        name=body.name,
        role=body.role,
        disabled=body.disabled,
        unlock=body.unlock,
        new_password=body.new_password,
    )
    if user == who.user and change.new_password:
        raise ApiError(409, "ownPassword", "one's own password is changed by one who knows the old one")
    try:
        async with request.config_dict[POOL].acquire() as connection, connection.transaction():
            password, ended = await people.change(connection, user, change)
            done = people.said_of(change)
            await record(
                connection, who, "changeUser", "user", user, why=body.why, said={**done, "sessions_ended": len(ended)}
            )
            (row,) = await showing.users(connection, user)
    except UserProblem as problem:
        raise _refused(problem) from problem
    signing_in.forget(*ended)
    signing_in.forget_user(user)
    return answer(200, UserAnswer(user=row, password=password))


def _refused(problem: UserProblem) -> ApiError:
    return ApiError(_STATUS.get(problem.code, 422), problem.code, problem.detail)


async def _sessions(request: web.Request, who: Who) -> web.Response:
    async with request.config_dict[POOL].acquire() as connection:
        return answer(200, Sessions(await showing.sessions(connection, who.session)))


async def _end_session(request: web.Request, who: Who) -> web.Response:
    session = request.match_info["session"]
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        if not await sessions.end(connection, session, "ended"):
            raise ApiError(404, "noSession", "there is no open session of this id")
        await record(connection, who, "endSession", "session", session, why=request.query.get("why", "")[:500], said={})
    signing_in.forget(session)
    return web.Response(status=204)


async def _keys(request: web.Request, _: Who) -> web.Response:
    async with request.config_dict[POOL].acquire() as connection:
        listed = await store.listed(connection)
    rows = [
        KeyRow(key_id=key.id, name=key.name, scopes=sorted(key.scopes), account=key.account, revoked=revoked)
        for key, revoked in listed
    ]
    return answer(200, Keys(rows, sorted(SCOPES)))


async def _create_key(request: web.Request, who: Who) -> web.Response:
    body = await said(request, NewKey)
    try:
        async with request.config_dict[POOL].acquire() as connection, connection.transaction():
            key = await store.create(connection, body.name, body.scopes, body.account)
            asked = {"scopes": sorted(body.scopes), "account": body.account}
            await record(connection, who, "createKey", "key", str(id_of(key)), why=body.why, said=asked)
    except UnknownScope as problem:
        raise ApiError(422, "unknownScope", str(problem)) from problem
    return answer(201, KeyAnswer(key=key))


async def _revoke_key(request: web.Request, who: Who) -> web.Response:
    key = request.match_info["key"]
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        if not await store.revoke(connection, key):
            raise ApiError(404, "noKey", "there is no such key, or it was revoked already")
        await record(connection, who, "revokeKey", "key", key, why=request.query.get("why", "")[:500], said={})
    return web.Response(status=204)


async def _actions(request: web.Request, _: Who) -> web.Response:
    limit = number(request, "limit", 200, least=1, most=MOST_ACTIONS)
    before_ms = number(request, "before_ms", 2**53)
    async with request.config_dict[POOL].acquire() as connection:
        found = await showing.actions(
            connection,
            user=request.query.get("user") or None,
            subject=request.query.get("subject") or None,
            kind=request.query.get("kind") or None,
            before_ms=before_ms,
            before_id=request.query.get("before_id") or None,
            limit=limit + 1,
        )
        ids = found[:limit]
        rows = await outcomes.rows(connection, await acted.actions_named(connection, ids))
    rows.sort(key=lambda row: ids.index(row.id))
    return answer(200, Actions(rows, ids[-1] if len(found) > limit else None))


_BODY: Mapping[int, tuple[str, ...]] = {
    400: ("empty", "malformed", "doubledField"),
    413: ("tooLarge",),
    415: ("notJson",),
    422: ("invalid",),
}
_USER = ("badUserName", "badPersonName", "badRole")

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/admin/users",
        right=Right.ADMINISTER,
        summary="Every user.",
        handler=_users,
        gives=Users,
    ),
    Route(
        method="POST",
        path="/api/admin/users",
        right=Right.ADMINISTER,
        summary="Make a user with a drawn password, which is told this once and must be changed.",
        handler=_create_user,
        takes=NewUser,
        gives=UserAnswer,
        refuses={**_BODY, 409: ("userExists", "nameTaken"), 422: ("invalid", *_USER)},
    ),
    Route(
        method="PATCH",
        path="/api/admin/users/{user}",
        right=Right.ADMINISTER,
        summary="Change a user. A new role or password, and disabling, end the sessions of the user.",
        handler=_change_user,
        takes=UserChange,
        gives=UserAnswer,
        refuses={
            **_BODY,
            404: ("noUser",),
            409: ("lastAdministrator", "ownPassword", "nameTaken"),
            422: ("invalid", *_USER),
        },
    ),
    Route(
        method="GET",
        path="/api/admin/sessions",
        right=Right.ADMINISTER,
        summary="Every open session.",
        handler=_sessions,
        gives=Sessions,
    ),
    Route(
        method="DELETE",
        path="/api/admin/sessions/{session}",
        right=Right.ADMINISTER,
        summary="End a session; it stops within two seconds. Query: why.",
        handler=_end_session,
        refuses={404: ("noSession",)},
    ),
    Route(
        method="GET",
        path="/api/admin/keys",
        right=Right.ADMINISTER,
        summary="Every access key of those who speak to us over HTTP.",
        handler=_keys,
        gives=Keys,
    ),
    Route(
        method="POST",
        path="/api/admin/keys",
        right=Right.ADMINISTER,
        summary="Make an access key, which is told this once.",
        handler=_create_key,
        takes=NewKey,
        gives=KeyAnswer,
        refuses={**_BODY, 422: ("invalid", "unknownScope")},
    ),
    Route(
        method="DELETE",
        path="/api/admin/keys/{key}",
        right=Right.ADMINISTER,
        summary="Let a key be refused from now on. Query: why.",
        handler=_revoke_key,
        refuses={404: ("noKey",)},
    ),
    Route(
        method="GET",
        path="/api/admin/actions",
        right=Right.ADMINISTER,
        summary="What people did, the newest first. Query: user, subject, kind, limit, before_ms; before_id: the `more` of a page.",
        handler=_actions,
        gives=Actions,
        refuses={422: ("invalid",)},
    ),
)
