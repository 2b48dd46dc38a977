/** What of an incident or a danger a decision rests on, and what of it is other now. Pure. */
import type { HazardRow, IncidentRow } from "../lib/types";

export type Work = { kind: "incident"; row: IncidentRow } | { kind: "hazard"; row: HazardRow };
export type Field = "state" | "device" | "crew" | "estimate" | "held" | "order";
export interface Change { field: Field; was: string | number | boolean | null; is: string | number | boolean | null }
type Known = Record<Field, Change["is"]>;

export function known(work: Work): Known {
  const { row } = work;
  return {
    state: row.state, device: row.device, crew: row.crew, held: row.held, order: row.order_state,
    estimate: work.kind === "incident" ? work.row.estimate_ms : null,
  };
}
/** The fields that differ; how many customers are out moves all the time and hinders nobody. */
export function changes(before: Known, after: Known): Change[] {
  return (Object.keys(before) as Field[]).filter((field) => before[field] !== after[field]).map((field) => ({ field, was: before[field], is: after[field] }));
}
/** Where actions on it are sent. */
export function actionsOf(work: Work): string {
  return `/api/${work.kind}s/${encodeURIComponent(work.row.id)}/actions`;
}
/** What binds the plan, or stops it: the cost is shown before it is sent. */
export const OVERRIDES: ReadonlySet<string> = new Set(["forbid", "allow", "first", "notFirst", "secondCrew", "oneCrew", "hold"]);
export const OPEN: ReadonlySet<string> = new Set(["predicted", "confirmed", "partiallyRestored"]);

const EARTH_M = 6_371_000;
export function metres(from: { lon: number; lat: number }, to: { lon: number; lat: number }): number {
  const rad = Math.PI / 180, x = (to.lon - from.lon) * rad * Math.cos(((from.lat + to.lat) / 2) * rad), y = (to.lat - from.lat) * rad;
  return EARTH_M * Math.hypot(x, y);
}
