import { plain } from "../lib/naming";
/** Draws what stands and moves above the network: incidents, dangers, crews with their goals, depots, substations. Says what is under the pointer. */
import type { CrewRow, HazardRow, IncidentRow, Ms } from "../lib/types";
import { type Network } from "./grid";
import type { Seen } from "./kept";
import { brief, CREW, CREW_SIGN, radius, type Colours } from "./styles";

export interface Placed<Row> { row: Row; x: number; y: number }
export interface Thing { kind: "incident" | "incidents" | "hazard" | "crew" | "crews" | "depot" | "substation"; id: string; ids: string[]; x: number; y: number; reach: number }
export interface Scene {
  network: Network | null;
  incidents: Placed<IncidentRow>[];
  hazards: Placed<HazardRow>[];
  crews: { row: CrewRow; x: number; y: number; goal: [number, number] | null }[];
  chosen: string | null;
  mark: { x: number; y: number; says: string } | null;
  /** What truly happened, in an exercise, while a person wants to see it here. */
  truth: { x: number; y: number; kind: "fault" | "mended" | "hazard" }[];
  now: Ms;
  layers: { incidents: boolean; crews: boolean; depots: boolean; labels: boolean; uncertainOnly: boolean };
  says: { minutes: (ms: number) => string };
}
/** A place that was heard longer ago than this is drawn hollow: the crew may be elsewhere by now. Not so at its goal, or at its depot. */
export const OLD_MS = 10 * 60_000;
const CELL = 46;

interface Cluster { x: number; y: number; rows: IncidentRow[]; customers: number }
/** Incidents whose circles would lie over each other are one, by a grid of cells as wide as a circle; the chosen one stays by itself. */
export function cluster(incidents: readonly Placed<IncidentRow>[], resolution: number, chosen: string | null): Cluster[] {
  const cells = new Map<string, Cluster>(), side = CELL * resolution, alone: Cluster[] = [];
  for (const { row, x, y } of incidents) {
    if (row.id === chosen) { alone.push({ x, y, rows: [row], customers: row.customers_out }); continue; }
    const key = `${Math.floor(x / side)}|${Math.floor(y / side)}`, cell = cells.get(key);
    if (!cell) cells.set(key, { x, y, rows: [row], customers: row.customers_out });
    else {
      const weight = Math.max(1, row.customers_out), sum = Math.max(1, cell.customers) + weight;
      cell.x += ((x - cell.x) * weight) / sum;
      cell.y += ((y - cell.y) * weight) / sum;
      cell.rows.push(row);
      cell.customers += row.customers_out;
    }
  }
  const found: Cluster[] = [];
  for (const one of [...cells.values()].sort((a, b) => b.customers - a.customers)) {
    const near = found.find((other) => Math.hypot(one.x - other.x, one.y - other.y) < 0.85 * resolution * (radius(one.customers) + radius(other.customers)));
    if (near) {
      near.rows.push(...one.rows);
      near.customers += one.customers;
    } else found.push(one);
  }
  return [...found.reverse(), ...alone];
}

class Pen {
  readonly taken: [number, number, number, number][] = [];
  constructor(readonly context: CanvasRenderingContext2D, readonly view: Seen, readonly colours: Colours) {}
  at(x: number, y: number): [number, number] {
    return [(x - this.view.left) / this.view.resolution, (this.view.top - y) / this.view.resolution];
  }
  sees(x: number, y: number, reach = 40): boolean {
    return x > -reach && y > -reach && x < this.view.width + reach && y < this.view.height + reach;
  }
  text(words: string, x: number, y: number, size: number, ink: string, align: CanvasTextAlign = "center", halo = false, weight = 650) {
    const { context } = this;
    context.font = `${weight} ${size}px ${this.colours.font}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    if (halo) {
      context.lineWidth = 3.5;
      context.lineJoin = "round";
      context.strokeStyle = this.colours["map-halo"];
      context.strokeText(words, x, y);
    }
    context.fillStyle = ink;
    context.fillText(words, x, y + size * 0.06);
  }
  /** A text with a halo that is left out when it would lie over another one. */
  label(words: string, x: number, y: number, size: number, ink: string, weight = 550) {
    const { context } = this;
    context.font = `${weight} ${size}px ${this.colours.font}`;
    const wide = context.measureText(words).width + 6, box: [number, number, number, number] = [x - 2, y - size * 0.7, x + wide, y + size * 0.7];
    if (this.taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
    this.taken.push(box);
    this.text(words, x, y, size, ink, "left", true, weight);
  }
  take(x: number, y: number, reach: number) {
    this.taken.push([x - reach, y - reach, x + reach, y + reach]);
  }
}

export function drawThings(context: CanvasRenderingContext2D, view: Seen, scene: Scene, clusters: readonly Cluster[], colours: Colours): Thing[] {
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  context.setLineDash([]);
  const pen = new Pen(context, view, colours), things: Thing[] = [];
  if (scene.network && scene.layers.depots) depots(pen, scene, things);
  if (scene.network) substations(pen, scene, things);
  if (scene.layers.crews) goals(pen, scene);
  if (scene.layers.incidents) for (const each of clusters) incident(pen, each, scene, things);
  if (scene.layers.crews) crews(pen, scene, things);
  if (scene.layers.incidents) for (const each of scene.hazards) hazard(pen, each, scene, things);
  truth(pen, scene.truth);
  if (scene.mark) mark(pen, scene.mark);
  return things;
}

/** A diamond of its own colour, so that nobody takes the truth for what the product knows: T where a fault is, ! danger, ✓ mended. */
function truth(pen: Pen, all: Scene["truth"]) {
  const { context, colours } = pen, reach = 12;
  for (const one of all) {
    const [x, y] = pen.at(one.x, one.y);
    if (!pen.sees(x, y)) continue;
    context.beginPath();
    context.moveTo(x, y - reach); context.lineTo(x + reach, y); context.lineTo(x, y + reach); context.lineTo(x - reach, y);
    context.closePath();
    context.setLineDash([]);
    context.fillStyle = colours["plan-soft"];
    context.strokeStyle = colours.plan;
    context.lineWidth = 2.5;
    context.fill();
    context.stroke();
    pen.text({ fault: "T", hazard: "!", mended: "✓" }[one.kind], x, y, 13, colours.plan, "center", false, 800);
  }
}

function incident(pen: Pen, { x: mx, y: my, rows, customers }: Cluster, scene: Scene, things: Thing[]) {
  const [x, y] = pen.at(mx, my), { context, colours } = pen;
  if (!pen.sees(x, y)) return;
  const many = rows.length > 1, reach = radius(customers), first = rows[0]!;
  const over = rows.every((row) => row.state === "restored");
  const uncertain = rows.some((row) => row.uncertain), lonely = rows.every((row) => row.unassigned);
  const strong = over ? colours.good : colours.bad;
  context.setLineDash([]);
  if (!many && first.id === scene.chosen) {
    context.beginPath();
    context.arc(x, y, reach + 9, 0, 7);
    context.lineWidth = 6;
    context.strokeStyle = colours.focus;
    context.stroke();
  }
  if (many) {
    context.beginPath();
    context.arc(x + 3.5, y - 3.5, reach, 0, 7);
    context.fillStyle = colours.panel;
    context.strokeStyle = strong;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }
  context.beginPath();
  context.arc(x, y, reach, 0, 7);
  context.fillStyle = uncertain && !many ? colours.panel : over ? colours["good-soft"] : strong;
  context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = uncertain && !many ? strong : colours.panel;
  if (uncertain && !many) context.setLineDash([5, 3.5]);
  context.stroke();
  context.setLineDash([]);
  if (lonely && !over) {
    context.beginPath();
    context.arc(x, y, reach + 4, 0, 7);
    context.lineWidth = 2.5;
    context.strokeStyle = colours.ink;
    context.stroke();
  }
  const ink = uncertain && !many ? strong : over ? colours.good : colours.panel;
  pen.text(over && !customers ? "✓" : brief(customers), x, y, reach < 12 ? 11 : 13, ink);
  if (many) pen.text(`×${rows.length}`, x, y + reach + 10, 11, colours.ink, "center", true);
  else if (uncertain) pen.text("?", x + reach + 5, y - reach + 2, 13, colours.warn, "center", true, 750);
  if (rows.some((row) => row.life_support)) pen.text("♥", x - reach - 3, y - reach + 3, 13, colours.bad, "center", true);
  if (!many && first.overdue) pen.text("!", x + reach + 4, y + reach - 3, 14, colours.bad, "center", true, 800);
  pen.take(x, y, reach);
  things.push({ kind: many ? "incidents" : "incident", id: first.id, ids: rows.map((row) => row.id), x, y, reach: reach + 4 });
  if (!many && scene.layers.labels && pen.view.resolution < 12) pen.label(first.device_number || plain(first.device), x + reach + (uncertain ? 12 : 7), y + 2, 12, colours.ink);
}

function hazard(pen: Pen, { row, x: mx, y: my }: Placed<HazardRow>, scene: Scene, things: Thing[]) {
  const [x, y] = pen.at(mx, my), { context, colours } = pen;
  if (!pen.sees(x, y)) return;
  const chosen = row.id === scene.chosen, safe = row.state !== "reported";
  context.beginPath();
  context.moveTo(x, y - 14); context.lineTo(x + 14, y + 10); context.lineTo(x - 14, y + 10);
  context.closePath();
  context.lineJoin = "round";
  context.setLineDash([]);
  context.lineWidth = chosen ? 12 : 6;
  context.strokeStyle = chosen ? colours.focus : colours["map-halo"];
  context.stroke();
  context.lineWidth = 3;
  context.strokeStyle = safe ? colours.good : colours.bad;
  context.fillStyle = safe ? colours["good-soft"] : colours["warn-soft"];
  context.stroke();
  context.fill();
  pen.text(safe ? "✓" : "!", x, y + 2.5, 16, safe ? colours.good : colours.bad, "center", false, 800);
  things.push({ kind: "hazard", id: row.id, ids: [row.id], x, y, reach: 15 });
}

function goals(pen: Pen, scene: Scene) {
  const { context, colours } = pen;
  for (const { row, x: mx, y: my, goal } of scene.crews) {
    if (!goal || row.state === "onSite") continue;
    const [x, y] = pen.at(mx, my), [gx, gy] = pen.at(...goal);
    if (!pen.sees((x + gx) / 2, (y + gy) / 2, Math.hypot(x - gx, y - gy))) continue;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(gx, gy);
    context.setLineDash(row.state === "enroute" ? [7, 4] : [2, 5]);
    context.lineWidth = 2;
    context.strokeStyle = colours.accent;
    context.stroke();
    context.setLineDash([]);
    if (row.arrival_ms !== null && Math.hypot(x - gx, y - gy) > 60)
      pen.label(scene.says.minutes(row.arrival_ms - scene.now), (x + gx) / 2 - 14, (y + gy) / 2, 11, row.arrival_ms < scene.now ? colours.bad : colours.accent, 650);
  }
}

interface Host { thing: Thing; below: number }
const PARKED: ReadonlySet<string> = new Set(["available", "onBreak", "offDuty"]);

function crews(pen: Pen, scene: Scene, things: Thing[]) {
  /** Crews that wait at one place are one badge with their number, and so are those at work among the incidents of one circle. */
  const cells = new Map<string, { x: number; y: number; rows: CrewRow[]; host: Host | undefined }>();
  /** A crew that stands at an incident is drawn below it, so that the number stays readable. */
  const hosts: Host[] = things.filter(({ kind }) => kind === "incident" || kind === "incidents").map((thing) => ({ thing, below: thing.y + thing.reach + (thing.kind === "incidents" ? 22 : 9) }));
  for (const { row, x: mx, y: my } of scene.crews) {
    const [x, y] = pen.at(mx, my);
    if (!pen.sees(x, y, 60)) continue;
    const parked = PARKED.has(row.state), host = parked || row.state === "enroute" ? undefined : hosts.find(({ thing }) => Math.hypot(thing.x - x, thing.y - y) < thing.reach);
    const key = parked ? `${row.state}|${Math.round(x / 22)}|${Math.round(y / 22)}` : host?.thing.kind === "incidents" && row.id !== scene.chosen ? `${row.state}|${host.thing.id}` : row.id;
    const cell = cells.get(key);
    if (cell) cell.rows.push(row);
    else cells.set(key, { x, y, rows: [row], host });
  }
  const { context, colours } = pen;
  for (const { x: at, y: level, rows, host } of cells.values()) {
    let x = at, middle = level;
    const row = rows[0]!, style = CREW[row.state], parked = PARKED.has(row.state);
    if (host) { middle = host.below; host.below += 20; x = host.thing.x; }
    const y = parked ? middle + { available: 15, onBreak: 33, offDuty: 51 }[row.state as "available" | "onBreak" | "offDuty"] : middle;
    const old = !parked && row.state !== "onSite" && (row.place_at_ms === null || scene.now - row.place_at_ms > OLD_MS);
    const busy = !parked || rows.length > 1 || pen.view.resolution < 40;
    const words = rows.length > 1 ? `${rows.length}` : row.id;
    context.font = `600 11px ${colours.font}`;
    const wide = busy ? context.measureText(words).width + 24 : 18, high = 17;
    const left = x - wide / 2;
    context.beginPath();
    context.roundRect(left, y - high / 2, wide, high, row.state === "onSite" ? 2 : 8);
    context.fillStyle = old ? colours.panel : colours[style.ground];
    context.lineWidth = 4.5;
    context.strokeStyle = colours["map-halo"];
    context.stroke();
    context.fill();
    context.lineWidth = 1.8;
    context.setLineDash(old ? [3, 2.5] : []);
    context.strokeStyle = colours[style.edge];
    context.stroke();
    context.setLineDash([]);
    const ink = old ? colours[style.edge] : colours[style.ink];
    context.beginPath();
    for (const [from, ...rest] of CREW_SIGN[row.state]) {
      context.moveTo(left + 10 + from![0], y + from![1]);
      for (const [px, py] of rest) context.lineTo(left + 10 + px, y + py);
    }
    context.lineWidth = 2;
    context.lineCap = "round";
    context.strokeStyle = ink;
    context.stroke();
    context.lineCap = "butt";
    if (busy) pen.text(words, left + 19, y, 11, ink, "left");
    if (!rows.some((each) => each.id === scene.chosen)) pen.take(x, y, 9);
    things.push({ kind: rows.length > 1 ? "crews" : "crew", id: row.id, ids: rows.map((each) => each.id), x, y, reach: Math.max(10, wide / 2) });
  }
}

function depots(pen: Pen, scene: Scene, things: Thing[]) {
  const { context, colours } = pen;
  for (const depot of scene.network!.depots) {
    const [x, y] = pen.at(depot.x, depot.y);
    if (!pen.sees(x, y)) continue;
    context.beginPath();
    context.moveTo(x - 9, y); context.lineTo(x, y - 9); context.lineTo(x + 9, y);
    context.moveTo(x - 6.5, y - 2); context.lineTo(x - 6.5, y + 7); context.lineTo(x + 6.5, y + 7); context.lineTo(x + 6.5, y - 2);
    context.fillStyle = colours.panel;
    context.lineJoin = "round";
    context.lineWidth = 5;
    context.strokeStyle = colours["map-halo"];
    context.stroke();
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colours.ink;
    context.stroke();
    pen.take(x, y, 9);
    if (scene.layers.labels) {
      context.font = `550 12px ${colours.font}`;
      pen.label(depot.name, x - context.measureText(depot.name).width / 2, y - 19, 12, colours["ink-soft"]);
    }
    things.push({ kind: "depot", id: depot.id, ids: [depot.id], x, y, reach: 10 });
  }
}

function substations(pen: Pen, scene: Scene, things: Thing[]) {
  const { context, colours } = pen;
  for (const head of scene.network!.heads) {
    const [x, y] = pen.at(head.x, head.y);
    if (!pen.sees(x, y)) continue;
    context.fillStyle = colours["map-mv"];
    context.strokeStyle = colours["map-halo"];
    context.lineWidth = 2.5;
    context.fillRect(x - 6, y - 6, 12, 12);
    context.strokeRect(x - 7, y - 7, 14, 14);
    pen.take(x, y, 7);
    if (scene.layers.labels) {
      const names = pen.view.resolution < 20 && head.names.length < 4 ? `${head.substation}: ${head.names.join(", ")}` : head.substation;
      pen.label(names, x + 12, y + 8, 12.5, colours.ink, 700);
    }
    things.push({ kind: "substation", id: head.substation, ids: head.names, x, y, reach: 9 });
  }
}

function mark(pen: Pen, { x: mx, y: my, says }: { x: number; y: number; says: string }) {
  const [x, y] = pen.at(mx, my), { context, colours } = pen;
  for (const [width, ink] of [[7, colours["map-halo"]], [3, colours.focus]] as const) {
    context.beginPath();
    context.arc(x, y, 15, 0, 7);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) { context.moveTo(x + 11 * dx, y + 11 * dy); context.lineTo(x + 24 * dx, y + 24 * dy); }
    context.lineWidth = width;
    context.strokeStyle = ink;
    context.stroke();
  }
  if (says) pen.text(says, x, y - 33, 13, colours.ink, "center", true);
}
