/** What a person does: sent once, followed until it is decided, told, and undone where that is possible. */
import { api, ApiError, AwayError, onceKey } from "../lib/api";
import { toasts } from "../lib/toasts.svelte";
import type { ActionRow } from "../lib/types";
import { did, kindOf, t } from "../words/incidents";
import { reason } from "../words/reasons";

const LOOK_EVERY_MS = 500;
const LOOK_FOR_MS = 30_000;
const KEPT = 30;

/** The same request sent again, because nobody knows what became of it, carries the same key; another one carries another. */
export class Once {
  private body = "";
  private key = "";
  for(body: unknown): string {
    const text = JSON.stringify(body);
    if (text !== this.body) {
      this.body = text;
      this.key = onceKey();
    }
    return this.key;
  }
}

class Acting {
  /** What was done in this tab, latest first. */
  mine = $state.raw<readonly ActionRow[]>([]);
  /** The action that is about to be undone: its dialog is open. */
  undoing = $state.raw<ActionRow | null>(null);
  /** Moves with every action that was decided: what shows actions asks again. */
  moves = $state(0);

  /** Send what is asked. Throws what `api` throws. What becomes of it is told by a toast; the promise is of the request only. */
  async send(path: string, body: unknown, once: Once, method: "POST" | "DELETE" = "POST"): Promise<ActionRow> {
    const { action } = await api<{ action: ActionRow | string }>(path, { method, body, headers: { "Idempotency-Key": once.for({ path, body }) } });
    const row = typeof action === "string" ? await api<ActionRow>(`/api/actions/${encodeURIComponent(action)}`) : action;
    this.keep(row);
    void this.follow(row);
    return row;
  }
  /** The last action of this tab that can still be undone. */
  get last(): ActionRow | undefined {
    return this.mine.find((action) => action.undoable && action.state !== "undone" && action.state !== "refused");
  }
  async follow(action: ActionRow): Promise<ActionRow> {
    let now = action;
    const until = performance.now() + LOOK_FOR_MS;
    while (now.state === "sent" && performance.now() < until) {
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
      try {
        now = await api<ActionRow>(`/api/actions/${encodeURIComponent(action.id)}`);
      } catch (error) {
        if (error instanceof ApiError && error.status !== 503) break;
        if (!(error instanceof ApiError || error instanceof AwayError)) throw error;
      }
    }
    this.keep(now);
    this.moves += 1;
    this.tell(now);
    return now;
  }
  private tell(action: ActionRow) {
    const said = { what: "undoes" in action.said ? did("undo") : did(action.kind), reason: reason(action.reason) };
    const what = kindOf(action.kind);
    if (action.state === "refused") toasts.say("bad", t("toldRefused", { what }), action.reason ? said.reason : "");
    else if (action.state === "sent") toasts.say("info", t("toldUndecided", { what }));
    else toasts.say("good", said.what, said.reason, action.undoable && action.state === "done" ? { text: t("undo"), run: () => (this.undoing = action) } : null);
  }
  private keep(action: ActionRow) {
    this.mine = [action, ...this.mine.filter((each) => each.id !== action.id)].slice(0, KEPT);
  }
}
export const acting = new Acting();
