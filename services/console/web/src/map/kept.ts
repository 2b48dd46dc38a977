/** A canvas that is drawn with a margin around what is seen: while the map is dragged it is only moved, while it zooms only scaled. */
import type { FrameState } from "ol/Map";

/** What a canvas shows: the place of its upper left corner and its size in pixels of the page; `ratio` pixels of the canvas for each. */
export interface Seen { left: number; top: number; resolution: number; width: number; height: number; ratio: number }

export interface Rules {
  /** Share of the width and height that is drawn beyond each edge; 0: it is drawn anew at every step. */
  margin: number;
  /** While the map moves, what has changed is drawn after this many milliseconds. */
  pause: number;
  /** While the map zooms, it is drawn anew at this factor. */
  zoom: number;
}

export class Kept {
  readonly canvas = document.createElement("canvas");
  seen: Seen = { left: 0, top: 0, resolution: 0, width: 0, height: 0, ratio: 1 };
  stale = true;
  /** When it was drawn last (performance.now). */
  at = 0;

  constructor() {
    Object.assign(this.canvas.style, { position: "absolute", left: "0", top: "0", transformOrigin: "0 0", willChange: "transform" });
  }
  /** Draws it where need be, and puts it where the frame wants it. */
  show(frame: FrameState, rules: Rules, draw: (context: CanvasRenderingContext2D, seen: Seen) => void): HTMLCanvasElement {
    const [width, height] = frame.size as [number, number], { resolution, center } = frame.viewState, { seen } = this;
    const left = center[0]! - (width / 2) * resolution, top = center[1]! + (height / 2) * resolution;
    if (this.wanted(seen, { left, top, resolution, width, height, ratio: frame.pixelRatio }, isMoving(frame), rules)) {
      const wide = Math.ceil(width * (1 + 2 * rules.margin)), high = Math.ceil(height * (1 + 2 * rules.margin));
      this.seen = { left: center[0]! - (wide / 2) * resolution, top: center[1]! + (high / 2) * resolution, resolution, width: wide, height: high, ratio: frame.pixelRatio };
      this.size(wide, high, frame.pixelRatio);
      draw(this.canvas.getContext("2d")!, this.seen);
      this.stale = false;
      this.at = performance.now();
    }
    const now = this.seen, ratio = frame.pixelRatio, whole = (value: number) => Math.round(value * ratio) / ratio;
    this.canvas.style.transform = `translate(${whole((now.left - left) / resolution)}px, ${whole((top - now.top) / resolution)}px) scale(${now.resolution / resolution})`;
    return this.canvas;
  }
  private wanted(drawn: Seen, now: Seen, moving: boolean, rules: Rules): boolean {
    if (!drawn.resolution) return true;
    const grown = drawn.resolution / now.resolution;
    if (!moving) return this.stale || Math.abs(grown - 1) > 1e-6 || !holds(drawn, now);
    if (this.stale && performance.now() - this.at > rules.pause) return true;
    if (grown > rules.zoom || grown < 1 / rules.zoom) return true;
    return Math.abs(grown - 1) < 1e-6 && !holds(drawn, now);
  }
  private size(width: number, height: number, ratio: number) {
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }
}
function isMoving(frame: FrameState): boolean {
  return frame.viewHints.some((hint) => hint > 0);
}
/** A pixel is allowed for rounding: a canvas without margin still holds what it was drawn for. */
function holds(drawn: Seen, now: Seen): boolean {
  const slack = now.resolution;
  return drawn.left <= now.left + slack && drawn.top >= now.top - slack
    && drawn.left + drawn.width * drawn.resolution >= now.left + now.width * now.resolution - slack
    && drawn.top - drawn.height * drawn.resolution <= now.top - now.height * now.resolution + slack;
}
