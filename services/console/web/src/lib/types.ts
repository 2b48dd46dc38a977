/** What the console's server and its pages say to each other. Times are milliseconds since the epoch, of the installation's clock. */
export type Ms = number;
export type Role = "viewer" | "dispatcher" | "operations" | "administrator" | "crew";
export type Right = "look" | "act" | "personal" | "figures" | "export" | "requeue" | "administer" | "crew" | "drill";

/** GET /api/session, and the answer to POST /api/session {user, password} and POST /api/crew/enter {token}. */
export interface Session {
  user: string;
  name: string;
  role: Role;
  rights: Right[];
  crew: string | null;
  exercise: boolean;
  version: string;
  utility: { name: string; time_zone: string; attribution: string; version: number } | null;
  must_change_password: boolean;
}

/** Every error: stable code, detail for people, and what belongs to the code. */
export interface Refusal {
  error: { code: string; detail: string; [more: string]: unknown };
}

// ------------------------------------------------------------------------------------------------ live (api_live.py)
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
  saidi_min: number;
  saifi: number;
  caidi_min: number;
  /** The database was restored: no text and no call leaves until that is released. */
  held: boolean;
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
  /** Reason codes of what is odd about it: unanswered, overdue, silent, jumped. */
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
  /** What may be done, codes: place, dismiss, requeue, setAside, acknowledge, callAgain, assignOther, answer, asReport, handled. */
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

// --------------------------------------------------------------------------------------- network (api_network.py)
/** GET /api/network, cached by ETag; columns side by side. */
export interface Grid {
  version: number;
  name: string;
  attribution: string;
  bounds: [number, number, number, number];
  lon: number[];
  lat: number[];
  feeders: { id: string; name: string; substation: string; region: string; lon: number; lat: number }[];
  /** kind: 0 mv_line, 1 lv_line, 2 service, 3 switch, 4 transformer, 5 regulator. from, to, feeder are indices. */
  branches: { id: string[]; kind: number[]; from: number[]; to: number[]; feeder: number[]; normally_closed: number[] };
  depots: { id: string; name: string; region: string; lon: number; lat: number }[];
}
/** GET /api/search?q=WORDS -> {found: Found[]}, best first, at most 30. */
export interface Found {
  kind: "incident" | "hazard" | "customer" | "account" | "pole" | "device" | "crew" | "feeder" | "depot" | "place";
  id: string;
  title: string;
  detail: string;
  lon: number | null;
  lat: number | null;
  incident: string | null;
}
/** GET /api/devices/DEVICE */
export interface DeviceDetail {
  id: string;
  device_class: string;
  device_number: string;
  feeder: string;
  region: string;
  area: string;
  lon: number;
  lat: number;
  closed: boolean | null;
  normally_closed: boolean | null;
  telemetered: boolean;
  customers: number;
  parent: string | null;
  children: string[];
  incident: string | null;
  window: string | null;
}

// ------------------------------------------------------------------------------------- incidents (api_incidents.py)
export interface TimelineRow {
  at_ms: Ms;
  /** fact: heard from outside; decision: of a stage, with its reason; action: of a person. */
  kind: "fact" | "decision" | "action" | "text" | "call" | "order" | "remark";
  subject_kind: string;
  subject: string;
  became: string;
  reason: string;
  /** fact: crew, user or source; decision: the stage; action and remark: the person's name. */
  by: string | null;
  /** fact of reports, text: how many reports or texts the row stands for; otherwise what was written. An action's `became` is its kind and its state. */
  words: string;
  /** Ids of the facts that it rests on (at most 20), and how many of them there are; text: how many customers. */
  facts: string[];
  facts_total: number;
}
/** What could have failed instead; the first one is what is taken to have failed. `explained` of `heard`; `silent` speak against it. */
export interface Hypothesis {
  device: string;
  device_class: string;
  device_number: string;
  customers: number;
  heard: number;
  explained: number;
  silent: number;
  restored: number;
  chosen: boolean;
  probability: number | null;
  /** chosen, powerBehind (restored), leavesReports (explained of heard), silenceBehind (silent), tooFewHeard, anotherOut, explainsAsMuch: its numbers stand beside it. */
  why: string;
}
export interface ActionRow {
  id: string;
  at_ms: Ms;
  by: string;
  by_name: string;
  kind: ActionKind | string;
  subject_kind: string;
  subject: string;
  why: string;
  said: Record<string, unknown>;
  /** sent: on its way; done: decided, with the reason; refused: decided, without effect, with the reason; undone. */
  state: "sent" | "done" | "refused" | "undone";
  reason: string;
  undoable: boolean;
}
export interface OrderRow {
  order: string; crew: string; state: string; reason: string; work: string; priority: string; attempt: number; assists: string | null;
  pinned: boolean; sent_at_ms: Ms; accepted_at_ms: Ms | null; enroute_at_ms: Ms | null; arrived_at_ms: Ms | null; ended_at_ms: Ms | null;
  arrival_ms: Ms | null; completion_ms: Ms | null; found: string | null; cause: string | null;
}
export interface TextRow { key: string; moment: string; customer: string; customers: number; phone: string; state: string; reason: string; at_ms: Ms; estimate_ms: Ms | null }
/** GET /api/incidents/ID */
export interface IncidentDetail {
  /** When it was read: the `seen_at_ms` of an action. */
  now_ms: Ms;
  incident: IncidentRow;
  timeline: TimelineRow[];
  timeline_total: number;
  hypotheses: Hypothesis[];
  customers: { total: number; out: number; restored: number; life_support: number; by_tier: Record<string, number> };
  orders: OrderRow[];
  texts: { total: number; by_state: Record<string, number>; rows: TextRow[] };
  calls: { account: string; name: string; outage: string; state: string; calls: number; acknowledged_by: string | null }[];
  hazards: HazardRow[];
  nested: string[];
  actions: ActionRow[];
}
/** A report of a danger, and who named which place. Without the right `personal`, `phone` is masked and `words` null, as where nothing was said. */
export interface HazardReport {
  id: string; at_ms: Ms; customer: string | null; account: string | null; pole: string | null; device: string | null;
  lon: number; lat: number; phone: string | null; words: string | null;
}
/** GET /api/hazards/ID; `timeline` and `before` in the query as of an incident. */
export interface HazardDetail {
  now_ms: Ms;
  hazard: HazardRow;
  incident: IncidentRow | null;
  timeline: TimelineRow[];
  timeline_total: number;
  /** The last of them; `hazard.reports` says how many there are. */
  reports: HazardReport[];
  orders: OrderRow[];
  actions: ActionRow[];
}
/** GET /api/incidents/ID/customers?offset=&limit= -> {total, rows}: life support first, then tier, then id. */
export interface CustomerRow {
  customer: string; tier: string; life_support: boolean; account: string | null; out_since_ms: Ms; restored_at_ms: Ms | null;
  device: string; heard: boolean; phone: string; texted: string | null;
}
export type ActionKind =
  | "confirm" | "split" | "merge" | "reject" | "estimate" | "cause" | "note" | "hold" | "release" | "assign" | "revoke" | "dismissHazard" | "deviceState";
/** POST /api/incidents/ID/actions and /api/hazards/ID/actions, 202 {action: ActionRow}; /api/devices/ID/state {position, why, seen: 0}.
 *  409 changedMeanwhile {by, at_ms, what, revision}: somebody, or a decision, changed it since `seen`. 422 whyMissing, invalid, unknownDevice, ... */
export interface ActionAsked {
  kind: ActionKind;
  seen: number;
  /** now_ms of the sheet or detail that the person looked at: what others did since then is a conflict, also where it left `revision` as it was (hold, assign). */
  seen_at_ms?: Ms;
  why: string;
  device?: string;
  into?: string;
  estimate_ms?: Ms;
  cause?: string;
  words?: string;
  crew?: string;
  order?: string;
}
/** POST /api/actions/ID/undo {why} -> 202 {action: ActionRow}. GET /api/actions/ID -> ActionRow. GET /api/causes -> {causes: {code, group, words}[]}.
 *  POST with the header Idempotency-Key: the same request again has the same answer. */
/** POST /api/inbox/ID/actions (ID percent-encoded) -> 202 {action: ActionRow}. `place` takes customer or device, `assignOther` may take crew. 409 handledAlready {by, at_ms, what}. */
export interface InboxAsked {
  action: string;
  why: string;
  customer?: string;
  device?: string;
  crew?: string;
}

// ------------------------------------------------------------------------------------------- crews (api_crews.py)
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
}
/** POST /api/crews/CREW/status {status: "signedOn" | "offDuty" | "onBreak" | "available", why} -> 202.
 *  -> {action, gives_up: order | null}: signing off gives up the order in hand; the rest is 409 orderActive {order} while it has one.
 *  POST /api/crews {crew, home, depot | lon, lat, region, skills, certificates, kit, members, guide, until_ms, why} -> 202 {action, crew}: a visiting crew;
 *  `crew` is its name or its id visit.REGION.NAME, which comes back; said again of one that is here, it changes it. DELETE /api/crews/CREW {why} -> 202 {action}.
 *  POST /api/crews/CREW/link -> {path, expires_at_ms}: opens the crew's phone page once. */
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

// --------------------------------------------------------------------------------------- figures (api_figures.py)
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
export interface Estimates { incidents: number; late_share: number | null; median_error_min: number | null; changes: number; bins: { from_min: number | null; until_min: number | null; incidents: number }[] }
/** GET /api/figures/behind?of=&incident=&offset=&limit= -> BehindPage: the customer-seconds behind a figure. */
export interface Behind { interruption: string; customer: string; feeder: string; tier: string; start_ms: Ms; end_ms: Ms | null; counted_ms: number; sustained: boolean; planned: boolean; basis: string; holder: string }
export interface BehindPage { total: number; counted_ms: number; rows: Behind[] }
/** GET /api/figures/storms -> {as_of_ms, storms: Storm[]}: runs of incidents without six hours between two, the latest first. */
export interface Storm { from_ms: Ms; until_ms: Ms | null; incidents: number }
/** GET /api/figures/FILE.csv?same query&language=en|zh: incidents.csv, feeders.csv, customers.csv, series.csv (right export). */

// ------------------------------------------------------------------------------------------- admin (api_admin.py)
/** Times of users and sessions are real time, not the installation's clock. */
export interface UserRow { user: string; name: string; role: Role; disabled: boolean; must_change_password: boolean; locked_until_ms: Ms | null; last_seen_ms: Ms | null; sessions: number }
/** `password`: one that was drawn, told this once. */
export interface UserAnswer { user: UserRow; password: string | null }
export interface SessionRow { id: string; user: string; role: Role; crew: string | null; opened_at_ms: Ms; seen_at_ms: Ms; expires_at_ms: Ms; agent: string; current: boolean }
export interface KeyRow { key_id: string; name: string; scopes: string[]; account: string | null; revoked: boolean }
/** GET /api/admin/users -> {users: UserRow[]}; POST {user, name, role, why?} -> 201 UserAnswer; PATCH /api/admin/users/USER {name?, role?, disabled?, unlock?,
 *  new_password?, why?} -> UserAnswer. GET /api/admin/sessions -> {sessions: SessionRow[]}; DELETE /api/admin/sessions/ID?why= -> 204.
 *  GET /api/admin/keys -> {keys: KeyRow[], scopes: string[]}; POST {name, scopes, account, why?} -> 201 {key} once; DELETE /api/admin/keys/ID?why= -> 204.
 *  GET /api/admin/actions?user=&subject=&kind=&before_ms=&before_id=&limit= -> {actions: ActionRow[], more}: `more` is the before_id of the next page. */

// ------------------------------------------------------------------------------------------- drill (api_drill.py)
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
