/** A page of the ledger of texts, read again while it is looked at, and further pages of it. */
import { api, ApiError, AwayError } from "../lib/api";
import { toasts } from "../lib/toasts.svelte";
import type { Ms, TextLedger, TextRow } from "../lib/types";
import { Pace } from "./pace";

export interface Asked { incident?: string; customer?: string; state?: string; moment?: string }
const PAGE = 100, MOST = 500;

export class LedgerOf {
  rows = $state.raw<readonly TextRow[]>([]);
  counts = $state.raw<Record<string, number>>({});
  next = $state<string | null>(null);
  at = $state<Ms>(0);
  known = $state(false);
  refused = $state.raw<ApiError | null>(null);
  busy = $state(false);
  private query = "";
  private readonly pace = new Pace();
  private asking: AbortController | null = null;

  /** More rows than one answer holds stay as they were read. */
  get frozen(): boolean {
    return this.rows.length > MOST;
  }
  /** Show what is asked for; what was shown of another question is gone. */
  ask(asked: Asked) {
    const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value)).toString();
    if (query !== this.query) {
      this.rows = [];
      this.known = false;
      this.query = query;
    }
    void this.refresh(true);
  }
  /** Read what is shown again. */
  async refresh(force = false): Promise<void> {
    if (!force && (this.frozen || this.asking || !this.pace.rested)) return;
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    this.pace.begin();
    try {
      const limit = Math.min(MOST, Math.max(PAGE, Math.ceil(this.rows.length / PAGE) * PAGE));
      const answer = await api<TextLedger>(`/api/texts?limit=${limit}&${this.query}`, { signal: mine.signal });
      this.rows = answer.rows;
      this.take(answer);
      this.known = true;
      this.refused = null;
    } catch (error) {
      if (error instanceof ApiError && error.status !== 503) this.refused = error;
      else if (!(error instanceof ApiError || error instanceof AwayError || error instanceof DOMException)) throw error; // away: the page says so above
    } finally {
      if (this.asking === mine) {
        this.asking = null;
        this.pace.end();
      }
    }
  }
  /** Read what is before the last row. */
  async earlier(): Promise<void> {
    if (this.next === null || this.busy) return;
    this.busy = true;
    const query = this.query;
    try {
      const answer = await api<TextLedger>(`/api/texts?limit=${PAGE}&before=${encodeURIComponent(this.next)}&${query}`);
      if (query !== this.query) return;
      const known = new Set(this.rows.map((row) => row.key));
      this.rows = [...this.rows, ...answer.rows.filter((row) => !known.has(row.key))];
      this.take(answer);
    } catch (error) {
      toasts.fail(error);
    } finally {
      this.busy = false;
    }
  }
  private take(answer: TextLedger) {
    this.counts = answer.counts;
    this.next = answer.next_before;
    this.at = answer.now_ms;
  }
}
