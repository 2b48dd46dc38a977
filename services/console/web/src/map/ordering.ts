/** Which incidents the list shows and in which order. Pure. */
import type { HazardRow, IncidentRow, Ms } from "../lib/types";

export const ORDERS = ["priority", "customers", "age", "estimate", "changed"] as const;
export type Order = (typeof ORDERS)[number];
export const FILTERS = ["unassigned", "overdue", "uncertain", "lifeSupport", "large", "mine"] as const;
export type Filter = (typeof FILTERS)[number];

export interface Wish {
  order: Order;
  filters: ReadonlySet<Filter>;
  /** Open ones only; else also what is restored, closed, merged, dismissed, as far as the sheet still has it. */
  open: boolean;
  region: string;
  feeder: string;
  words: string;
  mine: ReadonlySet<string>;
}
export const OPEN = new Set(["predicted", "confirmed", "partiallyRestored"]);
const RANK: Record<string, number> = { hazard: 0, lifeSupport: 1, importantOrLarge: 2, important: 2, feeder: 3, lateral: 4, single: 5 };

export function passes(row: IncidentRow, filter: Filter, mine: ReadonlySet<string>): boolean {
  switch (filter) {
    case "unassigned": return row.unassigned;
    case "overdue": return row.overdue;
    case "uncertain": return row.uncertain;
    case "lifeSupport": return row.life_support > 0;
    case "large": return row.accounts > 0 || row.important > 0;
    case "mine": return mine.has(row.id);
  }
}
function says(words: string, ...texts: (string | null)[]): boolean {
  return words.split(/\s+/).every((word) => texts.some((text) => text?.toLowerCase().includes(word)));
}

const BY: Record<Order, (one: IncidentRow, other: IncidentRow) => number> = {
  priority: (one, other) => Number(!OPEN.has(one.state)) - Number(!OPEN.has(other.state)) || Number(other.life_support > 0) - Number(one.life_support > 0) || other.customers_out - one.customers_out || rank(one) - rank(other),
  customers: (one, other) => other.customers_out - one.customers_out,
  age: (one, other) => one.started_at_ms - other.started_at_ms,
  estimate: (one, other) => Number(other.overdue) - Number(one.overdue) || (one.estimate_ms ?? FAR) - (other.estimate_ms ?? FAR),
  changed: (one, other) => other.changed_at_ms - one.changed_at_ms,
};
const FAR = Number.MAX_SAFE_INTEGER;
function rank(row: IncidentRow): number {
  return RANK[row.priority] ?? 9;
}

export interface Shown {
  rows: IncidentRow[];
  /** How many of the rows shown each filter would leave. */
  counts: Record<Filter, number>;
  open: number;
  /** How many there are without any wish but that for open ones. */
  all: number;
}
export function arrange(rows: Iterable<IncidentRow>, wish: Wish): Shown {
  const words = wish.words.trim().toLowerCase(), left: IncidentRow[] = [];
  const counts = Object.fromEntries(FILTERS.map((filter) => [filter, 0])) as Record<Filter, number>;
  let open = 0, all = 0;
  next: for (const row of rows) {
    if (!wish.open || OPEN.has(row.state)) all += 1;
    if (wish.region && row.region !== wish.region) continue;
    if (wish.feeder && row.feeder !== wish.feeder) continue;
    if (words && !says(words, row.id, row.device, row.device_number, row.feeder, row.crew)) continue;
    if (OPEN.has(row.state)) open += 1;
    else if (wish.open) continue;
    for (const filter of wish.filters) if (!passes(row, filter, wish.mine)) continue next;
    left.push(row);
    for (const filter of FILTERS) if (passes(row, filter, wish.mine)) counts[filter] += 1;
  }
  const by = BY[wish.order];
  left.sort((one, other) => by(one, other) || one.opened_at_ms - other.opened_at_ms || (one.id < other.id ? -1 : 1));
  return { rows: left, counts, open, all };
}
export function dangers(rows: Iterable<HazardRow>, words: string, region: string): HazardRow[] {
  const wanted = words.trim().toLowerCase();
  return [...rows]
    .filter((row) => row.state === "reported" && (!region || row.region === region) && (!wanted || says(wanted, row.id, row.kind, row.device, row.crew)))
    .sort((one, other) => Number(one.crew !== null) - Number(other.crew !== null) || one.reported_at_ms - other.reported_at_ms || (one.id < other.id ? -1 : 1));
}

/** Keeps an order still for somebody who points at it: rows stay where they are, what is new waits; at most `HOLD_MS`. */
export const HOLD_MS = 3_000;
export class Held {
  private order: string[] = [];
  private since: Ms | null = null;
  /** Returns the rows in the order to show, and how many stand elsewhere, are new or are gone in the order that waits. */
  next(rows: IncidentRow[], hold: boolean, at: Ms): { rows: IncidentRow[]; waiting: number } {
    const moved = hold ? this.moved(rows) : 0;
    if (!moved) this.since = null;
    else this.since ??= at;
    if (!moved || at - this.since! >= HOLD_MS) {
      this.order = rows.map((row) => row.id);
      this.since = null;
      return { rows, waiting: 0 };
    }
    const by = new Map(rows.map((row) => [row.id, row]));
    return { rows: this.order.flatMap((id) => by.get(id) ?? this.last.get(id) ?? []), waiting: moved };
  }
  private last = new Map<string, IncidentRow>();
  /** What was shown last, so that a row that is gone stays in its place while the order is held. */
  shown(rows: IncidentRow[]) {
    this.last = new Map(rows.map((row) => [row.id, row]));
  }
  /** New ones, gone ones, and as many as would have to move at least (all that are not in the longest run that is in order). */
  private moved(rows: IncidentRow[]): number {
    const place = new Map(this.order.map((id, at) => [id, at])), ends: number[] = [];
    let known = 0;
    for (const row of rows) {
      const at = place.get(row.id);
      if (at === undefined) continue;
      known += 1;
      let low = 0, high = ends.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle]! < at) low = middle + 1;
        else high = middle;
      }
      ends[low] = at;
    }
    return rows.length - known + (this.order.length - known) + (known - ends.length);
  }
}
