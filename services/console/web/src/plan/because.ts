/** The sentence why a crew goes to some work, or why that waits, with its numbers. */
import { count, hour } from "../lib/format";
import type { Because, Ms } from "../lib/types";
import { t } from "../words/plan";
import { reason } from "../words/reasons";
import { workName } from "./naming";

const MINUTE_MS = 60_000;
export interface Waiting { crew: string | null; arrival_ms: Ms | null; done_ms: Ms | null; why: string[] }

function minutes(until: Ms, since: Ms): string {
  return count(Math.max(0, Math.round((until - since) / MINUTE_MS)));
}
function otherOf(because: Because): string {
  return workName({ incident: because.others_incident, hazard: because.others_hazard });
}
/** Why a crew was sent: the decision's own numbers, from the moment of the decision. */
export function goesWords(because: Because, danger: boolean): string {
  const { crew, others, others_done_ms } = because;
  const known = others !== null && others_done_ms !== null && because.behind !== null;
  if (danger) return known ? t("goesDanger", { crew, at: hour(because.arrival_ms), other: otherOf(because) }) : t("goesDangerAlone", { crew, at: hour(because.arrival_ms) });
  const mine = { crew, n: because.customers, min: minutes(because.done_ms, because.at_ms) };
  if (!known) return t("goesAlone", mine);
  return t("goesFirst", { ...mine, other: otherOf(because), m: others, more: minutes(others_done_ms, because.at_ms) });
}
/** Why a crew that could go is not sent: what the time at which it comes does not say. */
const KEPT_BACK = new Set(["heldForLarger", "heldForDangers", "proposed", "dispatcherHeld", "safetyHeld"]);

/** Why work waits. */
export function waitsWords(work: Waiting, because: Because | null): string {
  const kept = work.why.filter((each) => KEPT_BACK.has(each)).map((each) => reason(each));
  return [whenWords(work, because), ...(work.crew === null ? [] : kept.map((each) => `${each}.`))].join(" ");
}
function whenWords(work: Waiting, because: Because | null): string {
  const { crew, arrival_ms, done_ms } = work;
  if (crew === null || arrival_ms === null || done_ms === null) return `${t("nobody")} ${work.why.map((each) => reason(each)).join("; ") || t("none")}`;
  const own = because?.crew === crew ? because : null;
  if (own && own.ahead !== null && own.others !== null && own.others_done_ms !== null) {
    return t("comesAfter", { crew, at: hour(arrival_ms), other: otherOf(own), m: own.others, done: hour(own.others_done_ms), back: hour(done_ms) });
  }
  return t("comesNext", { crew, at: hour(arrival_ms), back: hour(done_ms) });
}
