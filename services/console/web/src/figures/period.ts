/** Which stretch of time a period is, and how a question about figures is written as a query. */
import { forInput, fromInput } from "../lib/format";
import type { FigureOf, IncidentOrder, Ms, Storm } from "../lib/types";

export const PERIODS = ["storm", "today", "yesterday", "week", "own"] as const;
export type Period = (typeof PERIODS)[number];
/** What to compare with: nothing, a day or a week earlier, or a storm by its start. */
export type Earlier = "none" | "day" | "week" | `storm${number}`;
export interface Span { from: Ms | null; until: Ms | null }

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Midnight of the utility's day in which this lies; the half day more or less steps over changes of the clock. */
function midnight(ms: Ms): Ms {
  return fromInput(`${forInput(ms).slice(0, 10)}T00:00`) ?? ms;
}
export function spanOf(period: Period, now: Ms, storms: readonly Storm[], own: Span): Span {
  const today = midnight(now);
  switch (period) {
    case "storm": return { from: storms[0]?.from_ms ?? null, until: null };
    case "today": return { from: today, until: midnight(today + DAY + 12 * HOUR) };
    case "yesterday": return { from: midnight(today - 12 * HOUR), until: today };
    case "week": return { from: midnight(today - 6 * DAY + 12 * HOUR), until: null };
    case "own": return own;
  }
}
/** By how much earlier to look as well; null: not at all. */
export function shiftOf(earlier: Earlier, from: Ms | null): number | null {
  if (earlier === "day") return DAY;
  if (earlier === "week") return 7 * DAY;
  const begins = earlier.startsWith("storm") ? Number(earlier.slice(5)) : NaN;
  return from !== null && begins < from ? from - begins : null;
}
export interface Asked {
  span: Span; feeder: string; region: string; tier: string; planned: boolean; of: FigureOf; order: IncidentOrder; incident: string;
}
export function queryOf(asked: Asked, more: Record<string, string | number | null> = {}): string {
  const given: Record<string, string | number | null> = {
    from_ms: asked.span.from, until_ms: asked.span.until, feeder: asked.feeder, region: asked.region, tier: asked.tier, planned: asked.planned ? 1 : null, ...more,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== null && value !== "") query.set(name, String(value));
  return query.toString();
}
