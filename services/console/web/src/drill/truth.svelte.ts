/** The truth of the exercise, for the panel and, when a person wants to see it there, for the map. */
import { api } from "../lib/api";
import type { Truth } from "../lib/types";

class Shown {
  onMap = $state(false);
  now = $state.raw<Truth | null>(null);
  async look(): Promise<void> {
    this.now = await api<Truth>("/api/drill/truth");
  }
}
export const truth = new Shown();
