/** How things look on the map: every state has a pattern or a shape of its own beside its colour. */
import { colour } from "../lib/theme.svelte";
import type { CrewDuty } from "../lib/types";
import type { Fed } from "./grid";

const NAMES = ["map-ground", "map-mv", "map-lv", "map-halo", "panel", "ink", "ink-soft", "line", "line-strong", "accent", "on-accent", "bad", "bad-soft", "warn", "warn-soft", "good", "good-soft", "plan", "plan-soft", "tie", "focus"] as const;
export type Colours = Record<(typeof NAMES)[number], string> & { font: string };
export function colours(): Colours {
  return { ...Object.fromEntries(NAMES.map((name) => [name, colour(name)])), font: colour("font") || "sans-serif" } as Colours;
}

export interface Line { colour: keyof Colours; width: number; dash: number[]; double?: boolean }
/** Below: solid. Out: long dashes; uncertain: dots; planned work: dash and dot; fed by a tie: a double line. */
export const LINES: Record<Fed, Line> = {
  planned: { colour: "plan", width: 3, dash: [11, 4, 2, 4] },
  tieFed: { colour: "tie", width: 5, dash: [], double: true },
  uncertain: { colour: "warn", width: 3.5, dash: [2.5, 4.5] },
  out: { colour: "bad", width: 4, dash: [10, 4] },
};
export const ORDER: Fed[] = ["planned", "tieFed", "uncertain", "out"];

/** Metres of the map for each pixel below which more is drawn. */
export const SHOWN = { lv: 60, service: 5, transformers: 14, switches: 28, numbers: 3.2 } as const;

export const CREW: Record<CrewDuty, { ground: keyof Colours; ink: keyof Colours; edge: keyof Colours }> = {
  available: { ground: "panel", ink: "good", edge: "good" },
  ordered: { ground: "panel", ink: "accent", edge: "accent" },
  enroute: { ground: "accent", ink: "on-accent", edge: "accent" },
  onSite: { ground: "good", ink: "panel", edge: "good" },
  onBreak: { ground: "panel", ink: "ink-soft", edge: "line-strong" },
  offDuty: { ground: "panel", ink: "ink-soft", edge: "line" },
  unreachable: { ground: "panel", ink: "bad", edge: "bad" },
};
/** The sign of a crew's state, drawn in a box of 12 around its centre, by strokes. */
export const CREW_SIGN: Record<CrewDuty, readonly (readonly [number, number])[][]> = {
  available: [[[-4, 0], [-1, 3], [4, -3]]],
  ordered: [[[-4, -1], [-4, 1]], [[0, -1], [0, 1]], [[4, -1], [4, 1]]],
  enroute: [[[-2, -4], [3, 0], [-2, 4]]],
  onSite: [[[-3, 4], [2, -1]], [[0, -3], [4, 1]], [[-1, -2], [3, 2]]],
  onBreak: [[[-2, -4], [-2, 4]], [[2, -4], [2, 4]]],
  offDuty: [[[-4, 0], [4, 0]]],
  unreachable: [[[-3, -3], [3, 3]], [[3, -3], [-3, 3]]],
};

export function radius(customers: number): number {
  return Math.min(30, 9 + 1.15 * Math.sqrt(Math.max(0, customers)) ** 0.9);
}
/** 7, 940, 1.2k, 15k */
export function brief(value: number): string {
  return value < 1_000 ? String(value) : value < 9_950 ? `${(value / 1_000).toFixed(1)}k` : `${Math.round(value / 1_000)}k`;
}
