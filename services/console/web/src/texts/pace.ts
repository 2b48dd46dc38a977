/** How often something dear may be asked for again: not before it has rested ten times as long as it took the last time. */
const RESTS = 10;

export class Pace {
  private begunMs = 0;
  private endedMs = 0;
  begin() {
    this.begunMs = performance.now();
  }
  end() {
    this.endedMs = performance.now();
  }
  get rested(): boolean {
    return performance.now() - this.endedMs >= RESTS * Math.max(0, this.endedMs - this.begunMs);
  }
}
