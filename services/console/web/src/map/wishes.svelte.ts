/** What a person wants to see in the list; it stays while other pages are shown. */
import type { Filter, Order } from "./ordering";

class Wishes {
  order = $state<Order>("priority");
  filters = $state.raw<ReadonlySet<Filter>>(new Set());
  onlyOpen = $state(true);
  region = $state("");
  feeder = $state("");
  words = $state("");
  get any(): boolean {
    return this.filters.size > 0 || this.words !== "" || this.region !== "" || this.feeder !== "";
  }
  toggle(filter: Filter) {
    const next = new Set(this.filters);
    if (!next.delete(filter)) next.add(filter);
    this.filters = next;
  }
  clear() {
    this.filters = new Set();
    this.words = this.region = this.feeder = "";
  }
}
export const wishes = new Wishes();
