/** What changes: one stream of wake-ups for this tab, and the sheets that are fetched when they moved.
 *
 *  A page says which sheets it shows (`live.use("incidents")`, in an $effect or onMount; it returns how to stop). Rows are plain objects;
 *  read `live.incidents.rows` in a $derived. What is on the screen is never older than it says: `live.lostSince` is set as soon as beats fail. */
import { api } from "./api";
import type { Beat, CrewRow, HazardRow, IncidentRow, InboxRow, Ms, NetworkRow, PresenceRow, Sheet, SheetName, SummaryRow } from "./types";

const BEAT_EVERY_MS = 2_000;
const LATE_AFTER_MS = 2 * BEAT_EVERY_MS + 500;
const RECONNECT_MS = 1_000;
const STALE_READ_MS = 5_000;

export class Rows<Row extends { id: string }> {
  private kept = new Map<string, Row>();
  private moves = $state(0);
  epoch = "";
  version = -1;
  /** The installation's time as of which the rows are: the `seen_at_ms` of an action. */
  readAt: Ms = 0;
  users = 0;
  asking = false;
  /** Whether it was fetched at all. */
  known = $state(false);
  get rows(): ReadonlyMap<string, Row> {
    void this.moves;
    return this.kept;
  }
  get(id: string | null | undefined): Row | undefined {
    void this.moves;
    return id ? this.kept.get(id) : undefined;
  }
  take(sheet: Sheet<Row>) {
    if (sheet.whole) this.kept = new Map(sheet.rows.map((row) => [row.id, row]));
    else {
      for (const row of sheet.rows) this.kept.set(row.id, row);
      for (const id of sheet.gone) this.kept.delete(id);
    }
    this.epoch = sheet.epoch;
    this.version = sheet.version;
    this.readAt = sheet.now_ms;
    this.known = true;
    this.moves += 1;
  }
  forget() {
    this.version = -1;
    this.epoch = "";
  }
}

class Live {
  summary = new Rows<SummaryRow>();
  incidents = new Rows<IncidentRow>();
  hazards = new Rows<HazardRow>();
  crews = new Rows<CrewRow>();
  network = new Rows<NetworkRow>();
  inbox = new Rows<InboxRow>();
  presence = new Rows<PresenceRow>();

  /** Real time (performance.now based Date) since when nothing is heard of the server; null: all is well. */
  lostSince = $state<number | null>(null);
  /** Real milliseconds that the server itself could not read its database; 0: all is well. */
  staleMs = $state(0);
  /** The installation's clock, moved on by the second. */
  now = $state<Ms>(Date.now());
  /** The present real time, by the second, for "since 12 s". */
  wall = $state(Date.now());
  speed = $state(1);
  stream = $state("");

  private source: EventSource | null = null;
  private beatAt = 0;
  private clockAt: { now: Ms; wall: number } | null = null;
  private versions: Partial<Record<SheetName, number>> = {};
  private epoch = "";
  private timer: ReturnType<typeof setInterval> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  /** Sheets that could not be fetched: what is shown of them is old, though beats may come. */
  private readonly failed = new Set<SheetName>();

  constructor() {
    addEventListener("online", () => this.timer && this.connect());
    addEventListener("offline", () => this.lose());
  }
  open() {
    if (this.timer) return;
    this.failed.clear();
    this.beatAt = Date.now();
    this.timer = setInterval(() => this.look(), 500);
    this.connect();
  }
  close() {
    clearInterval(this.timer);
    clearTimeout(this.again);
    this.timer = undefined;
    this.source?.close();
    this.source = null;
    this.lostSince = null;
  }
  /** Follow a sheet while a page shows it; returns how to stop. */
  use(...names: SheetName[]): () => void {
    for (const name of names) {
      this[name].users += 1;
      void this.fetch(name);
    }
    return () => {
      for (const name of names) this[name].users -= 1;
    };
  }

  private connect() {
    clearTimeout(this.again);
    this.source?.close();
    const source = (this.source = new EventSource("/api/live"));
    const hear = (event: Event) => this.hear(JSON.parse((event as MessageEvent<string>).data) as Beat);
    source.addEventListener("beat", hear);
    source.addEventListener("moved", hear);
    source.onerror = () => {
      if (this.source !== source) return;
      this.lose();
      void api("/api/session").catch(() => undefined); // a stream does not say that the session is over; this does
    };
  }
  private lose() {
    if (!this.timer) return;
    this.source?.close();
    this.source = null;
    this.lostSince ??= Date.now();
    clearTimeout(this.again);
    this.again = setTimeout(() => this.connect(), RECONNECT_MS);
  }
  private hear(beat: Beat) {
    this.beatAt = Date.now();
    if (!this.failed.size) this.lostSince = null;
    this.stream = beat.stream;
    this.speed = beat.speed;
    this.staleMs = beat.read_age_ms > STALE_READ_MS ? beat.read_age_ms : 0;
    this.clockAt = { now: beat.now_ms, wall: this.beatAt };
    this.epoch = beat.epoch;
    this.versions = beat.versions;
    for (const name of Object.keys(beat.versions) as SheetName[]) void this.fetch(name);
    this.look();
  }
  private async fetch(name: SheetName): Promise<void> {
    const rows = this[name] as Rows<{ id: string }>;
    const wanted = this.versions[name];
    if (!rows.users) this.failed.delete(name);
    if (!rows.users || rows.asking || (wanted !== undefined && rows.epoch === this.epoch && rows.version >= wanted)) return;
    rows.asking = true;
    try {
      rows.take(await api<Sheet<{ id: string }>>(`/api/sheets/${name}?epoch=${rows.epoch}&since=${rows.version}`));
    } catch {
      this.failed.add(name); // the next beat asks again
      if (this.timer) this.lostSince ??= Date.now();
      return;
    } finally {
      rows.asking = false;
    }
    if (this.failed.delete(name) && !this.failed.size && Date.now() - this.beatAt <= LATE_AFTER_MS) this.lostSince = null;
    void this.fetch(name);
  }
  private look() {
    const wall = Date.now();
    if (this.lostSince === null && wall - this.beatAt > LATE_AFTER_MS) {
      this.lostSince = this.beatAt;
      this.connect();
    } else if (this.lostSince !== null && wall - this.beatAt > 4 * LATE_AFTER_MS && this.source?.readyState === EventSource.CONNECTING) {
      this.beatAt = wall;
      this.connect();
    }
    if (Math.floor(wall / 1000) !== Math.floor(this.wall / 1000) || this.lostSince !== null) this.wall = wall;
    if (this.clockAt && this.lostSince === null) {
      const now = this.clockAt.now + (wall - this.clockAt.wall) * this.speed;
      if (Math.abs(now - this.now) >= 500) this.now = Math.floor(now / 1000) * 1000;
    }
  }
}
export const live = new Live();
