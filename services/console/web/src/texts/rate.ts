/** Texts a minute with uPlot: handed over, arrived, failed, in the colours of style.css and the utility's time. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colour } from "../lib/theme.svelte";
import type { MinuteRow } from "../lib/types";

export interface Speech { zone: string; hour: (ms: number) => string; count: (value: number) => string }
const HEIGHT = 170, LEAST_WIDTH = 200;
export const LINES = ["sent", "delivered", "failed"] as const;
const COLOURS: Record<(typeof LINES)[number], string> = { sent: "accent", delivered: "good", failed: "bad" };
const DASHES: Record<(typeof LINES)[number], number[]> = { sent: [], delivered: [6, 4], failed: [2, 3] };

function data(rows: readonly MinuteRow[]): uPlot.AlignedData {
  return [rows.map((row) => row.at_ms / 1000), ...LINES.map((line) => rows.map((row) => row[line]))];
}
export class Rate {
  private plot: uPlot;
  private readonly seen: ResizeObserver;
  constructor(private readonly host: HTMLElement, rows: readonly MinuteRow[], private speech: Speech, points: (place: number | null) => void) {
    const grid = { stroke: () => colour("line"), width: 1 }, font = `12px ${colour("font")}`;
    this.plot = new uPlot(
      {
        width: Math.max(LEAST_WIDTH, host.clientWidth), height: HEIGHT, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.speech.zone),
        scales: { y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] } },
        axes: [
          { stroke: () => colour("ink-soft"), grid, ticks: { stroke: () => colour("line"), size: 4 }, size: 30, space: 60, font, values: (_, splits) => splits.map((seconds) => this.speech.hour(seconds * 1000)) },
          { stroke: () => colour("ink-soft"), grid, ticks: { show: false }, size: 54, space: 34, font, incrs: Array.from({ length: 7 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat(), values: (_, splits) => splits.map((value) => this.speech.count(value)) },
        ],
        series: [{}, ...LINES.map((line) => ({ stroke: () => colour(COLOURS[line]), width: 2, dash: DASHES[line], points: { show: false } }))],
        hooks: { setCursor: [(plot) => points(plot.cursor.idx ?? null)] },
      },
      data(rows),
      host,
    );
    this.seen = new ResizeObserver(() => {
      const width = Math.max(LEAST_WIDTH, this.host.clientWidth);
      if (width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
    });
    this.seen.observe(host);
  }
  show(rows: readonly MinuteRow[], speech: Speech) {
    this.speech = speech;
    this.plot.setData(data(rows));
  }
  redraw() {
    this.plot.redraw(true, true);
  }
  close() {
    this.seen.disconnect();
    this.plot.destroy();
  }
}
