/** What a crew can say next, by what its order and what it has said already come to. Pure. */
import type { CrewPhone, CrewSays } from "../lib/types";

export type Order = NonNullable<CrewPhone["order"]>;
export type Step =
  | "accept" | "refuse" | "enroute" | "arrived" | "look" | "repaired" | "done" | "madeSafe" | "inOrder" | "estimate"
  | "found" | "hazard" | "help" | "material" | "handOver" | "signOn" | "signOff" | "break" | "available";

const RANKS = ["sent", "accepted", "enroute", "arrived", "assessing", "repaired", "done"];
const ENDS = new Set(["refused", "handedOver"]);

/** The state that an order has for its crew: as the server shows it, or farther by what was said and does not show yet. */
export function stateOf(order: Order, spoken: readonly CrewSays[]): string {
  let state = order.state;
  for (const says of spoken) {
    if (ENDS.has(says.status)) state = says.status;
    else if (RANKS.indexOf(says.status) > RANKS.indexOf(state)) state = says.status;
  }
  return state;
}

/** The same for a crew without an order: what it said of itself last, if that does not show yet. */
export function dutyOf(phone: CrewPhone, spoken: readonly CrewSays[]): string {
  const said = spoken[spoken.length - 1]?.status;
  const becomes: Record<string, string> = { signedOn: "available", available: "available", onBreak: "onBreak", offDuty: "offDuty" };
  return (said && becomes[said]) ?? phone.state;
}

/** The one step that comes next, and the others that may. */
export function steps(order: Order | null, state: string): { next: Step | null; others: Step[] } {
  if (order === null) {
    if (state === "offDuty") return { next: "signOn", others: ["hazard"] };
    if (state === "onBreak") return { next: "available", others: ["hazard", "signOff"] };
    if (state === "unreachable") return { next: "available", others: ["hazard", "break", "signOff"] };
    return { next: null, others: ["hazard", "break", "signOff"] };
  }
  const safe = order.work === "makeSafe";
  const ends: Step = safe ? "madeSafe" : "done";
  const always: Step[] = ["hazard", "help", "material", "handOver"];
  switch (state) {
    case "sent": return { next: "accept", others: ["refuse", "hazard"] };
    case "accepted": return { next: "enroute", others: ["arrived", "refuse", ...always] };
    case "enroute": return { next: "arrived", others: ["refuse", ...always] };
    case "arrived": return safe ? { next: "madeSafe", others: ["estimate", ...always] } : { next: "look", others: ["repaired", ends, "inOrder", "found", ...always] };
    case "assessing": return { next: safe ? "madeSafe" : "repaired", others: safe ? ["estimate", ...always] : [ends, "estimate", "inOrder", "found", ...always] };
    case "repaired": return { next: ends, others: ["found", ...always] };
    default: return { next: null, others: ["hazard", "break", "signOff"] };
  }
}
