/** The stops of texts that hold, as the summary tells every page; and the dialog about one of them. */
import { live } from "../lib/live.svelte";
import type { SummaryRow } from "../lib/types";

export type Stop = SummaryRow["text_stops"][number];
class Stops {
  /** The dialog that is open: about an incident's texts or (null) all. */
  asking = $state.raw<{ incident: string | null; stops: boolean } | null>(null);
  get all(): Stop | undefined {
    return this.of(null);
  }
  of(incident: string | null): Stop | undefined {
    return live.summary.get("summary")?.text_stops.find((stop) => stop.incident === incident);
  }
  /** Ask about what is not so now. */
  ask(incident: string | null) {
    this.asking = { incident, stops: this.of(incident) === undefined };
  }
}
export const stops = new Stops();
