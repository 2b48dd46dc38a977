/** Rows of a sheet for what is costly to draw: followed a few times a second, not at every wake-up. Call it while a component is set up. */
import { untrack } from "svelte";

const PAUSE_MS = 200;

export function following<Row>(read: () => Iterable<Row>): { readonly now: readonly Row[] } {
  let rows = $state.raw<readonly Row[]>([]), timer: ReturnType<typeof setTimeout> | undefined, last = -PAUSE_MS;
  const take = () => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    rows = [...read()];
  };
  $effect.pre(() => {
    read();
    if (untrack(() => rows.length === 0)) untrack(take); // the first rows are shown at once
    else timer ??= setTimeout(take, Math.max(0, last + PAUSE_MS - performance.now()));
  });
  $effect(() => () => clearTimeout(timer));
  return { get now() { return rows; } };
}
