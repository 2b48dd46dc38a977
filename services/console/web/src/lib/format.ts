/** Numbers, times and places as people read them: in the language chosen, in the utility's time zone. */
import { session } from "./session.svelte";
import type { Ms } from "./types";
import { language } from "./words.svelte";

function zone(): string {
  return session.now?.utility?.time_zone ?? "UTC";
}
const kept = new Map<string, Intl.DateTimeFormat>();
function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name}|${language.locale}|${zone()}`;
  let found = kept.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language.locale, { timeZone: zone(), hourCycle: "h23", ...options });
    kept.set(key, found);
  }
  return found;
}
/** 14:05 */
export function hour(ms: Ms | null | undefined): string {
  return ms == null ? "–" : format("hour", { hour: "2-digit", minute: "2-digit" }).format(ms);
}
/** 14:05:09 */
export function second(ms: Ms | null | undefined): string {
  return ms == null ? "–" : format("second", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
}
/** 3 Mar */
export function day(ms: Ms): string {
  return format("day", { day: "numeric", month: "short" }).format(ms);
}
/** 3 Mar 14:05; only 14:05 when it is the day of `now`. */
export function moment(ms: Ms | null | undefined, now?: Ms): string {
  if (ms == null) return "–";
  return now !== undefined && day(ms) === day(now) ? hour(ms) : `${day(ms)} ${hour(ms)}`;
}
/** 2026-03-03T14:05 in the utility's zone, as <input type="datetime-local"> wants it. */
export function forInput(ms: Ms): string {
  const parts = Object.fromEntries(
    format("input", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(ms).map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}
/** The time that <input type="datetime-local"> means in the utility's zone; null for none. */
export function fromInput(text: string): Ms | null {
  const asUtc = Date.parse(`${text}:00Z`);
  if (Number.isNaN(asUtc)) return null;
  let found = asUtc;
  for (let round = 0; round < 3; round += 1) found += asUtc - Date.parse(`${forInput(found)}:00Z`);
  return found;
}
/** 45 s, 12 min, 3 h 05, 2 d 4 h */
export function span(ms: number | null | undefined): string {
  if (ms == null) return "–";
  const zh = language.now === "zh";
  const [d, h, m, s] = zh ? ["天", "小时", "分", "秒"] : [" d", " h", " min", " s"];
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}${s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${m}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}${h} ${String(minutes % 60).padStart(2, "0")}${zh ? m : ""}`.trim();
  return `${Math.floor(hours / 24)}${d} ${hours % 24}${h}`;
}
export function count(value: number | null | undefined, digits = 0): string {
  if (value == null) return "–";
  return new Intl.NumberFormat(language.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}
/** +1,200, −40, 0 */
export function signed(value: number): string {
  return value > 0 ? `+${count(value)}` : value < 0 ? `−${count(-value)}` : "0";
}
export function percent(share: number | null | undefined, digits = 0): string {
  if (share == null) return "–";
  return new Intl.NumberFormat(language.locale, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share);
}
/** The last eight characters of an id are enough to tell two apart on one screen. */
export function short(id: string): string {
  return id.length > 12 ? id.slice(-8) : id;
}
