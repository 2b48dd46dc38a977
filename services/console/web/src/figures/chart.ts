/** Lines and bars over time with uPlot: colours of style.css, times of the utility's zone, the chosen language, and one line for what was earlier. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colour } from "../lib/theme.svelte";
import type { Ms } from "../lib/types";

export interface Drawn {
  kind: "line" | "bars";
  /** Where each bucket ends, and the values as far as they go. */
  at: readonly Ms[];
  now: readonly number[];
  before: readonly number[] | null;
  from: Ms;
  until: Ms;
  moment: Ms;
}
export interface Speech {
  zone: string;
  hour: (ms: Ms) => string;
  day: (ms: Ms) => string;
  count: (value: number) => string;
}
export const HEIGHT = 220;
const DAY_S = 86_400;
/** Customers are counted in whole numbers. */
const WHOLE = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

function padded(values: readonly number[], length: number): (number | null)[] {
  return Array.from({ length }, (_, place) => values[place] ?? null);
}
function data(drawn: Drawn): uPlot.AlignedData {
  const length = drawn.at.length;
  return [drawn.at.map((ms) => ms / 1000), padded(drawn.now, length), drawn.before ? padded(drawn.before, length) : new Array<null>(length).fill(null)];
}

export class Chart {
  private plot: uPlot;
  private drawn: Drawn;
  private speech: Speech;
  private readonly seen: ResizeObserver;
  private readonly refont = () => this.redraw();
  constructor(
    private readonly host: HTMLElement, drawn: Drawn, speech: Speech,
    private readonly points: (place: number | null) => void, private readonly picked: (from: Ms, until: Ms) => void,
  ) {
    this.drawn = drawn;
    this.speech = speech;
    this.plot = this.make();
    this.seen = new ResizeObserver(() => this.fit());
    this.seen.observe(host);
    document.fonts.addEventListener("loadingdone", this.refont);
  }
  private make(): uPlot {
    const line = this.drawn.kind === "line";
    const bars = uPlot.paths.bars!({ size: [0.86, 60], align: -1 });
    const options: uPlot.Options = {
      width: Math.max(200, this.host.clientWidth), height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.speech.zone),
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: { x: { range: () => [this.drawn.from / 1000, Math.max(this.drawn.until, this.drawn.from + 1000) / 1000] }, y: { range: (_, __, most) => [0, Math.max(4, most * 1.08)] } },
      axes: [
        { stroke: () => colour("ink-soft"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line"), size: 5 }, size: 32, space: 62,
          values: (_, splits, __, ___, step) => splits.map((seconds) => this.label(seconds, step)) },
        { stroke: () => colour("ink-soft"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, size: 58, space: 38, incrs: WHOLE,
          values: (_, splits) => splits.map((value) => this.speech.count(value)) },
      ],
      series: [
        {},
        { stroke: () => colour("accent"), fill: () => colour(line ? "accent-soft" : "accent"), width: line ? 2 : 0, points: { show: false }, ...(line ? {} : { paths: bars }) },
        { stroke: () => colour("warn"), width: 2, dash: [7, 5], points: { show: false } },
      ],
      hooks: {
        setCursor: [(plot) => this.points(plot.cursor.idx ?? null)],
        setSelect: [(plot) => this.select(plot)],
        draw: [(plot) => this.mark(plot)],
      },
    };
    for (const axis of options.axes!) axis.font = `12px ${colour("font")}`;
    return new uPlot(options, data(this.drawn), this.host);
  }
  private label(seconds: number, step: number): string {
    const ms = seconds * 1000;
    if (step >= DAY_S) return this.speech.day(ms);
    const hour = this.speech.hour(ms);
    return hour === "00:00" ? this.speech.day(ms) : hour;
  }
  /** A line where now is, when the period goes on behind it. */
  private mark(plot: uPlot) {
    const { moment, until } = this.drawn;
    if (moment >= until) return;
    const x = plot.valToPos(moment / 1000, "x", true), { ctx, bbox } = plot;
    if (x < bbox.left) return;
    ctx.save();
    ctx.strokeStyle = colour("ink-soft");
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }
  private select(plot: uPlot) {
    const { left, width } = plot.select;
    if (width < 8) return;
    const from = plot.posToVal(left, "x") * 1000, until = plot.posToVal(left + width, "x") * 1000;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.picked(Math.round(from / 60_000) * 60_000, Math.round(until / 60_000) * 60_000);
  }
  private fit() {
    const width = Math.max(200, this.host.clientWidth);
    if (width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }
  show(drawn: Drawn, speech: Speech) {
    this.drawn = drawn;
    this.speech = speech;
    this.plot.setData(data(drawn));
  }
  redraw() {
    this.plot.redraw(true, true);
  }
  close() {
    document.fonts.removeEventListener("loadingdone", this.refont);
    this.seen.disconnect();
    this.plot.destroy();
  }
}
