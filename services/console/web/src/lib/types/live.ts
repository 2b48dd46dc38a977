/** services/console/api_live.py */
import type { Ms } from "./session";

/** GET /api/live, server-sent events. `beat` every 2 s and `moved` at every change carry this. `versions` by sheet. */
export interface Beat {
  stream: string;
  epoch: string;
  now_ms: Ms;
  speed: number;
  /** How long ago the database was last read, in real milliseconds; grows while it is away. */
  read_age_ms: number;
  versions: Record<SheetName, number>;
}
/** GET /api/sheets/NAME?epoch=E&since=V: whole when the epoch differs or `since` is too old. */
export interface Sheet<Row> {
  epoch: string;
  version: number;
  now_ms: Ms;
  whole: boolean;
  rows: Row[];
  gone: string[];
}
export type SheetName = "summary" | "incidents" | "hazards" | "crews" | "network" | "inbox" | "presence";

/** One row, id "summary". */
export interface SummaryRow {
  id: string;
  customers_served: number;
  customers_out: number;
  customers_planned: number;
  life_support_out: number;
  incidents_open: number;
  hazards_open: number;
  crews_busy: number;
  crews_on_duty: number;
  texts_sent: number;
  texts_failed: number;
  calls_open: number;
  inbox: number;
  parked: number;
  /** Seconds of event time between the newest fact heard and the newest fact decided. */
  lag_s: number;
  /** Seconds of event time between the clock and the newest report taken, while reports wait to be taken. */
  intake_lag_s: number;
  saidi_min: number;
  saifi: number;
  caidi_min: number;
  /** The database was restored: no text and no call leaves until that is released. */
  held: boolean;
  /** Stops of texts that hold; incident null: of all. */
  text_stops: { incident: string | null; since_ms: Ms; by: string; why: string }[];
  /** Broadcasts that wait for a second person. */
  broadcasts_asked: number;
}

export type IncidentState = "predicted" | "confirmed" | "partiallyRestored" | "restored" | "closed" | "merged" | "dismissed";
/** What happens next, decided by one pure rule on the server; `next_why` is a reason code. */
export type Next =
  | "sendCrew" | "crewAnswers" | "crewArrives" | "crewAssesses" | "crewRepairs" | "verifyRestoration" | "waitsForMaterial"
  | "held" | "upstreamFirst" | "windowEnds" | "dangerFirst" | "close" | "nothing";

export interface IncidentRow {
  id: string;
  device: string;
  device_class: string;
  device_number: string;
  feeder: string;
  region: string;
  area: string;
  lon: number;
  lat: number;
  state: IncidentState;
  reason: string;
  basis: string;
  /** Changes with every decision about it; an action names the one that the dispatcher saw. */
  revision: number;
  changed_at_ms: Ms;
  opened_at_ms: Ms;
  started_at_ms: Ms;
  estimate_ms: Ms | null;
  restored_at_ms: Ms | null;
  customers_out: number;
  heard: number;
  life_support: number;
  important: number;
  /** Hotline accounts among those who are out. */
  accounts: number;
  upstream: string | null;
  merged_into: string | null;
  fixed: boolean;
  /** Those that it took out; empty: it is not of single phases. */
  phases: string;
  /** The reason that speaks against what a dispatcher said has failed. */
  contradicted: string | null;
  priority: string;
  order: string | null;
  order_state: string | null;
  crew: string | null;
  arrival_ms: Ms | null;
  held: boolean;
  cause: string | null;
  remarks: number;
  next: Next;
  next_at_ms: Ms | null;
  next_why: string;
  /** predicted: it may be another device. */
  uncertain: boolean;
  /** It needs a crew and has none; not so while it is verified that the repair helped. */
  unassigned: boolean;
  overdue: boolean;
}

export interface HazardRow {
  id: string;
  kind: string;
  state: "reported" | "madeSafe" | "dismissed";
  reason: string;
  revision: number;
  lon: number;
  lat: number;
  area: string;
  region: string;
  device: string | null;
  incident: string | null;
  reports: number;
  reported_at_ms: Ms;
  changed_at_ms: Ms;
  ended_at_ms: Ms | null;
  crew: string | null;
  order: string | null;
  order_state: string | null;
  arrival_ms: Ms | null;
  held: boolean;
  next: Next;
  next_at_ms: Ms | null;
  next_why: string;
}

export type CrewDuty = "available" | "ordered" | "enroute" | "onSite" | "onBreak" | "offDuty" | "unreachable";
export interface Job {
  order: string;
  incident: string | null;
  hazard: string | null;
  device: string | null;
  work: "repair" | "makeSafe" | "assist";
  state: string;
  from_ms: Ms;
  arrived_at_ms: Ms | null;
  until_ms: Ms | null;
}
export interface CrewRow {
  id: string;
  depot: string | null;
  region: string;
  state: CrewDuty;
  /** Reason code of what it last did. */
  reason: string;
  order: string | null;
  order_state: string | null;
  incident: string | null;
  hazard: string | null;
  device: string | null;
  work: string | null;
  goal_lon: number | null;
  goal_lat: number | null;
  lon: number;
  lat: number;
  /** When it was last heard where it is; null: taken to be at its depot. */
  place_at_ms: Ms | null;
  arrival_ms: Ms | null;
  until_ms: Ms | null;
  on_duty_since_ms: Ms | null;
  shift_ends_ms: Ms | null;
  /** Milliseconds of work left before its rest; null while it is not on duty. */
  hours_left_ms: number | null;
  skills: string[];
  certificates: string[];
  kit: string[];
  members: number;
  visiting: boolean;
  home: string;
  guide: string | null;
  /** Reason codes of what is odd about it: unanswered, overdue, silent, jumped, noClearance, clearanceHeld. */
  odd: string[];
  /** Jobs of the last 12 hours, and the one it has, oldest first: the bar of its route. */
  route: Job[];
}

/** A branch that is not fed as it normally is (`branch` counts in Grid.branches), or a switch that does not stand normally. */
export interface NetworkRow {
  id: string;
  branch: number | null;
  state: "out" | "uncertain" | "planned" | "tieFed" | "open" | "closed";
  incident: string | null;
  window: string | null;
  /** The feeder that feeds it now, of tieFed. */
  feeder: string | null;
}

export interface InboxRow {
  id: string;
  kind: "report" | "parked" | "crew" | "order" | "text" | "call";
  at_ms: Ms;
  /** Why it is here, a reason code. */
  reason: string;
  subject: string;
  /** What there is to read, by name: words, phone (masked without the right), device, crew, topic, candidates, ... */
  facts: Record<string, string | number | null>;
  lon: number | null;
  lat: number | null;
  incident: string | null;
  /** What may be done, codes: place, dismiss, requeue, setAside, acknowledge, callAgain, assignOther, answerText, asReport, handled. */
  actions: string[];
}

/** Who looks at which incident or danger now, one row a tab. */
export interface PresenceRow {
  id: string;
  user: string;
  name: string;
  incident: string | null;
  hazard: string | null;
  /** What is being typed there: the kind of the open form, if one is. */
  doing: string | null;
  since_ms: Ms;
}
/** POST /api/presence {stream, incident?, hazard?, doing} */
