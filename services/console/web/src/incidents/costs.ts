/** What an assignment would cost, asked once and kept for a few seconds: a pointer that moves over work asks for nothing twice. */
import { api } from "../lib/api";
import type { Cost } from "../lib/types";

const KEPT_MS = 10_000;
const kept = new Map<string, { at: number; costs: Promise<Cost[]> }>();

/** Best first. Throws what `api` throws. */
export function costsOf(kind: "incident" | "hazard", id: string): Promise<Cost[]> {
  const key = `${kind}=${encodeURIComponent(id)}`, now = performance.now();
  const known = kept.get(key);
  if (known && now - known.at < KEPT_MS) return known.costs;
  const costs = api<{ costs: Cost[] }>(`/api/crews/costs?${key}`).then((answer) => answer.costs);
  kept.set(key, { at: now, costs });
  costs.catch(() => kept.delete(key));
  for (const [name, each] of kept) if (now - each.at > KEPT_MS) kept.delete(name);
  return costs;
}
/** The costs of one crew; undefined: the server does not know it for this work. */
export async function costOf(kind: "incident" | "hazard", id: string, crew: string): Promise<Cost | undefined> {
  return (await costsOf(kind, id)).find((cost) => cost.crew === crew);
}
