/** A crew that is dragged over waiting work, by pointer: what it would cost stands beside the pointer before it is let go. */
import { costOf } from "../incidents/costs";
import type { Cost } from "../lib/types";

const BEGINS_AFTER_PX = 6, EDGE_PX = 40, STEP_PX = 12;
export type Price = { state: "asking" } | { state: "known"; cost: Cost } | { state: "none" } | { state: "away" };

class Dragging {
  crew = $state<string | null>(null);
  x = $state(0);
  y = $state(0);
  /** What it is over: "incident:ID" or "hazard:ID". */
  over = $state<string | null>(null);
  price = $state.raw<Price | null>(null);

  /** Call it on pointerdown. `dropped` gets what it was let go over, and the cost as far as it is known. */
  begin(event: PointerEvent, crew: string, dropped: (work: string, price: Price | null) => void) {
    if (event.button !== 0 || !event.isPrimary) return;
    const from = { x: event.clientX, y: event.clientY };
    const stop = new AbortController(), { signal } = stop;
    window.addEventListener("pointermove", (moved) => {
      if (this.crew === null && Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < BEGINS_AFTER_PX) return;
      if (this.crew === null) {
        this.crew = crew;
        getSelection()?.removeAllRanges();
        document.body.style.userSelect = "none";
      }
      moved.preventDefault();
      this.move(moved);
    }, { signal });
    const end = (take: boolean) => {
      stop.abort();
      document.body.style.userSelect = "";
      const work = this.over, price = this.price;
      const was = this.crew !== null;
      this.crew = this.over = this.price = null;
      if (was) window.addEventListener("click", (click) => { click.stopPropagation(); click.preventDefault(); }, { capture: true, once: true, signal: AbortSignal.timeout(50) });
      if (was && take && work) dropped(work, price);
    };
    window.addEventListener("pointerup", () => end(true), { signal });
    window.addEventListener("pointercancel", () => end(false), { signal });
    window.addEventListener("keydown", (key) => { if (key.key === "Escape") { key.stopPropagation(); end(false); } }, { signal, capture: true });
  }
  private move(event: PointerEvent) {
    this.x = event.clientX;
    this.y = event.clientY;
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-work]");
    const scroll = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-work-list]");
    if (scroll) {
      const box = scroll.getBoundingClientRect();
      if (event.clientY < box.top + EDGE_PX) scroll.scrollTop -= STEP_PX;
      else if (event.clientY > box.bottom - EDGE_PX) scroll.scrollTop += STEP_PX;
    }
    const over = target?.dataset.work ?? null;
    if (over === this.over) return;
    this.over = over;
    this.price = over ? { state: "asking" } : null;
    if (over && this.crew) void this.ask(over, this.crew);
  }
  private async ask(over: string, crew: string) {
    const at = over.indexOf(":");
    let price: Price;
    try {
      const cost = await costOf(over.slice(0, at) as "incident" | "hazard", over.slice(at + 1), crew);
      price = cost ? { state: "known", cost } : { state: "none" };
    } catch {
      price = { state: "away" };
    }
    if (this.over === over && this.crew === crew) this.price = price;
  }
}
export const dragging = new Dragging();
