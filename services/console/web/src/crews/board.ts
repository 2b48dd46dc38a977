/** How the board is arranged: filtered, sorted, in groups; what work waits; where a job lies on the axis of time. Pure. */
import type { CrewDuty, CrewRow, HazardRow, IncidentRow, Job, Ms } from "../lib/types";
import { OPEN, type Work } from "../incidents/seen";

export const STATES: readonly CrewDuty[] = ["available", "ordered", "enroute", "onSite", "onBreak", "unreachable", "offDuty"];
export const GROUPS = ["depot", "state", "region", "none"] as const;
export type Group = (typeof GROUPS)[number];
export const SORTS = ["id", "state", "until", "hours"] as const;
export type Sort = (typeof SORTS)[number];

export interface Wish {
  words: string;
  states: ReadonlySet<CrewDuty>;
  depot: string;
  skill: string;
  /** At least so many hours of work left; 0: all. */
  hours: number;
  odd: boolean;
  group: Group;
  sort: Sort;
}
export type Item = { kind: "group"; id: string; name: string; crews: number; free: number } | { kind: "crew"; id: string; row: CrewRow };
const HOUR_MS = 3_600_000, FAR = Number.MAX_SAFE_INTEGER;

/** When it is done with what it does now, or there; null: it does nothing. */
export function until(row: CrewRow): Ms | null {
  return row.state === "ordered" || row.state === "enroute" ? (row.arrival_ms ?? row.until_ms) : row.until_ms;
}
const BY: Record<Sort, (one: CrewRow, other: CrewRow) => number> = {
  id: (one, other) => Number(one.visiting) - Number(other.visiting),
  state: (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state),
  until: (one, other) => (until(one) ?? FAR) - (until(other) ?? FAR),
  hours: (one, other) => (other.hours_left_ms ?? -1) - (one.hours_left_ms ?? -1),
};
export function passes(row: CrewRow, wish: Wish): boolean {
  if (wish.states.size && !wish.states.has(row.state)) return false;
  if (wish.depot && row.depot !== wish.depot) return false;
  if (wish.skill && ![...row.skills, ...row.certificates, ...row.kit].includes(wish.skill)) return false;
  if (wish.hours && (row.hours_left_ms ?? 0) < wish.hours * HOUR_MS) return false;
  if (wish.odd && !row.odd.length) return false;
  const words = wish.words.trim().toLowerCase();
  if (!words) return true;
  const text = [row.id, row.home, row.depot, row.device, row.incident, row.guide, ...row.skills, ...row.kit].join(" ").toLowerCase();
  return words.split(/\s+/).every((word) => text.includes(word));
}
export function arrange(rows: Iterable<CrewRow>, wish: Wish): Item[] {
  const groups = new Map<string, CrewRow[]>();
  for (const row of rows) {
    if (!passes(row, wish)) continue;
    const name = wish.group === "none" ? "" : wish.group === "state" ? row.state : wish.group === "region" ? row.region : (row.depot ?? "");
    const found = groups.get(name);
    if (found) found.push(row);
    else groups.set(name, [row]);
  }
  const names = [...groups.keys()].sort((one, other) =>
    wish.group === "state" ? STATES.indexOf(one as CrewDuty) - STATES.indexOf(other as CrewDuty) : Number(one === "") - Number(other === "") || one.localeCompare(other, undefined, { numeric: true }),
  );
  const items: Item[] = [];
  for (const name of names) {
    const crews = groups.get(name)!.sort((one, other) => BY[wish.sort](one, other) || one.id.localeCompare(other.id, undefined, { numeric: true }));
    if (wish.group !== "none") items.push({ kind: "group", id: `group ${name}`, name, crews: crews.length, free: crews.filter((row) => row.state === "available").length });
    for (const row of crews) items.push({ kind: "crew", id: row.id, row });
  }
  return items;
}

const RANK: Record<string, number> = { hazard: 0, lifeSupport: 1, importantOrLarge: 2, important: 2, feeder: 3, lateral: 4, single: 5 };
/** Dangers and incidents that have no crew, in the order in which crews should go. */
export function waiting(incidents: Iterable<IncidentRow>, hazards: Iterable<HazardRow>): Work[] {
  const found: Work[] = [];
  for (const row of hazards) if (row.state === "reported" && !row.crew) found.push({ kind: "hazard", row });
  for (const row of incidents) if (OPEN.has(row.state) && !row.crew && (row.unassigned || row.held)) found.push({ kind: "incident", row });
  const rank = (work: Work) => (work.kind === "hazard" ? 0 : (RANK[work.row.priority] ?? 9));
  const out = (work: Work) => (work.kind === "hazard" ? 0 : work.row.customers_out);
  const since = (work: Work) => (work.kind === "hazard" ? work.row.reported_at_ms : work.row.started_at_ms);
  return found.sort((one, other) => Number(one.row.held) - Number(other.row.held) || rank(one) - rank(other) || out(other) - out(one) || since(one) - since(other));
}
export function workKey(work: Work): string {
  return `${work.kind}:${work.row.id}`;
}

/** The axis of time: four hours back, four ahead. */
export interface Axis { from: Ms; to: Ms; now: Ms }
export const BACK_MS = 4 * HOUR_MS, AHEAD_MS = 4 * HOUR_MS;
export function axisAt(now: Ms): Axis {
  return { from: now - BACK_MS, to: now + AHEAD_MS, now };
}
export interface Block { left: number; width: number; kind: "way" | "work" | "planned" | "over"; job: Job; from: Ms; to: Ms }
/** Where a stretch of time lies on the axis, in percent; null: outside. */
export function place(from: Ms, to: Ms, axis: Axis): { left: number; width: number } | null {
  const begin = Math.max(from, axis.from), end = Math.min(to, axis.to), whole = axis.to - axis.from;
  return end <= begin ? null : { left: (100 * (begin - axis.from)) / whole, width: (100 * (end - begin)) / whole };
}
const ENDED = new Set(["done", "refused", "revoked", "handedOver"]);
/** A job as blocks: the way there, the work, what of it lies ahead. */
export function blocks(route: readonly Job[], axis: Axis): Block[] {
  const found: Block[] = [];
  const add = (kind: Block["kind"], job: Job, from: Ms, to: Ms) => {
    const at = place(from, to, axis);
    if (at) found.push({ ...at, kind, job, from, to });
  };
  for (const job of route) {
    const over = ENDED.has(job.state), end = Math.max(job.until_ms ?? axis.now, job.from_ms);
    if (job.state === "refused" || job.state === "revoked") { add("over", job, job.from_ms, over ? end : axis.now); continue; }
    const past = over ? end : axis.now, there = job.arrived_at_ms ?? past;
    add("way", job, job.from_ms, Math.min(there, past));
    if (job.arrived_at_ms !== null) add("work", job, job.arrived_at_ms, past);
    if (!over && end > axis.now) add("planned", job, axis.now, end);
  }
  return found;
}
export function ticks(axis: Axis): Ms[] {
  const found: Ms[] = [];
  for (let at = Math.ceil(axis.from / HOUR_MS) * HOUR_MS; at <= axis.to; at += HOUR_MS) found.push(at);
  return found;
}
