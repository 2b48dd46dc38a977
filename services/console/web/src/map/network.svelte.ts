/** The utility's network, fetched once for all pages that draw it; asked for again when another version is in force. */
import { api } from "../lib/api";
import type { Grid } from "../lib/types";
import { Network } from "./grid";

const AGAIN_MS = 3_000;

class Known {
  now = $state.raw<Network | null>(null);
  away = $state(false);
  private asking: Promise<void> | null = null;
  /** Fetches it unless this version is here already; keeps trying while the server is away. */
  ask(): Promise<void> {
    this.asking ??= this.fetch().finally(() => (this.asking = null));
    return this.asking;
  }
  private async fetch(): Promise<void> {
    for (;;) {
      try {
        const grid = await api<Grid>("/api/network");
        if (this.now?.grid.version !== grid.version) this.now = new Network(grid);
        this.away = false;
        return;
      } catch {
        this.away = true;
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  }
}
export const network = new Known();
