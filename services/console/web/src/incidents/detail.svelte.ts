/** One incident or danger whole, asked for again when it changed: one request at a time, not more than about one a second. */
import { api, ApiError } from "../lib/api";
import { toasts } from "../lib/toasts.svelte";
import type { HazardDetail, IncidentDetail, TimelineRow } from "../lib/types";

const PAUSE_MS = 700;

export class DetailOf<Detail extends IncidentDetail | HazardDetail> {
  now = $state.raw<Detail | null>(null);
  /** The timeline as far as it was fetched: the latest part of every answer, and what was asked for of before. Oldest first. */
  rows = $state.raw<readonly TimelineRow[]>([]);
  /** Why it cannot be shown at all. */
  refused = $state.raw<ApiError | null>(null);
  private asking = false;
  private wanted = false;
  private over = false;
  private readonly path: string;
  constructor(what: "incidents" | "hazards", id: string) {
    this.path = `/api/${what}/${encodeURIComponent(id)}`;
  }

  async ask(): Promise<void> {
    this.wanted = true;
    if (this.asking) return;
    this.asking = true;
    while (this.wanted && !this.over) {
      this.wanted = false;
      try {
        this.now = await api<Detail>(this.path);
        const { timeline, timeline_total } = this.now, from = timeline[0]?.at_ms ?? 0;
        this.rows = timeline.length === timeline_total ? timeline : [...this.rows.filter((row) => row.at_ms < from), ...timeline];
        this.refused = null;
      } catch (error) {
        if (error instanceof ApiError && error.status !== 503) this.refused = error; // away: the stream says so, the next change asks again
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
    this.asking = false;
  }
  /** Fetch what was before. */
  async earlier(): Promise<void> {
    const first = this.rows[0];
    if (!first) return;
    try {
      const before = await api<Detail>(`${this.path}?before=${first.at_ms}`);
      this.rows = [...before.timeline, ...this.rows.filter((row) => row.at_ms >= first.at_ms)];
    } catch (error) {
      toasts.fail(error);
    }
  }
  close() {
    this.over = true;
  }
}
