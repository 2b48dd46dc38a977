/** What the inbox shows and how: kinds, order, which key does what. Pure. */
import type { InboxRow, Right } from "../lib/types";
import type { IconName } from "../ui/Icon.svelte";

export const KINDS = ["report", "parked", "crew", "order", "text", "call"] as const;
export type Kind = (typeof KINDS)[number];
export const ICON: Record<Kind, IconName> = { report: "bolt", parked: "file", crew: "truck", order: "list", text: "text", call: "phone" };
/** The letter of each action. */
export const KEY: Record<string, string> = { place: "p", dismiss: "d", requeue: "r", setAside: "s", acknowledge: "a", callAgain: "c", assignOther: "o", answerText: "w", asReport: "e", handled: "h" };
export const DEED_ICON: Record<string, IconName> = { place: "map", dismiss: "cut", requeue: "play", setAside: "file", acknowledge: "check", callAgain: "phone", assignOther: "truck", answerText: "text", asReport: "bolt", handled: "check" };
export const RIGHT: Record<string, Right> = { requeue: "requeue", setAside: "requeue" };
/** Actions whose usual reason stands in the form already. */
export const PREFILLED = new Set(["acknowledge", "handled", "requeue", "asReport"]);

/** The oldest first. */
export function ordered(rows: Iterable<InboxRow>): InboxRow[] {
  return [...rows].sort((one, other) => one.at_ms - other.at_ms || one.id.localeCompare(other.id));
}
export function countByKind(rows: Iterable<InboxRow>): Record<Kind, number> {
  const found: Record<Kind, number> = { report: 0, parked: 0, crew: 0, order: 0, text: 0, call: 0 };
  for (const row of rows) found[row.kind] += 1;
  return found;
}
/** The customers or devices that a report may be about. */
export function candidates(row: InboxRow): string[] {
  return String(row.facts.candidates ?? "").split(/[\s,]+/).filter(Boolean);
}
/** Facts that the title and the links do not say already. */
const SAID: Record<Kind, readonly string[]> = { report: ["hazard"], parked: ["topic"], crew: ["crew"], order: ["crew"], text: ["phone"], call: ["name"] };
export function facts(row: InboxRow): [string, string | number][] {
  const found: [string, string | number][] = [];
  for (const [name, value] of Object.entries(row.facts)) if (value !== null && value !== "" && !SAID[row.kind].includes(name)) found.push([name, value]);
  return found;
}
