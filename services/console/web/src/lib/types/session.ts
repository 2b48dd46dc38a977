/** services/console/api_session.py */
export type Ms = number;
export type Role = "viewer" | "dispatcher" | "operations" | "administrator" | "crew";
export type Right = "look" | "act" | "personal" | "figures" | "export" | "requeue" | "administer" | "crew" | "drill";

/** GET /api/session, and the answer to POST /api/session {user, password} and POST /api/crew/enter {token}. */
export interface Session {
  user: string;
  name: string;
  role: Role;
  rights: Right[];
  crew: string | null;
  exercise: boolean;
  version: string;
  utility: { name: string; time_zone: string; attribution: string; version: number } | null;
  must_change_password: boolean;
}

/** Every error: stable code, detail for people, and what belongs to the code. */
export interface Refusal {
  error: { code: string; detail: string; [more: string]: unknown };
}
