/** Keys of the keyboard: whoever shows something says which keys work there; `?` shows them all. */
import { untrack } from "svelte";

export interface Key {
  /** As KeyboardEvent.key, or two of them one after the other: "g l". */
  keys: string;
  says: () => string;
  group: () => string;
  run: (event: KeyboardEvent) => void;
  /** Whether it works now; always when left out. */
  when?: () => boolean;
}
const TYPED = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const SECOND_WITHIN_MS = 1_200;

class Keys {
  all = $state.raw<readonly Key[]>([]);
  private first: { key: string; at: number } | null = null;
  /** Let keys work until the function returned is called: `$effect(() => keys.use([...]))`. */
  use(these: Key[]): () => void {
    this.all = [...untrack(() => this.all), ...these];
    return () => {
      this.all = untrack(() => this.all).filter((key) => !these.includes(key));
    };
  }
  hear(event: KeyboardEvent) {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key !== "Escape" && (TYPED.has(target.tagName) || target.isContentEditable)) return;
    if (document.querySelector("dialog[open]")) return;
    const before = this.first && event.timeStamp - this.first.at < SECOND_WITHIN_MS ? `${this.first.key} ` : "";
    this.first = { key: event.key, at: event.timeStamp };
    const run = (wanted: string) => this.all.findLast((key) => key.keys === wanted && (key.when?.() ?? true));
    const found = (before && run(before + event.key)) || run(event.key);
    if (found) {
      event.preventDefault();
      this.first = null;
      found.run(event);
    }
  }
}
export const keys = new Keys();
