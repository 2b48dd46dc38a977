/** A broadcast while it is written: to whom, in which languages, the words; and whom it would reach, reckoned when it has stood a moment. */
import { api, ApiError, AwayError } from "../lib/api";
import type { AudienceAsked, AudienceShown } from "../lib/types";
import { refusal } from "../words/refusals";
import { t as shell } from "../words/shell";

export const KINDS = ["incident", "area", "feeder", "device", "all"] as const;
export type Kind = (typeof KINDS)[number];
const AFTER_MS = 700;

export class Draft {
  kind = $state<Kind>("incident");
  chosen = $state<Record<Kind, string>>({ incident: "", area: "", feeder: "", device: "", all: "" });
  words = $state<Record<string, string>>({});
  written = $state<string[]>([]);
  only = $state(false);
  /** Whom it would reach, and the question that this answers. */
  found = $state.raw<{ asked: string; audience: AudienceShown } | null>(null);
  trouble = $state("");
  private asking: AbortController | null = null;
  private soon: ReturnType<typeof setTimeout> | undefined;

  /** What the server is asked; null while something is missing. */
  get asked(): AudienceAsked | null {
    const value = this.chosen[this.kind].trim();
    if (this.kind !== "all" && !value) return null;
    if (!this.written.length || this.written.some((language) => !this.words[language]?.trim())) return null;
    const words = Object.fromEntries(this.written.map((language) => [language, this.words[language]!.trim()]));
    return { ...(this.kind === "all" ? { all: true } : { [this.kind]: value }), languages: this.only ? [...this.written] : [], words };
  }
  /** Whom it reaches as it stands now. */
  get audience(): AudienceShown | null {
    return this.found !== null && this.found.asked === JSON.stringify(this.asked) ? this.found.audience : null;
  }
  get reckoning(): boolean {
    return this.asked !== null && this.audience === null && !this.trouble;
  }
  /** Reckon once it has stood a moment. */
  follow(): () => void {
    const asked = this.asked;
    this.trouble = "";
    this.asking?.abort();
    clearTimeout(this.soon);
    if (asked) this.soon = setTimeout(() => void this.reckon(asked), AFTER_MS);
    return () => {
      clearTimeout(this.soon);
      this.asking?.abort();
    };
  }
  async reckon(asked: AudienceAsked): Promise<void> {
    const mine = (this.asking = new AbortController());
    try {
      this.found = { asked: JSON.stringify(asked), audience: await api<AudienceShown>("/api/broadcasts/audience", { body: asked, signal: mine.signal }) };
    } catch (error) {
      if (error instanceof ApiError) this.trouble = refusal(error);
      else if (error instanceof AwayError) this.trouble = shell("away");
      else if (!(error instanceof DOMException)) throw error;
    }
  }
  clear() {
    this.words = {};
    this.found = null;
    this.trouble = "";
  }
}
