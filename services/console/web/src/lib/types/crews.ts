/** services/console/api_crews.py */
import type { OrderRow } from "./incidents";
import type { CrewDuty } from "./live";
import type { Ms } from "./session";

/** GET /api/crews/costs?incident=ID|hazard=ID -> {costs: Cost[]}, best first: what an assignment would cost. */
export interface Cost {
  crew: string;
  drive_min: number;
  road_km: number;
  arrival_ms: Ms;
  /** Reasons that a dispatcher may overrule, and the one that stands above him (null: it may go). */
  obstacles: string[];
  forbidden: string | null;
  /** What it would leave, and how many customers wait there for it. */
  leaves: { order: string; incident: string | null; hazard: string | null; customers: number; state: string } | null;
  hours_left_after_ms: number | null;
  /** How many minutes later than the quickest crew it would be there. */
  later_than_best_min: number;
  nearest_depot: boolean;
  /** Whether drive_min and road_km are by road, or estimated from the straight line. */
  basis: "road" | "air";
  /** Customer-minutes that the plan loses by it in the next twelve hours; negative: it wins; null: not reckoned. */
  customer_minutes: number | null;
}
/** POST /api/crews/CREW/status {status: "signedOn" | "offDuty" | "onBreak" | "available", why} -> 202.
 *  -> {action, gives_up: order | null}: signing off gives up the order in hand; the rest is 409 orderActive {order} while it has one.
 *  POST /api/crews {crew, home, depot | lon, lat, region, skills, certificates, kit, members, guide, until_ms, why} -> 202 {action, crew}: a visiting crew;
 *  `crew` is its name or its id visit.REGION.NAME, which comes back; said again of one that is here, it changes it. DELETE /api/crews/CREW {why} -> 202 {action}.
 *  POST /api/crews/CREW/link -> {path, expires_at_ms}: opens the crew's phone page once. */
/** GET /api/roads/closures -> {closures: ClosedRoad[], roads_known}. POST {places: {lon, lat}[], within_m, way, region, until_ms, why} -> 202
 *  {action, closures, stretches}: closes what lies along the line, or a way of OpenStreetMap, in one region or in all; 422 noRoadThere.
 *  DELETE /api/roads/closures/CLOSURE {why} -> 202 {action}: opens it again. */
export interface ClosedRoad {
  closure: string;
  region: string;
  places: { lon: number; lat: number }[];
  within_m: number;
  way: number | null;
  by: string;
  why: string;
  since_ms: Ms;
  until_ms: Ms | null;
}
/** GET /api/crew: what a crew's phone shows. ETag/304; the header Lamplighter-Now has the time of the clock also then. */
export interface CrewPhone {
  crew: string;
  state: CrewDuty;
  now_ms: Ms;
  /** How many times real time the clock runs. */
  speed: number;
  time_zone: string;
  on_duty_since_ms: Ms | null;
  /** In whole minutes' milliseconds. */
  hours_left_ms: number | null;
  lon: number;
  lat: number;
  place_at_ms: Ms | null;
  depot: { id: string; lon: number; lat: number } | null;
  order: (OrderRow & { incident: string | null; hazard: string | null; device: string | null; device_class: string; device_number: string;
    lon: number; lat: number; customers_out: number; life_support: number; important: number; started_at_ms: Ms | null; feeder: string; region: string; sent_because: string; notes: string[] }) | null;
  hazards: { id: string; kind: string; lon: number; lat: number; metres: number }[];
  /** Lines near the goal for the map: [lon, lat, lon, lat, out] each. */
  lines: [number, number, number, number, boolean][];
  devices_near: { id: string; device_class: string; device_number: string; metres: number }[];
  causes: { code: string; group: string; words: string }[];
}
/** POST /api/crew/reports: list of these, each taken once by its id; answer CrewHeard. `status`: what a crew says (signedOn, ..., done), or
 *  "hazard" with `hazard`. 403 notYourOrder {id}: one is about another crew's order, nothing was taken. */
export interface CrewHeard {
  taken: string[];
  /** Of these the time made no sense and was replaced by now. */
  retimed: string[];
  refused: { id: string; code: string }[];
}
export interface CrewSays {
  id: string;
  at_ms: Ms;
  status: string;
  order: string | null;
  lon?: number; lat?: number; found?: string; cause?: string; estimate_ms?: Ms; skill?: string; material?: string; why?: string;
  hazard?: "wireDown" | "fire" | "sparking" | "poleDown" | "treeOnLine" | "other";
}
