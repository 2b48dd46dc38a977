/** services/console/api_incidents.py */
import type { HazardRow, IncidentRow } from "./live";
import type { Ms } from "./session";

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
/** A device as people name it. */
export interface NamedDevice { device: string; device_class: string; device_number: string }
/** What speaks for a hypothesis or against it: a code of services/outages/arguing.py with its numbers, and another device that it speaks of. */
export interface Argument { code: string; side: "for" | "against"; numbers: Record<string, number>; device: NamedDevice | null }
/** What may have failed, the likeliest first. `chosen`: the incident names it. Without a probability it is named because of where it lies. */
export interface Hypothesis extends NamedDevice { customers: number; chosen: boolean; probability: number | null; arguments: Argument[] }
/** What was believed from a time on, the likeliest first. */
export interface Belief { at_ms: Ms; ranked: (NamedDevice & { probability: number })[] }
/** What had failed, who said so first at that time, and what was believed of it before: in the last ranking, and in the first. Rank null: it was not named. */
export interface Score extends NamedDevice {
  known_by: "crew" | "dispatcher" | "telemetry"; known_at_ms: Ms; probability: number; rank: number | null; first_probability: number; first_rank: number | null;
}
/** When power is expected back: in eight cases of ten from low to high, null where too little is known of the past; what the promise rests on. */
export interface Restoration {
  basis: "device" | "arrival" | "learnt" | "crew" | "dispatcher"; low_ms: Ms | null; median_ms: Ms | null; high_ms: Ms | null;
  stage: "waiting" | "planned" | "ordered" | "onSite" | "repaired" | null; rests_on: number | null; changes: number;
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
/** GET /api/incidents/ID */
export interface IncidentDetail {
  /** When it was read: the `seen_at_ms` of an action. */
  now_ms: Ms;
  incident: IncidentRow;
  timeline: TimelineRow[];
  timeline_total: number;
  hypotheses: Hypothesis[];
  /** How the ranking moved, the last one first. */
  beliefs: Belief[];
  /** Once power is back, where somebody saw what had failed. */
  score: Score | null;
  restoration: Restoration | null;
  customers: { total: number; out: number; restored: number; life_support: number; by_tier: Record<string, number> };
  orders: OrderRow[];
  texts: { total: number; by_state: Record<string, number> };
  calls: { account: string; name: string; outage: string; state: string; calls: number; acknowledged_by: string | null }[];
  hazards: HazardRow[];
  nested: string[];
  actions: ActionRow[];
}
/** Active customers: in all, who depend on power to live, and by tier. */
export interface People { customers: number; life_support: number; residential: number; commercial: number; important: number; large: number }
/** Of what would carry more than normally, the branch that is nearest to its rating, A or kVA; `unrated`: how many have no rating. */
export interface SwitchingLimit { reason: string; branch: string | null; load: number; rated: number; unit: string; unrated: number }
/** A step that remains; `after` are the numbers of those that go before. */
export interface SwitchingStep {
  number: number; action: "open" | "verify" | "close"; devices: NamedDevice[]; reason: string; after: number[];
  brings_back: People; in_all: People; by_hand: boolean; limit: SwitchingLimit | null;
}
/** GET /api/incidents/ID/switching?behind= : from how the grid stands now. A step is done by POST /api/devices/ID/state. */
export interface Switching {
  now_ms: Ms;
  incident: string;
  device: NamedDevice;
  reason: string;
  /** Where the fault may lie, by the device that feeds the section; `restorable`: who comes back then, null where it was not reckoned. */
  sections: { behind: NamedDevice; length_m: number; chosen: boolean; restorable: People | null }[];
  /** What was told since the fault, in its order. */
  done: { device: NamedDevice; closed: boolean; at_ms: Ms; brings_back: People; in_all: People }[];
  steps: SwitchingStep[];
  restorable: People;
  left_out: { reason: string; people: People }[];
  refused: { device: NamedDevice; reason: string; limit: SwitchingLimit | null }[];
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
  | "confirm" | "split" | "merge" | "reject" | "estimate" | "cause" | "note" | "hold" | "holdForSafety" | "release" | "assign" | "forbid" | "allow" | "first" | "notFirst" | "secondCrew" | "oneCrew" | "revoke" | "giveClearance" | "endClearance"
  | "dismissHazard" | "deviceState";
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
/** POST /api/inbox/ID/actions (ID percent-encoded) -> 202 {action: ActionRow}. `place` takes customer or device, `assignOther` may take crew, `answerText` takes words and why may be empty. 409 handledAlready {by, at_ms, what}. */
export interface InboxAsked {
  action: string;
  why: string;
  customer?: string;
  device?: string;
  crew?: string;
  words?: string;
  canned?: string;
}
