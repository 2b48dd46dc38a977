/** What a crew says, kept on its phone until the server has taken it: in order, each once, with patience on a bad line. */
import { api, ApiError, AwayError } from "../lib/api";
import type { CrewHeard, CrewSays, Ms } from "../lib/types";

export interface Turned { says: CrewSays; code: string }
/** What was said and is not yet seen in what the server shows. `taken_ms` is real time. */
export interface Spoken { says: CrewSays; taken_ms: number | null }
interface Kept { waiting: CrewSays[]; refused: Turned[]; spoken: Spoken[]; last_ms: Ms }

const CREW = "lamplighter.phone.crew";
/** What each crew said is kept apart: what one left on this phone is sent in its own name, or not at all. */
function key(): string {
  return `lamplighter.phone.said.${localStorage.getItem(CREW) ?? ""}`;
}
function nothing(): Kept {
  return { waiting: [], refused: [], spoken: [], last_ms: 0 };
}
const AT_ONCE = 50;
const LATER_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
/** So long after the server took something its answer must show it; then the server is right. */
const SEEN_WITHIN_MS = 20_000;

export type SendState = "idle" | "sending" | "away" | "signedOut" | "gone";

export class Queue {
  state: SendState = "idle";
  retimed = false;
  private kept = nothing();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private busy = false;

  /** `changed` is called whenever something here is another; `taken` when the server has heard something. */
  constructor(private readonly changed: () => void, private readonly taken: () => void) {
    this.load();
    window.addEventListener("online", () => this.flush());
    // Another tab of this phone may have said or sent something.
    window.addEventListener("storage", (event) => event.key === key() && (this.load(), this.changed()));
  }

  get waiting(): readonly CrewSays[] { return this.kept.waiting; }
  get refused(): readonly Turned[] { return this.kept.refused; }
  /** What was said of an order and may not show yet, the oldest first. */
  spoken(order: string | null): CrewSays[] {
    const now = Date.now();
    const still = this.kept.spoken.filter((each) => each.taken_ms === null || now - each.taken_ms < SEEN_WITHIN_MS);
    return still.map((each) => each.says).filter((says) => says.order === order);
  }

  /** From now on this crew speaks. */
  belongsTo(crew: string) {
    if (localStorage.getItem(CREW) === crew) return;
    localStorage.setItem(CREW, crew);
    this.load();
    this.changed();
  }

  /** Says something: it is kept before it is sent, and never twice at the same time, so that the order stays. */
  say(now: Ms, says: Omit<CrewSays, "id" | "at_ms">) {
    this.load();
    const at_ms = Math.max(Math.round(now), this.kept.last_ms + 1);
    const full: CrewSays = { id: drawn(), at_ms, ...says };
    // Of positions only the newest is worth its way.
    const others = says.status === "position" ? this.kept.waiting.filter((each) => each.status !== "position") : this.kept.waiting;
    this.kept.waiting = [...others, full];
    this.kept.last_ms = at_ms;
    if (says.status !== "position" && says.status !== "hazard") this.kept.spoken = [...this.kept.spoken.slice(-30), { says: full, taken_ms: null }];
    this.save();
    this.tries = 0;
    void this.flush();
  }
  forgive(id: string) {
    this.kept.refused = this.kept.refused.filter((each) => each.says.id !== id);
    this.save();
  }

  /** Sends what waits, in order. What fails for want of a network is tried again, ever more slowly. */
  async flush(): Promise<void> {
    if (this.busy || !this.kept.waiting.length) return;
    clearTimeout(this.timer);
    this.busy = true;
    this.become("sending");
    try {
      while (this.kept.waiting.length) await this.send(this.kept.waiting.slice(0, AT_ONCE));
      this.tries = 0;
      this.become("idle");
    } catch (error) {
      this.trouble(error);
    } finally {
      this.busy = false;
    }
  }

  private async send(batch: CrewSays[]): Promise<void> {
    let heard: CrewHeard;
    try {
      heard = await api<CrewHeard>("/api/crew/reports", { body: batch, signal: AbortSignal.timeout(20_000) });
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 422 && error.status !== 400)) throw error;
      const named = batch.find((each) => each.id === error.more.id);
      if (named) return this.settle([], [{ id: named.id, code: error.code }]);
      if (batch.length > 1) return this.send(batch.slice(0, 1));
      return this.settle([], [{ id: batch[0]!.id, code: error.code }]);
    }
    this.retimed = heard.retimed.length > 0;
    this.settle(heard.taken, heard.refused);
    this.taken();
  }

  private settle(taken: readonly string[], refused: readonly { id: string; code: string }[]) {
    this.load();
    const done = new Set([...taken, ...refused.map((each) => each.id)]);
    const turned = new Map(refused.map((each) => [each.id, each.code]));
    for (const says of this.kept.waiting) {
      const code = turned.get(says.id);
      if (code !== undefined) this.kept.refused = [...this.kept.refused.slice(-9), { says, code }];
    }
    this.kept.waiting = this.kept.waiting.filter((each) => !done.has(each.id));
    this.kept.spoken = this.kept.spoken.filter((each) => !turned.has(each.says.id)).map((each) => (done.has(each.says.id) && each.taken_ms === null ? { ...each, taken_ms: Date.now() } : each));
    this.save();
  }

  private trouble(error: unknown) {
    if (error instanceof ApiError && error.status === 401) return this.become("signedOut");
    if (error instanceof ApiError && error.code === "crewGone") return this.become("gone");
    const away = error instanceof AwayError || error instanceof ApiError || error instanceof DOMException;
    if (!away) throw error;
    const wait = LATER_MS[Math.min(this.tries, LATER_MS.length - 1)]!;
    this.tries += 1;
    this.timer = setTimeout(() => void this.flush(), wait * (0.8 + 0.4 * Math.random()));
    this.become("away");
  }
  private become(state: SendState) {
    this.state = state;
    this.changed();
  }
  private load() {
    const text = localStorage.getItem(key());
    this.kept = text ? (JSON.parse(text) as Kept) : nothing();
  }
  private save() {
    localStorage.setItem(key(), JSON.stringify(this.kept));
    this.changed();
  }
}

/** 128 random bits; `randomUUID` is there on secure pages only. */
function drawn(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
