/** Tells the others which incident this tab looks at, and what is typed there; best effort, said anew after the stream was. */
import { api } from "../lib/api";
import { live } from "../lib/live.svelte";
import type { PresenceRow } from "../lib/types";

interface Wanted { incident: string | null; doing: string | null }
let wanted: Wanted = { incident: null, doing: null }, said = "", sending = false, waiting: ReturnType<typeof setTimeout> | undefined;
const GATHER_MS = 80;

export function present(incident: string, doing: () => string | null): void {
  $effect(() => {
    wanted = { incident, doing: doing() };
    void live.stream;
    soon();
  });
  $effect(() => () => {
    if (wanted.incident !== incident) return; // the next one is open already
    wanted = { incident: null, doing: null };
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
/** The others at this incident, each person once: who types something goes before who only looks. */
export function othersAt(incident: string): PresenceRow[] {
  const found = new Map<string, PresenceRow>();
  for (const row of live.presence.rows.values()) {
    if (row.incident !== incident || row.id === live.stream) continue;
    const known = found.get(row.user);
    if (!known || (!known.doing && row.doing)) found.set(row.user, row);
  }
  return [...found.values()].sort((one, two) => one.since_ms - two.since_ms);
}
