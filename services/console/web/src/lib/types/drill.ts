/** services/console/api_drill.py */
import type { Ms } from "./session";

/** GET /api/drill. POST /api/drill/clock {speed}, /api/drill/breakages {kind: kill | cut, part}, /api/drill/calls {customer}. */
export interface Exercise {
  storm: string; seed: number; utility: string; speed: number; over_ms: Ms; made: string[];
  parts: { part: string; state: string; restarts: number; since_s: number }[];
  breakages: { number: number; kind: "kill" | "cut"; part: string; state: "wished" | "broken" | "mended" | "refused"; ago_s: number }[];
  compared: { faults: number; faults_open: number; hazards_open: number; customers_out_true: number; customers_out_known: number };
}
/** GET /api/drill/phones?q= -> {phones}; GET /api/drill/phones/PHONE -> {texts}; POST /api/drill/phones/PHONE {words}. */
export interface Handset { phone: string; customers: string[]; texts: number; last_ms: Ms | null; out: boolean }
export interface HandsetText { ours: boolean; words: string; at_ms: Ms; outcome: string }
/** GET /api/drill/accounts -> {accounts}; POST .../ACCOUNT/reports {customer}, .../ACCOUNT/acknowledgements {outage}. */
export interface DrillAccount {
  account: string; name: string; premises: string[];
  outages: { outage: string; customer: string; since_ms: Ms; state: string; incident: string | null; estimate_ms: Ms | null; crew: string | null; arrival_ms: Ms | null }[];
  calls: { at_ms: Ms; said: string; outage: string; acknowledged: boolean }[];
}
/** GET /api/drill/truth */
export interface Truth {
  faults: { fault: string; device: string; nested_in: string | null; strikes_at_ms: Ms; repaired_at_ms: Ms | null; incident: string | null }[];
  hazards: { hazard: string; kind: string; lon: number; lat: number; appeared_at_ms: Ms }[];
}
