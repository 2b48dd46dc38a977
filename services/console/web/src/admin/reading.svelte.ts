/** What a part of the page has read: rows, as of when, and whether it could be read. Read anew now and then, and when something was done. */
import { api, ApiError, AwayError } from "../lib/api";
import { toasts } from "../lib/toasts.svelte";

const AGAIN_MS = 20_000;

export class Reading<Answer> {
  answer = $state.raw<Answer | null>(null);
  at = $state(0);
  failed = $state(false);
  busy = $state(false);
  constructor(private readonly path: () => string) {}
  async read(quiet = false): Promise<void> {
    this.busy = true;
    const path = this.path();
    try {
      const answer = await api<Answer>(path);
      if (path !== this.path()) return;
      this.answer = answer;
      this.at = Date.now();
      this.failed = false;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof AwayError)) throw error;
      this.failed = true;
      if (!quiet) toasts.fail(error);
    } finally {
      this.busy = false;
    }
  }
  /** Read now and again while this is shown: `$effect(() => reading.keep())`. */
  keep(): () => void {
    void this.read();
    const timer = setInterval(() => document.visibilityState === "visible" && void this.read(true), AGAIN_MS);
    return () => clearInterval(timer);
  }
}
/** Does something, and tells what kept it from being done; true when it was done. */
export async function attempt(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toasts.fail(error);
    return false;
  }
}
/** A browser as people call it, from what it calls itself. */
export function browserOf(agent: string): string {
  const kinds: [RegExp, string][] = [
    [/Edg\/(\d+)/, "Edge"], [/OPR\/(\d+)/, "Opera"], [/SamsungBrowser\/(\d+)/, "Samsung"], [/Firefox\/(\d+)/, "Firefox"], [/FxiOS\/(\d+)/, "Firefox"],
    [/CriOS\/(\d+)/, "Chrome"], [/(?:Headless)?Chrome\/(\d+)/, "Chrome"], [/Version\/(\d+).*Safari/, "Safari"],
  ];
  const systems: [RegExp, string][] = [[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]];
  const kind = kinds.map(([form, name]) => ({ name, found: form.exec(agent) })).find((each) => each.found);
  const system = systems.find(([form]) => form.test(agent))?.[1];
  if (!kind) return agent.split(/[\s(]/, 1)[0] || "–";
  return `${kind.name} ${kind.found![1]}${system ? `, ${system}` : ""}`;
}
