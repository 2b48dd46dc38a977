/** The utility's network as it lies, made ready for drawing: lines joined into chains, what stands where, what feeds what. Pure: no drawing, no DOM.
 *
 *  Places are metres of the map's projection (EPSG:3857), of which one is less than a metre on the ground away from the equator. */
import type { Grid, NetworkRow } from "../lib/types";

const RADIUS = 6_378_137;
/** Where a place is on the map. */
export function project(lon: number, lat: number): [number, number] {
  return [RADIUS * ((lon * Math.PI) / 180), RADIUS * Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, lat)) * Math.PI) / 360))];
}
/** Returns the longitude and latitude of a point of the map. */
export function unproject([x, y]: readonly [number, number]): { lon: number; lat: number } {
  return { lon: (x / RADIUS) * (180 / Math.PI), lat: (Math.atan(Math.exp(y / RADIUS)) - Math.PI / 4) * (360 / Math.PI) };
}
export const KIND = { mv: 0, lv: 1, service: 2, switch: 3, transformer: 4, regulator: 5 } as const;
export type Fed = Exclude<NetworkRow["state"], "open" | "closed">;

/** Lines that follow one another, end to end: chain c has the points from `starts[c]` up to `starts[c + 1]`, and the branch after point i is `branches[i]` (-1 after its last). */
export interface Chains {
  count: number;
  starts: Int32Array;
  xy: Float64Array;
  branches: Int32Array;
  /** Four numbers a chain: left, bottom, right, top. */
  boxes: Float64Array;
}
/** A symbol at a place: a switch, a transformer, a regulator. */
export interface Symbols {
  branches: Int32Array;
  xy: Float64Array;
}
const LONGEST = 48;

export class Network {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly bounds: [number, number, number, number];
  readonly lines: { mv: Chains; lv: Chains; service: Chains };
  readonly symbols: Symbols;
  /** The next switch or transformer towards the source, of each branch; itself when it is one; -1: none. */
  readonly device: Int32Array;
  readonly byId: ReadonlyMap<string, number>;
  readonly heads: { id: string; substation: string; names: string[]; x: number; y: number }[];
  readonly depots: { id: string; name: string; x: number; y: number }[];

  readonly grid: Grid;

  constructor(grid: Grid) {
    this.grid = grid;
    const nodes = grid.lon.length;
    this.x = new Float64Array(nodes);
    this.y = new Float64Array(nodes);
    for (let node = 0; node < nodes; node += 1) [this.x[node], this.y[node]] = project(grid.lon[node]!, grid.lat[node]!) as [number, number];
    const [left, bottom] = project(grid.bounds[0], grid.bounds[1]), [right, top] = project(grid.bounds[2], grid.bounds[3]);
    this.bounds = [left, bottom, right, top];
    const { kind, id } = grid.branches;
    this.byId = new Map(id.map((name, branch) => [name, branch]));
    const of = (wanted: (kind: number) => boolean) => id.map((_, branch) => branch).filter((branch) => wanted(kind[branch]!));
    this.lines = {
      mv: this.chains(of((one) => one === KIND.mv || one === KIND.switch || one === KIND.regulator)),
      lv: this.chains(of((one) => one === KIND.lv || one === KIND.transformer)),
      service: this.chains(of((one) => one === KIND.service)),
    };
    this.symbols = this.places(of((one) => one >= KIND.switch));
    this.device = this.towardsSource();
    this.heads = this.substations();
    this.depots = grid.depots.map((depot) => { const [x, y] = project(depot.lon, depot.lat); return { id: depot.id, name: depot.name, x, y }; });
  }

  /** Join these branches end to end wherever exactly two of them meet; the longest chains are cut, so that what is out of sight can be left out. */
  chains(branches: readonly number[]): Chains {
    const { from, to } = this.grid.branches;
    const at = new Map<number, number[]>();
    for (const branch of branches)
      for (const node of [from[branch]!, to[branch]!]) {
        const there = at.get(node);
        if (there) there.push(branch);
        else at.set(node, [branch]);
      }
    const used = new Set<number>(), starts: number[] = [], xy: number[] = [], along: number[] = [];
    const walk = (start: number, first: number) => {
      starts.push(along.length);
      let node = start, branch: number | undefined = first, length = 0;
      while (branch !== undefined && length < LONGEST) {
        used.add(branch);
        xy.push(this.x[node]!, this.y[node]!);
        along.push(branch);
        node = from[branch] === node ? to[branch]! : from[branch]!;
        length += 1;
        const there: number[] = at.get(node)!;
        branch = there.length === 2 ? there.find((other) => !used.has(other)) : undefined;
      }
      xy.push(this.x[node]!, this.y[node]!);
      along.push(-1);
    };
    for (const [node, there] of at) if (there.length !== 2) for (const branch of there) if (!used.has(branch)) walk(node, branch);
    for (const branch of branches) if (!used.has(branch)) walk(from[branch]!, branch);
    starts.push(along.length);
    const count = starts.length - 1, boxes = new Float64Array(4 * count);
    for (let chain = 0; chain < count; chain += 1) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let point = starts[chain]!; point < starts[chain + 1]!; point += 1) {
        const x = xy[2 * point]!, y = xy[2 * point + 1]!;
        box[0] = Math.min(box[0]!, x); box[1] = Math.min(box[1]!, y); box[2] = Math.max(box[2]!, x); box[3] = Math.max(box[3]!, y);
      }
      boxes.set(box, 4 * chain);
    }
    return { count, starts: Int32Array.from(starts), xy: Float64Array.from(xy), branches: Int32Array.from(along), boxes };
  }
  places(branches: readonly number[]): Symbols {
    const { from, to } = this.grid.branches, xy = new Float64Array(2 * branches.length);
    branches.forEach((branch, place) => {
      xy[2 * place] = (this.x[from[branch]!]! + this.x[to[branch]!]!) / 2;
      xy[2 * place + 1] = (this.y[from[branch]!]! + this.y[to[branch]!]!) / 2;
    });
    return { branches: Int32Array.from(branches), xy };
  }
  centre(branch: number): [number, number] {
    const { from, to } = this.grid.branches;
    return [(this.x[from[branch]!]! + this.x[to[branch]!]!) / 2, (this.y[from[branch]!]! + this.y[to[branch]!]!) / 2];
  }
  /** Left, bottom, right, top around these branches; null for none. */
  around(branches: Iterable<number>): [number, number, number, number] | null {
    const { from, to } = this.grid.branches;
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const branch of branches)
      for (const node of [from[branch], to[branch]]) {
        if (node === undefined) continue;
        box[0] = Math.min(box[0], this.x[node]!); box[1] = Math.min(box[1], this.y[node]!);
        box[2] = Math.max(box[2], this.x[node]!); box[3] = Math.max(box[3], this.y[node]!);
      }
    return Number.isFinite(box[0]) ? box : null;
  }

  private towardsSource(): Int32Array {
    const { from, to, kind, feeder, normally_closed: closed, id } = this.grid.branches;
    const at: number[][] = Array.from(this.x, () => []);
    for (let branch = 0; branch < id.length; branch += 1) {
      at[from[branch]!]!.push(branch);
      at[to[branch]!]!.push(branch);
    }
    const found = new Int32Array(id.length).fill(-1);
    this.grid.feeders.forEach((head, index) => {
      const seen = new Set<number>(), queue: [node: number, above: number][] = [];
      for (let node = 0; node < at.length; node += 1)
        if (this.grid.lon[node] === head.lon && this.grid.lat[node] === head.lat && at[node]!.some((branch) => feeder[branch] === index)) { queue.push([node, -1]); seen.add(node); }
      for (let place = 0; place < queue.length; place += 1) {
        const [node, above] = queue[place]!;
        for (const branch of at[node]!) {
          if (feeder[branch] !== index || found[branch] !== -1) continue;
          const own = kind[branch] === KIND.switch || kind[branch] === KIND.transformer ? branch : above;
          found[branch] = own;
          const next = from[branch] === node ? to[branch]! : from[branch]!;
          if (closed[branch] && !seen.has(next)) { seen.add(next); queue.push([next, own]); }
        }
      }
    });
    return found;
  }
  private substations() {
    const heads = new Map<string, Network["heads"][number]>();
    for (const feeder of this.grid.feeders) {
      const [x, y] = project(feeder.lon, feeder.lat), key = `${feeder.substation}|${feeder.lon}|${feeder.lat}`;
      const there = heads.get(key);
      if (there) there.names.push(feeder.name);
      else heads.set(key, { id: feeder.id, substation: feeder.substation, names: [feeder.name], x, y });
    }
    return [...heads.values()];
  }
}

/** What is not as it normally is, made ready for drawing. */
export interface Unusual {
  chains: Partial<Record<Fed, Chains>>;
  /** How a branch is fed, where not as normally. */
  fed: ReadonlyMap<number, Fed>;
  /** Switches that do not stand as they normally do. */
  stands: ReadonlyMap<number, "open" | "closed">;
}
/** A row is about a branch, or about a switch; a switch may have both. */
export function unusual(network: Network, rows: Iterable<NetworkRow>): Unusual {
  const by = new Map<Fed, number[]>(), fed = new Map<number, Fed>(), stands = new Map<number, "open" | "closed">();
  for (const row of rows) {
    if (row.branch === null || row.branch >= network.device.length) continue;
    if (row.state === "open" || row.state === "closed") { stands.set(row.branch, row.state); continue; }
    fed.set(row.branch, row.state);
    const there = by.get(row.state);
    if (there) there.push(row.branch);
    else by.set(row.state, [row.branch]);
  }
  const chains: Unusual["chains"] = {};
  for (const [name, branches] of by) chains[name] = network.chains(branches);
  return { chains, fed, stands };
}

/** The branch nearest to a place within `reach` metres of the map, symbols before lines; -1: none. */
export function nearest(network: Network, x: number, y: number, reach: number, shown: { lv: boolean; service: boolean; symbols: boolean }): number {
  let found = -1, best = reach * reach;
  if (shown.symbols) {
    const { xy, branches } = network.symbols;
    for (let place = 0; place < branches.length; place += 1) {
      const far = (xy[2 * place]! - x) ** 2 + (xy[2 * place + 1]! - y) ** 2;
      if (far < best) { best = far; found = branches[place]!; }
    }
    if (found >= 0) return found;
  }
  for (const chains of [network.lines.mv, ...(shown.lv ? [network.lines.lv] : []), ...(shown.service ? [network.lines.service] : [])]) {
    const { boxes, starts, xy, branches } = chains;
    for (let chain = 0; chain < chains.count; chain += 1) {
      const box = 4 * chain;
      if (x < boxes[box]! - reach || x > boxes[box + 2]! + reach || y < boxes[box + 1]! - reach || y > boxes[box + 3]! + reach) continue;
      for (let point = starts[chain]!; point < starts[chain + 1]! - 1; point += 1) {
        const ax = xy[2 * point]!, ay = xy[2 * point + 1]!, bx = xy[2 * point + 2]! - ax, by = xy[2 * point + 3]! - ay;
        const long = bx * bx + by * by;
        const part = long ? Math.max(0, Math.min(1, ((x - ax) * bx + (y - ay) * by) / long)) : 0;
        const far = (ax + part * bx - x) ** 2 + (ay + part * by - y) ** 2;
        if (far < best) { best = far; found = branches[point]!; }
      }
    }
  }
  return found;
}
