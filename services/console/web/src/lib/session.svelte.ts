/** Who is signed in. */
import { api, ApiError, onSignedOut } from "./api";
import type { Right, Session } from "./types";

class Signed {
  now = $state.raw<Session | null>(null);
  /** Whether it is known by now if somebody is signed in. */
  known = $state(false);
  constructor() {
    onSignedOut(() => (this.now = null));
  }
  async ask(): Promise<void> {
    try {
      this.now = await api<Session>("/api/session");
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      this.now = null;
    }
    this.known = true;
  }
  async signIn(user: string, password: string): Promise<void> {
    this.now = await api<Session>("/api/session", { body: { user, password } });
  }
  async signOut(): Promise<void> {
    await api("/api/session", { method: "DELETE" });
    this.now = null;
  }
  may(right: Right): boolean {
    return this.now?.rights.includes(right) ?? false;
  }
}
export const session = new Signed();
