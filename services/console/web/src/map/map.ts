/** The map of the live page: OpenLayers moves and zooms, two canvases of ours show. The network is one picture with a margin, drawn anew
 *  when the map rests; incidents, dangers and crews are drawn at every frame. No tiles: nothing is fetched from anywhere else. */
import OlMap from "ol/Map";
import View from "ol/View";
import ScaleLine from "ol/control/ScaleLine";
import { unByKey } from "ol/Observable";
import Layer from "ol/layer/Layer";
import Source from "ol/source/Source";
import type { FrameState } from "ol/Map";
import { defaults as interactions } from "ol/interaction/defaults";
import type { CrewRow, HazardRow, IncidentRow, NetworkRow, Truth } from "../lib/types";
import { nearest, Network, project, unproject, unusual, type Unusual } from "./grid";
import { Kept } from "./kept";
import { drawNetwork, type What } from "./picture";
import { colours, SHOWN, type Colours } from "./styles";
import { cluster, drawThings, type Placed, type Scene, type Thing } from "./things";

export interface Layers { network: boolean; lv: boolean; incidents: boolean; crews: boolean; depots: boolean; labels: boolean; uncertainOnly: boolean }
export const ALL_LAYERS: Layers = { network: true, lv: true, incidents: true, crews: true, depots: true, labels: true, uncertainOnly: false };
/** What is under the pointer: a thing, or a branch of the network by its place in the grid. */
export type Hit = { thing: Thing; branch?: undefined } | { branch: number; thing?: undefined };

const MARGIN = 0.35;
const GLIDE_MS = 1_000;
const GLIDE_EVERY_MS = 40;
const REACH = 7;
/** Places nearer to each other than this are not told apart by zooming in. */
const APART_M = 25;
const REDRAW_MS = 120;

/** Where the map was left when another page was shown. */
let left: { center: number[]; resolution: number } | null = null;

interface Gliding { row: CrewRow; from: [number, number]; to: [number, number]; since: number }

declare global {
  interface Window {
    /** What benches and tests of the browser ask of the map that is shown. */
    lamplighter?: { panFps: (ms?: number) => Promise<number>; placeOf: (id: string) => { x: number; y: number; alone: boolean } | null };
  }
}

export class LiveMap {
  readonly map: OlMap;
  network: Network | null = null;
  private usual: Unusual = { chains: {}, fed: new Map(), stands: new Map() };
  private what: What = { network: true, lv: true, uncertainOnly: false, labels: true };
  private scene: Scene;
  private colours: Colours = colours();
  private picture = new Kept();
  private above = new Kept();
  private clusters: { resolution: number; chosen: string | null; of: unknown; found: ReturnType<typeof cluster> } | null = null;
  private things: Thing[] = [];
  private gliding = new Map<string, Gliding>();
  private networkLayer: Layer;
  private thingsLayer: Layer;
  private redraw: ReturnType<typeof setTimeout> | undefined;
  private glided: ReturnType<typeof setTimeout> | undefined;
  private stops: (() => void)[] = [];
  /** What is to be shown as soon as the map has a size: a hidden map has none. */
  private first: (() => void) | null = null;

  constructor(target: HTMLElement, scale: HTMLElement, says: Scene["says"], events: { click: (hit: Hit | null, at: [number, number]) => void; hover: (hit: Hit | null, at: [number, number]) => void }) {
    this.scene = { network: null, incidents: [], hazards: [], crews: [], chosen: null, mark: null, truth: [], now: 0, layers: { ...ALL_LAYERS }, says };
    const source = () => new Source({ state: "ready" });
    this.networkLayer = new Layer({ source: source(), render: (frame) => this.renderNetwork(frame) });
    this.thingsLayer = new Layer({ source: source(), render: (frame) => this.renderThings(frame) });
    this.map = new OlMap({
      target,
      layers: [this.networkLayer, this.thingsLayer],
      controls: [new ScaleLine({ target: scale, minWidth: 70 })],
      interactions: interactions({ altShiftDragRotate: false, pinchRotate: false, keyboard: true, onFocusOnly: false }),
      view: new View({ center: [0, 0], resolution: 50, minResolution: 0.15, maxResolution: 5_000, enableRotation: false, smoothResolutionConstraint: true }),
    });
    const hover = this.map.on("pointermove", (event) => events.hover(event.dragging ? null : this.hit(event.pixel as [number, number]), event.pixel as [number, number]));
    const click = this.map.on("singleclick", (event) => events.click(this.hit(event.pixel as [number, number]), event.pixel as [number, number]));
    const ended = this.map.on("moveend", () => this.redrawAll());
    const sized = this.map.on("change:size", () => { const [width, height] = this.map.getSize() ?? [0, 0]; if (width && height && this.first) { const run = this.first; this.first = null; run(); } });
    const leave = () => events.hover(null, [0, 0]);
    target.addEventListener("pointerleave", leave);
    const fonts = () => this.recolour();
    document.fonts.addEventListener("loadingdone", fonts);
    this.stops.push(() => { unByKey([hover, click, ended, sized]); target.removeEventListener("pointerleave", leave); document.fonts.removeEventListener("loadingdone", fonts); });
  }
  close() {
    const center = this.map.getView().getCenter(), resolution = this.map.getView().getResolution();
    if (this.network && center && resolution) left = { center, resolution };
    clearTimeout(this.redraw);
    clearTimeout(this.glided);
    for (const stop of this.stops) stop();
    this.map.setTarget(undefined);
    this.map.dispose();
  }

  // ------------------------------------------------------------------------------------------------ what is shown
  setNetwork(network: Network, rows: Iterable<NetworkRow>) {
    this.network = this.scene.network = network;
    this.setStates(rows);
    if (left) {
      this.map.getView().setCenter(left.center);
      this.map.getView().setResolution(left.resolution);
    } else this.fitAll(0);
  }
  setStates(rows: Iterable<NetworkRow>) {
    if (!this.network) return;
    this.usual = unusual(this.network, rows);
    this.later();
  }
  setIncidents(rows: Iterable<IncidentRow>) {
    this.scene.incidents = placed(rows);
    this.clusters = null;
    this.moved();
  }
  setHazards(rows: Iterable<HazardRow>) {
    this.scene.hazards = placed(rows);
    this.moved();
  }
  /** Crews glide from where they were to where they are now; the first time they are there at once. */
  setCrews(rows: Iterable<CrewRow>) {
    const since = performance.now(), now = new Map<string, Gliding>();
    for (const row of rows) {
      const to = project(row.lon, row.lat), before = this.gliding.get(row.id);
      const from = before ? glide(before, since) : to;
      now.set(row.id, before && before.to[0] === to[0] && before.to[1] === to[1] ? { ...before, row } : { row, from, to, since });
    }
    this.gliding = now;
    this.moved();
  }
  setLayers(layers: Layers) {
    this.scene.layers = { ...layers };
    this.what = { network: layers.network, lv: layers.lv, uncertainOnly: layers.uncertainOnly, labels: layers.labels };
    this.clusters = null;
    this.redrawAll();
  }
  setNow(now: number) {
    this.scene.now = now;
    this.moved();
  }
  setChosen(chosen: string | null) {
    this.scene.chosen = chosen;
    this.moved();
  }
  /** Shows what truly happened in an exercise, at the devices and places where it did; null: no longer. */
  setTruth(truth: Truth | null) {
    const faults = (truth?.faults ?? []).flatMap(({ device, repaired_at_ms }) => {
      const branch = this.network?.byId.get(device), at = branch === undefined ? undefined : this.network?.centre(branch);
      return at ? [{ x: at[0], y: at[1], kind: repaired_at_ms === null ? ("fault" as const) : ("mended" as const) }] : [];
    });
    const hazards = (truth?.hazards ?? []).map(({ lon, lat }) => { const [x, y] = project(lon, lat); return { x, y, kind: "hazard" as const }; });
    this.scene.truth = [...faults, ...hazards];
    this.moved();
  }
  setMark(mark: { lon: number; lat: number; says: string } | { branch: number; says: string } | null) {
    const at = mark && ("branch" in mark ? this.network?.centre(mark.branch) : project(mark.lon, mark.lat));
    this.scene.mark = mark && at ? { x: at[0], y: at[1], says: mark.says } : null;
    this.moved();
  }
  /** Returns the place under a pixel. */
  placeAt(pixel: [number, number]): { lon: number; lat: number } {
    return unproject(this.map.getCoordinateFromPixel(pixel) as [number, number]);
  }
  recolour() {
    this.colours = colours();
    this.redrawAll();
  }
  setScale(says: Scene["says"]) {
    this.scene.says = says;
    this.moved();
  }

  // ------------------------------------------------------------------------------------------------ where it looks
  fitAll(duration = 250) {
    if (this.network) this.fit(this.network.bounds, duration);
  }
  /** Shows an incident: every branch that is out for it, or at least its device. */
  fitIncident(row: { id: string; lon: number; lat: number }, rows: Iterable<NetworkRow>) {
    const branches: number[] = [];
    for (const each of rows) if (each.incident === row.id && each.branch !== null) branches.push(each.branch);
    const box = this.network?.around(branches), [x, y] = project(row.lon, row.lat);
    if (!box) return this.goTo(row.lon, row.lat);
    this.fit([Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)]);
  }
  /** Shows these places all together, near enough that they come apart; returns false when they never do. */
  zoomTo(rows: readonly { lon: number; lat: number }[]): boolean {
    const at = rows.map((row) => project(row.lon, row.lat)), view = this.map.getView(), now = view.getResolution() ?? 1;
    const xs = at.map(([x]) => x), ys = at.map(([, y]) => y);
    const box: [number, number, number, number] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    const spread = Math.max(box[2] - box[0], box[3] - box[1]);
    if (!(spread > APART_M)) return false;
    if (spread > 40 * now) this.fit(box);
    else view.animate({ center: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], resolution: now / 2.5, duration: calm(250) });
    return true;
  }
  private fit(box: [number, number, number, number], duration = 250) {
    this.map.updateSize();
    const [width, height] = this.map.getSize() ?? [0, 0];
    if (!width || !height) { this.first = () => this.fit(box, 0); return; }
    const pad = Math.min(60, width / 8, height / 8);
    this.map.getView().fit(box, { padding: [pad, pad, pad, pad], minResolution: 1.2, duration: calm(duration) });
  }
  goTo(lon: number, lat: number, resolution = 3) {
    const view = this.map.getView();
    view.animate({ center: project(lon, lat), resolution: Math.min(view.getResolution() ?? resolution, resolution), duration: calm(250) });
  }
  /** Moves the map just so far that a place is in sight. */
  reveal(lon: number, lat: number) {
    const view = this.map.getView(), size = this.map.getSize(), at = project(lon, lat), pixel = this.map.getPixelFromCoordinate(at);
    if (!size || !pixel) return;
    if (pixel[0]! < 50 || pixel[1]! < 50 || pixel[0]! > size[0]! - 50 || pixel[1]! > size[1]! - 50) view.animate({ center: at, duration: calm(250) });
  }
  zoom(by: number) {
    const view = this.map.getView(), now = view.getZoom();
    if (now !== undefined) view.animate({ zoom: now + by, duration: calm(180) });
  }
  resize() {
    this.map.updateSize();
  }
  hit(pixel: [number, number]): Hit | null {
    const at = this.map.getCoordinateFromPixel(pixel), resolution = this.map.getView().getResolution() ?? 1, { seen } = this.above;
    if (!at) return null;
    for (let place = this.things.length - 1; place >= 0; place -= 1) {
      const thing = this.things[place]!, wide = thing.kind === "crew" || thing.kind === "crews";
      const dx = (at[0]! - seen.left) / seen.resolution - thing.x, dy = (seen.top - at[1]!) / seen.resolution - thing.y;
      if (wide ? Math.abs(dx) <= thing.reach && Math.abs(dy) <= 11 : dx * dx + dy * dy <= thing.reach ** 2) return { thing };
    }
    if (!this.network || !this.what.network) return null;
    const branch = nearest(this.network, at[0]!, at[1]!, REACH * resolution, {
      lv: this.what.lv && resolution < SHOWN.lv, service: this.what.lv && resolution < SHOWN.service, symbols: resolution < SHOWN.switches,
    });
    return branch < 0 ? null : { branch };
  }
  /** Where an incident, danger, crew or depot is drawn, in pixels of the map's element; null: out of sight, or not shown. */
  placeOf(id: string): { x: number; y: number; alone: boolean } | null {
    const thing = this.things.find((each) => each.ids.includes(id)), { seen } = this.above;
    const at = thing && this.map.getPixelFromCoordinate([seen.left + thing.x * seen.resolution, seen.top - thing.y * seen.resolution]);
    return thing && at ? { x: at[0]!, y: at[1]!, alone: thing.ids.length === 1 } : null;
  }
  /** Drags the map in circles for a while, as a hand would, and returns the frames that were drawn in each second. */
  async panFps(ms = 2_000): Promise<number> {
    const view = this.map.getView(), middle = view.getCenter() ?? [0, 0], resolution = view.getResolution() ?? 1;
    let frames = 0, start = 0;
    view.beginInteraction();
    await new Promise<void>((done) => {
      const step = (at: number) => {
        start ||= at;
        const turn = ((at - start) / 1_000) * Math.PI;
        view.setCenterInternal([middle[0]! + 500 * resolution * Math.sin(turn), middle[1]! + 250 * resolution * (1 - Math.cos(turn))]);
        this.map.renderSync();
        frames += 1;
        if (at - start < ms) requestAnimationFrame(step);
        else { start = (frames * 1_000) / (at - start); done(); }
      };
      requestAnimationFrame(step);
    });
    view.endInteraction();
    view.setCenter(middle);
    return start;
  }

  // ------------------------------------------------------------------------------------------------ drawing
  private redrawAll() {
    this.picture.stale = true;
    this.networkLayer.changed();
    this.moved();
  }
  private moved() {
    this.above.stale = true;
    this.thingsLayer.changed();
  }
  /** States may change many times a second: the picture is drawn a few times a second at most. */
  private later() {
    this.redraw ??= setTimeout(() => {
      this.redraw = undefined;
      this.redrawAll();
    }, Math.max(0, this.picture.at + REDRAW_MS - performance.now()));
  }
  private renderNetwork(frame: FrameState): HTMLElement {
    return this.picture.show(frame, { margin: MARGIN, pause: 400, zoom: 3 }, (context, seen) => {
      if (this.network) drawNetwork(context, seen, this.network, this.usual, this.what, this.colours);
      else {
        context.fillStyle = this.colours["map-ground"];
        context.fillRect(0, 0, context.canvas.width, context.canvas.height);
      }
    });
  }
  private renderThings(frame: FrameState): HTMLElement {
    return this.above.show(frame, { margin: 0, pause: 0, zoom: 1 }, (context, seen) => {
      const { scene } = this, { resolution } = seen, at = performance.now(), known = this.clusters;
      if (!known || known.of !== scene.incidents || known.chosen !== scene.chosen || Math.abs(known.resolution / resolution - 1) > 0.12) {
        const shown = scene.layers.uncertainOnly ? scene.incidents.filter(({ row }) => row.uncertain) : scene.incidents;
        this.clusters = { resolution, chosen: scene.chosen, of: scene.incidents, found: cluster(shown, resolution, scene.chosen) };
      }
      let glides = false;
      scene.crews = [...this.gliding.values()].map((each) => {
        const [x, y] = glide(each, at), { goal_lon: lon, goal_lat: lat } = each.row;
        glides ||= at - each.since < GLIDE_MS && (each.from[0] !== each.to[0] || each.from[1] !== each.to[1]);
        return { row: each.row, x, y, goal: lon === null || lat === null ? null : project(lon, lat) };
      });
      this.things = drawThings(context, seen, scene, this.clusters!.found, this.colours);
      if (glides) this.glided ??= setTimeout(() => { this.glided = undefined; this.moved(); }, GLIDE_EVERY_MS);
    });
  }
}

function placed<Row extends { lon: number; lat: number }>(rows: Iterable<Row>): Placed<Row>[] {
  return Array.from(rows, (row) => { const [x, y] = project(row.lon, row.lat); return { row, x, y }; });
}
function glide({ from, to, since }: Gliding, at: number): [number, number] {
  const part = calm(1) ? Math.min(1, (at - since) / GLIDE_MS) : 1;
  return [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part];
}
const still = matchMedia("(prefers-reduced-motion: reduce)");
function calm(duration: number): number {
  return still.matches ? 0 : duration;
}
