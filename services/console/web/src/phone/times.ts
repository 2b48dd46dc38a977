/** Times as the crew reads them: in the utility's time zone, which the phone knows also without a network. */
import { language } from "../lib/words.svelte";
import type { Ms } from "../lib/types";

export function hour(ms: Ms | null, zone: string, seconds = false): string {
  if (ms === null) return "–";
  return new Intl.DateTimeFormat(language.locale, { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) }).format(ms);
}
