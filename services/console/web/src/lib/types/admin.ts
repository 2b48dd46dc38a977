/** services/console/api_admin.py */
import type { Ms, Role } from "./session";

/** Times of users and sessions are real time, not the installation's clock. */
export interface UserRow { user: string; name: string; role: Role; disabled: boolean; must_change_password: boolean; locked_until_ms: Ms | null; last_seen_ms: Ms | null; sessions: number }
/** `password`: one that was drawn, told this once. */
export interface UserAnswer { user: UserRow; password: string | null }
export interface SessionRow { id: string; user: string; role: Role; crew: string | null; opened_at_ms: Ms; seen_at_ms: Ms; expires_at_ms: Ms; agent: string; current: boolean }
export interface KeyRow { key_id: string; name: string; scopes: string[]; account: string | null; revoked: boolean }
/** GET /api/admin/users -> {users: UserRow[]}; POST {user, name, role, why?} -> 201 UserAnswer; PATCH /api/admin/users/USER {name?, role?, disabled?, unlock?,
 *  new_password?, why?} -> UserAnswer. GET /api/admin/sessions -> {sessions: SessionRow[]}; DELETE /api/admin/sessions/ID?why= -> 204.
 *  GET /api/admin/keys -> {keys: KeyRow[], scopes: string[]}; POST {name, scopes, account, why?} -> 201 {key} once; DELETE /api/admin/keys/ID?why= -> 204.
 *  GET /api/admin/actions?user=&subject=&kind=&before_ms=&before_id=&limit= -> {actions: ActionRow[], more}: `more` is the before_id of the next page. */
