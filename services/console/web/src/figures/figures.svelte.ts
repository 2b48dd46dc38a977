/** What the page of figures shows: what is asked for stands in the address, answers are of one moment, and old ones stay until new ones are there. */
import { api, ApiError, AwayError } from "../lib/api";
import { live } from "../lib/live.svelte";
import { route } from "../lib/route.svelte";
import type { BehindPage, Calibration, Estimates, FeederFigures, FigureOf, Figures, IncidentOrder, IncidentsPage, Ms, Series, Storm } from "../lib/types";
import { PERIODS, queryOf, shiftOf, spanOf, type Asked, type Earlier, type Period } from "./period";

/** As often as this at most; less often when answers take long. */
const EVERY_MS = 5_000;
export const PAGE = 50;
/** So many rows are shown at most; a file holds all of them. */
export const MOST = 1_000;
const OFS: readonly FigureOf[] = ["sustained", "restored", "momentary", "out", "all"];
const ORDERS: readonly IncidentOrder[] = ["customer_min", "customers", "started", "lasted", "error"];
function one<T extends string>(value: string | null, of: readonly T[], other: T): T {
  return of.includes(value as T) ? (value as T) : other;
}

class Shown {
  figures = $state.raw<Figures | null>(null);
  earlier = $state.raw<Figures | null>(null);
  series = $state.raw<Series | null>(null);
  feeders = $state.raw<FeederFigures[]>([]);
  estimates = $state.raw<Estimates | null>(null);
  calibration = $state.raw<Calibration | null>(null);
  incidents = $state.raw<IncidentsPage | null>(null);
  behind = $state.raw<BehindPage | null>(null);
  storms = $state.raw<Storm[]>([]);
  /** Every feeder there is, to choose from. */
  known = $state.raw<FeederFigures[]>([]);
  now = $state<Ms | null>(null);
  /** What the answers that are shown were asked for, and that in one word; what is asked for now may be ahead of them. */
  told = $state.raw<Asked | null>(null);
  toldKey = $state("");
  loading = $state(false);
  trouble = $state.raw<ApiError | AwayError | null>(null);
  /** How many incidents and customers are shown at most. */
  incidentsShown = $state(PAGE);
  behindShown = $state(PAGE);

  readonly period = $derived(one<Period>(route.query.get("period"), PERIODS, "storm"));
  readonly compare = $derived((route.query.get("earlier") ?? "day") as Earlier);
  readonly own = $derived({ from: this.time("from"), until: this.time("until") });
  readonly ready = $derived(this.now !== null);
  readonly asked = $derived.by((): Asked => ({
    span: spanOf(this.period, this.now ?? 0, this.storms, this.own),
    feeder: route.query.get("feeder") ?? "",
    region: route.query.get("region") ?? "",
    tier: route.query.get("tier") ?? "",
    planned: route.query.get("planned") === "1",
    of: one<FigureOf>(route.query.get("of"), OFS, "sustained"),
    order: one<IncidentOrder>(route.query.get("order"), ORDERS, "customer_min"),
    incident: route.query.get("incident") ?? "",
  }));
  readonly shift = $derived(shiftOf(this.compare, this.asked.span.from));
  /** All that is asked for in one word: answers are fetched when it changes. */
  readonly key = $derived(JSON.stringify([this.asked, this.shift, this.incidentsShown, this.behindShown]));

  /** Whether something else is asked for than what is shown. */
  readonly pending = $derived(this.loading && this.key !== this.toldKey);

  private running: AbortController | null = null;
  private startedAt = 0;
  private tookMs = 0;
  private again: ReturnType<typeof setTimeout> | undefined;

  private time(name: string): Ms | null {
    const value = Number(route.query.get(name) ?? "");
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  }
  /** Change what is asked for; an empty value leaves it out. Stands in the history when `push`. */
  ask(changes: Record<string, string | number | null>, push = false) {
    const query = new URLSearchParams(route.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(name);
      else query.set(name, String(value));
    }
    const text = query.toString();
    this.incidentsShown = this.behindShown = PAGE;
    route.go(text ? `/figures?${text}` : "/figures", !push);
  }
  /** Learn what there is to choose from. */
  async begin(): Promise<void> {
    try {
      const { as_of_ms, storms } = await api<{ as_of_ms: Ms; storms: Storm[] }>("/api/figures/storms");
      this.storms = storms;
      this.now = as_of_ms;
      this.known = (await api<{ feeders: FeederFigures[] }>(`/api/figures/feeders?from_ms=${as_of_ms}`)).feeders;
    } catch (error) {
      this.fail(error);
      this.again = setTimeout(() => void this.begin(), EVERY_MS);
    }
  }
  /** Whether time that goes on changes what is shown. */
  private moving(): boolean {
    const { until } = this.asked.span;
    return until === null || this.now === null || until > this.now || this.asked.of === "out" || (this.figures?.out ?? 0) > 0;
  }
  /** Something changed in the world: look again, but not too often. */
  moved() {
    if (this.now === null || !this.moving() || this.again !== undefined) return;
    const wait = Math.max(0, this.startedAt + Math.max(EVERY_MS, 10 * this.tookMs) - Date.now());
    this.again = setTimeout(() => {
      this.again = undefined;
      if (!this.loading) void this.load();
    }, wait);
  }
  stop() {
    clearTimeout(this.again);
    this.again = undefined;
    this.running?.abort();
    this.running = null;
  }
  private fail(error: unknown) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof ApiError) && !(error instanceof AwayError)) throw error;
    this.trouble = error;
  }
  async load(): Promise<void> {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const { signal } = running;
    const get = <Answer>(path: string, query: string) => api<Answer>(`/api/figures${path}?${query}`, { signal });
    const { asked, shift, key } = this;
    this.startedAt = Date.now();
    this.loading = true;
    try {
      const figures = await get<Figures>("", queryOf(asked));
      const at = { as_of_ms: figures.as_of_ms };
      const back = (ms: Ms | null) => (ms === null || shift === null ? ms : ms - shift);
      const before = { ...asked, span: { from: back(asked.span.from), until: back(asked.span.until) } };
      const [series, feeders, estimates, calibration, incidents, behind, earlier] = await Promise.all([
        get<Series>("/series", queryOf(asked, { ...at, shift_ms: shift })),
        get<{ feeders: FeederFigures[] }>("/feeders", queryOf(asked, at)),
        get<Estimates>("/estimates", queryOf(asked, at)),
        get<Calibration>("/calibration", queryOf(asked, at)),
        get<IncidentsPage>("/incidents", queryOf(asked, { ...at, of: asked.of, order: asked.order, limit: this.incidentsShown })),
        get<BehindPage>("/behind", queryOf(asked, { ...at, of: asked.of, incident: asked.incident, limit: this.behindShown })),
        shift === null || asked.span.from === null ? null : get<Figures>("", queryOf(before, { as_of_ms: figures.as_of_ms - shift })),
      ]);
      if (this.running !== running) return;
      Object.assign(this, { figures, series, feeders: feeders.feeders, estimates, calibration, incidents, behind, earlier, told: asked, toldKey: key, trouble: null, now: figures.as_of_ms });
      this.tookMs = Date.now() - this.startedAt;
    } catch (error) {
      this.fail(error);
    } finally {
      if (this.running === running) {
        this.loading = false;
        if (this.trouble) this.moved();
      }
    }
  }
}
export const shown = new Shown();

/** Follow the figures while a page shows them; returns how to stop. */
export function follow(): () => void {
  void shown.begin();
  const stop = live.use("summary");
  return () => {
    stop();
    shown.stop();
  };
}
