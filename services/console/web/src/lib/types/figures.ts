/** services/console/api_figures.py */
import type { Ms } from "./session";

/** Query of all of them: from_ms, until_ms, feeder, region, tier, planned=0|1, and as_of_ms: so that several answers speak of one moment.
 *  503 tooMuch: too many ask, or the answer takes too long. GET /api/figures: `out` are the customers out at that moment, whenever it began;
 *  `restored` are sustained interruptions of the period that are over; `incidents` are those that began in it. */
export interface Figures {
  from_ms: Ms | null; until_ms: Ms; as_of_ms: Ms; served: number; out: number; restored: number; incidents: number;
  indices: { saifi: number; saidi_min: number; caidi_min: number; caifi: number; ctaidi_min: number; asai: number; maifi: number };
  totals: { interruptions: number; customer_ms: number; interrupted: number; momentary: number };
  times: { moment: string; incidents: number; p50_s: number | null; p90_s: number | null; p95_s: number | null; longest_s: number | null }[];
}
/** GET /api/figures/series?bucket_ms=&shift_ms= : the period cut into buckets, and the same earlier by `shift_ms`. `at_ms` is where each bucket
 *  ends; the values go as far as buckets have begun, so `now` may be shorter than `before`. All minutes together are the figure. */
export interface Series { bucket_ms: number; shift_ms: number | null; at_ms: Ms[]; now: SeriesValues; before: SeriesValues | null }
export interface SeriesValues { customers_out: number[]; customer_min: number[]; interruptions: number[]; incidents_open: number[]; restored: number[] }
/** GET /api/figures/feeders -> {feeders: FeederFigures[]} */
export interface FeederFigures { feeder: string; name: string; region: string; served: number; interruptions: number; customer_min: number; saifi: number; saidi_min: number; caidi_min: number; incidents: number; longest_s: number | null }
/** Which interruptions stand behind a number: `of` in the query of /incidents and /behind. */
export type FigureOf = "sustained" | "restored" | "momentary" | "out" | "all";
/** GET /api/figures/incidents?of=&order=&offset=&limit= -> IncidentsPage: all pages and `others` add up to the figures.
 *  `in_period`: it began in the period. `interruptions` began under it, `customers` are all whom it held, `customer_min` how long. */
export interface IncidentTimes {
  incident: string; feeder: string; device: string; state: string; cause: string | null; in_period: boolean; customers: number; interruptions: number; customer_min: number;
  started_at_ms: Ms; defined_at_ms: Ms | null;
  dispatched_at_ms: Ms | null; arrived_at_ms: Ms | null; restored_at_ms: Ms | null; first_estimate_ms: Ms | null; last_estimate_ms: Ms | null; estimates: number; error_min: number | null;
}
export interface IncidentsPage { total: number; incidents: IncidentTimes[]; others: OtherHolder[] }
export type IncidentOrder = "customer_min" | "customers" | "started" | "lasted" | "error";
export interface OtherHolder { kind: string; customers: number; interruptions: number; customer_min: number }
/** GET /api/figures/estimates -> how estimates fared: bins of (actual - first estimate) in minutes, share late by > 30 min, median absolute error; `changes` after the first. */
export interface Estimates { incidents: number; late_share: number | null; median_error_min: number | null; changes: number; intervals: number; within_share: number | null; bins: { from_min: number | null; until_min: number | null; incidents: number }[] }
/** GET /api/figures/calibration -> how far probabilities of hypotheses can be believed, over restored incidents of which somebody saw what had failed:
 *  in how many that device was ranked first just before, named at all, and ranked first in the first ranking; bins of all hypotheses, `said` at the mean. */
export interface Calibration {
  incidents: number; ranked_first: number; named: number; ranked_first_at_first: number; mean_of_true: number | null;
  bins: { from_percent: number; until_percent: number; hypotheses: number; true: number; said: number | null }[];
}
/** GET /api/figures/behind?of=&incident=&offset=&limit= -> BehindPage: the customer-seconds behind a figure. */
export interface Behind { interruption: string; customer: string; feeder: string; tier: string; start_ms: Ms; end_ms: Ms | null; counted_ms: number; sustained: boolean; planned: boolean; basis: string; holder: string }
export interface BehindPage { total: number; counted_ms: number; rows: Behind[] }
/** GET /api/figures/storms -> {as_of_ms, storms: Storm[]}: runs of incidents without six hours between two, the latest first. */
export interface Storm { from_ms: Ms; until_ms: Ms | null; incidents: number }
/** GET /api/figures/FILE.csv?same query&language=en|zh: incidents.csv, feeders.csv, customers.csv, series.csv (right export). */
