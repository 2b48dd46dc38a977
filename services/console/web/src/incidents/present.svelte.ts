/** Tells the others which incident or danger this tab looks at, and what is typed there; best effort, said anew after the stream was. */
import { api } from "../lib/api";
import { live } from "../lib/live.svelte";
import type { PresenceRow } from "../lib/types";

export type Subject = "incident" | "hazard";
interface Wanted { incident: string | null; hazard: string | null; doing: string | null }
const NOWHERE: Wanted = { incident: null, hazard: null, doing: null };
let wanted = NOWHERE, said = "", sending = false, waiting: ReturnType<typeof setTimeout> | undefined;
const GATHER_MS = 80;

export function present(what: Subject, id: string, doing: () => string | null): void {
  $effect(() => {
    wanted = { ...NOWHERE, [what]: id, doing: doing() };
    void live.stream;
    soon();
  });
  $effect(() => () => {
    if (wanted[what] !== id) return; // the next one is open already
    wanted = NOWHERE;
    soon();
  });
}
/** One after the other, so that the last word is what stands. */
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(send, GATHER_MS);
}
async function send() {
  const body = { stream: live.stream, ...wanted }, text = JSON.stringify(body);
  if (sending || !body.stream || text === said) return;
  sending = true;
  said = text;
  try {
    await api("/api/presence", { body });
  } catch {
    said = ""; // a sign of courtesy: nothing hangs on it
  } finally {
    sending = false;
  }
  if (JSON.stringify({ stream: live.stream, ...wanted }) !== text) soon();
}
/** The others at this incident or danger, each person once: who types something goes before who only looks. */
export function othersAt(what: Subject, id: string): PresenceRow[] {
  const found = new Map<string, PresenceRow>();
  for (const row of live.presence.rows.values()) {
    if (row[what] !== id || row.id === live.stream) continue;
    const known = found.get(row.user);
    if (!known || (!known.doing && row.doing)) found.set(row.user, row);
  }
  return [...found.values()].sort((one, two) => one.since_ms - two.since_ms);
}
