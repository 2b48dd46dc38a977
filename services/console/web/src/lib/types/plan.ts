/** services/console/api_plan.py */
import type { Ms } from "./session";

export type DispatchMode = "nearest-depot" | "plan" | "advise";
/** What the plan said last of a piece of work, and the numbers it rested on: `customers` are back at `done_ms`; the work `ahead` is done before,
 *  `behind` after it: the nearer of these brings `others` customers back at `others_done_ms`. */
export interface Because {
  at_ms: Ms; crew: string; rank: number; arrival_ms: Ms; done_ms: Ms; customers: number; reason: string; ahead: string | null; behind: string | null;
  others: number | null; others_done_ms: Ms | null; others_incident: string | null; others_hazard: string | null;
}
interface AboutWork { job: string; incident: string | null; hazard: string | null; device: string | null; customers: number }
/** Work of a crew in its order; state null: planned only; drive_ms null: it is there. */
export interface Stop extends AboutWork { work: string; state: string | null; pinned: boolean; first: boolean; drive_ms: Ms | null; arrival_ms: Ms; done_ms: Ms; because: Because | null }
/** `kept`: the rule that keeps it from any work now. */
export interface CrewRoute { crew: string; depot: string; state: string; kept: string | null; stops: Stop[] }
export interface WaitingWork extends AboutWork {
  work: string; since_ms: Ms; crew: string | null; arrival_ms: Ms | null; done_ms: Ms | null; why: string[]; held: boolean; first: boolean; second: boolean; forbidden: string[]; because: Because | null;
}
export interface Proposal extends AboutWork { crew: string; arrival_ms: Ms; done_ms: Ms }
/** GET /api/dispatch/REGION/plan. A proposal is accepted by the action `assign`. POST /api/dispatch/REGION/mode {mode | null, why} changes the mode. */
export interface PlanShown { now_ms: Ms; region: string; mode: DispatchMode; storm: boolean; crews: CrewRoute[]; waiting: WaitingWork[]; proposals: Proposal[] }
/** GET /api/dispatch/why?incident=ID|hazard=ID */
export interface Why {
  now_ms: Ms; region: string; job: string; state: "waiting" | "ordered" | "done" | "over"; crew: string | null; arrival_ms: Ms | null; done_ms: Ms | null; why: string[];
  held: boolean; first: boolean; second: boolean; forbidden: string[]; because: Because | null;
}
/** POST /api/dispatch/REGION/what-if -> Comparison. Nothing is changed by it. */
export interface WhatIf { kind: "crews" | "depotClosed" | "first" | "hold" | "secondCrew" | "assign" | "forbid"; crews?: number; depot?: string; crew?: string; incident?: string; hazard?: string }
/** Customer-minutes without power in the next twelve hours. */
export interface PlanSide { customer_minutes: number; customers_without_crew: number; hazards_late: number; crews: number }
export interface Goal { job: string; incident: string | null; hazard: string | null; customers: number }
export interface Comparison {
  before: PlanSide; after: PlanSide; orders: { crew: string; before: Goal | null; after: Goal | null }[]; shifted: { goal: Goal; before_ms: Ms | null; after_ms: Ms | null; minutes: number }[];
}
/** GET /api/dispatch/rules -> {regions: {region, rules}[]} */
export interface RegionRules { region: string; rules: { mode: DispatchMode } }
