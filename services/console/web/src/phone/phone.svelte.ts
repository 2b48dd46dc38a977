/** What the phone shows: the last answer of the server, kept for when there is no network, and how old it is. */
import { ApiError, AwayError } from "../lib/api";
import type { CrewPhone, CrewSays, Ms } from "../lib/types";
import { Queue, type SendState, type Turned } from "./queue";

const KEPT = "lamplighter.phone.shown";
const EVERY_MS = 5_000;
const ANSWERS_WITHIN_MS = 15_000;
/** After so long without an answer the page says that there is no connection. */
const LOST_AFTER_MS = 12_000;

/** `read_ms` is when the server answered last, of this phone's clock; `now_ms` is what the installation's clock said then. */
interface Kept { phone: CrewPhone; etag: string; read_ms: number; now_ms: Ms }
export type Entry = "known" | "asking" | "spent" | "signedOut" | "gone";

const ENDS = new Set(["done", "refused", "handedOver"]);

class Phone {
  shown = $state.raw<CrewPhone | null>(null);
  entry = $state<Entry>("asking");
  /** When the server answered last, in this phone's milliseconds; 0: never. */
  read_ms = $state(0);
  clock_ms = $state(Date.now());
  waiting = $state.raw<readonly CrewSays[]>([]);
  refused = $state.raw<readonly Turned[]>([]);
  sending = $state<SendState>("idle");
  retimed = $state(false);
  /** Counts what was said and heard, so that what is shown follows. */
  turns = $state(0);
  private etag = "";
  private base_ms: Ms = 0;
  private asking = false;
  private readonly queue = new Queue(() => this.follow(), () => setTimeout(() => void this.ask(), 700));
  private place: { lon: number; lat: number } | null = null;
  private watch: number | null = null;
  shares = $state(false);
  /** The order that was there is gone, and the crew did not end it. */
  takenBack = $state(false);

  constructor() {
    const text = localStorage.getItem(KEPT);
    if (text) {
      const kept = JSON.parse(text) as Kept;
      [this.shown, this.etag, this.read_ms, this.base_ms, this.entry] = [kept.phone, kept.etag, kept.read_ms, kept.now_ms, "known"];
    }
    this.follow();
  }

  /** Starts asking; returns what ends it. */
  start(): () => void {
    const token = location.hash.slice(1);
    if (token) history.replaceState(null, "", location.pathname);
    void (token ? this.enter(token) : this.ask());
    const ticking = setInterval(() => {
      this.clock_ms = Date.now();
      if (document.visibilityState === "visible" && Date.now() - this.asked_ms >= EVERY_MS) void this.ask();
    }, 1_000);
    const again = () => document.visibilityState === "visible" && (void this.ask(), void this.queue.flush());
    document.addEventListener("visibilitychange", again);
    addEventListener("online", again);
    return () => {
      clearInterval(ticking);
      document.removeEventListener("visibilitychange", again);
      removeEventListener("online", again);
    };
  }
  private asked_ms = 0;

  /** The installation's clock, reckoned on from the last answer. */
  now(): Ms {
    return this.read_ms ? this.base_ms + (this.clock_ms - this.read_ms) * (this.shown?.speed ?? 1) : this.clock_ms;
  }
  /** When the server answered last, by the installation's clock. */
  get heard_ms(): Ms {
    void this.turns;
    return this.base_ms;
  }
  get lost(): boolean {
    return this.clock_ms - this.read_ms > LOST_AFTER_MS;
  }

  private async enter(token: string): Promise<void> {
    try {
      const response = await fetch("/api/crew/enter", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
      if (response.ok) this.etag = "";
      else if (response.status === 410 && !this.shown) this.entry = "spent";
    } catch {
      // Without a network the link is not used up: it is there again when the page is loaded anew.
      history.replaceState(null, "", `${location.pathname}#${token}`);
    }
    await this.ask();
  }

  async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    this.asked_ms = Date.now();
    try {
      const response = await fetch("/api/crew", { headers: this.etag ? { "If-None-Match": this.etag } : {}, cache: "no-store", signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
      if (response.status === 401) { if (this.entry !== "spent") this.entry = "signedOut"; return; }
      if (response.status === 409) { this.entry = "gone"; return; }
      if (response.status !== 200 && response.status !== 304) throw new AwayError(String(response.status));
      if (response.status === 200) {
        const shown = (await response.json()) as CrewPhone;
        this.queue.belongsTo(shown.crew);
        this.compare(this.shown, shown);
        this.shown = shown;
        this.etag = response.headers.get("ETag") ?? "";
      }
      [this.base_ms, this.read_ms, this.clock_ms, this.entry] = [Number(response.headers.get("Lamplighter-Now")) || this.now(), Date.now(), Date.now(), "known"];
      if (this.shown) localStorage.setItem(KEPT, JSON.stringify({ phone: this.shown, etag: this.etag, read_ms: this.read_ms, now_ms: this.base_ms } satisfies Kept));
      void this.queue.flush();
    } catch (error) {
      if (!(error instanceof AwayError || error instanceof ApiError || error instanceof DOMException || error instanceof TypeError || error instanceof SyntaxError)) throw error;
    } finally {
      this.asking = false;
      this.turns += 1;
    }
  }

  /** Notes what happened to the order without the crew's doing, and lets the phone be felt. */
  private compare(before: CrewPhone | null, after: CrewPhone) {
    const had = before?.crew === after.crew ? before.order?.order : undefined;
    if (had === after.order?.order) return;
    const own = had !== undefined && (this.queue.spoken(had).some((says) => ENDS.has(says.status)) || this.queue.spoken(null).some((says) => says.status === "offDuty"));
    this.takenBack = had !== undefined && !own;
    if (after.order || this.takenBack) navigator.vibrate?.([300, 150, 300]);
  }

  /** Says something, of its order unless it is about the crew itself. */
  say(status: string, about: { order?: string | null } & Partial<Omit<CrewSays, "id" | "at_ms" | "status" | "order">> = {}) {
    const { order = null, ...more } = about;
    this.clock_ms = Date.now();
    this.queue.say(this.now(), { status, order, ...(this.shares && this.place ? this.place : {}), ...more });
  }
  spoken(order: string | null): CrewSays[] {
    void this.turns, void this.clock_ms;
    return this.queue.spoken(order);
  }
  forgive(id: string) { this.queue.forgive(id); }
  tryNow() { void this.queue.flush(); void this.ask(); }

  /** Shares where the phone is with what it says, and on the way once a minute; or stops it. */
  share(on: boolean) {
    this.shares = on && "geolocation" in navigator;
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    this.watch = null;
    if (!this.shares) { this.place = null; return; }
    let told_ms = 0;
    this.watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        this.place = { lon: coords.longitude, lat: coords.latitude };
        if (Date.now() - told_ms > 60_000 && this.shown?.order) { told_ms = Date.now(); this.say("position"); }
      },
      () => { this.shares = false; },
      { enableHighAccuracy: true, maximumAge: 30_000 },
    );
  }

  private follow() {
    if (!this.queue) return;
    [this.waiting, this.refused, this.sending, this.retimed] = [this.queue.waiting, this.queue.refused, this.queue.state, this.queue.retimed];
    this.turns += 1;
  }
}
export const phone = new Phone();
