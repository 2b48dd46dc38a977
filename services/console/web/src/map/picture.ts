/** Draws the network into one picture that is larger than what is seen: while the map is dragged only the picture moves. */
import type { Chains, Network, Unusual } from "./grid";
import { KIND } from "./grid";
import type { Seen } from "./kept";
import { LINES, ORDER, SHOWN, type Colours } from "./styles";

export interface What { network: boolean; lv: boolean; uncertainOnly: boolean; labels: boolean }

/** Strokes at most this many points at once: a path of tens of thousands is far slower than its parts. */
const AT_ONCE = 600;
const NEAR = 0.8;

function trace(context: CanvasRenderingContext2D, chains: Chains, view: Seen, margin: number, stroke: () => void, whole = false) {
  const { boxes, starts, xy } = chains, { left, top, resolution } = view;
  const right = left + (view.width + margin) * resolution, bottom = top - (view.height + margin) * resolution;
  const near = whole ? 0 : NEAR * NEAR;
  let points = 0;
  context.beginPath();
  for (let chain = 0; chain < chains.count; chain += 1) {
    const box = 4 * chain;
    if (boxes[box]! > right || boxes[box + 2]! < left - margin * resolution || boxes[box + 1]! > top + margin * resolution || boxes[box + 3]! < bottom) continue;
    const from = starts[chain]!, until = starts[chain + 1]! - 1;
    let px = (xy[2 * from]! - left) / resolution, py = (top - xy[2 * from + 1]!) / resolution;
    context.moveTo(px, py);
    for (let point = from + 1; point <= until; point += 1) {
      const x = (xy[2 * point]! - left) / resolution, y = (top - xy[2 * point + 1]!) / resolution;
      if (point < until && (x - px) ** 2 + (y - py) ** 2 < near) continue;
      context.lineTo(x, y);
      px = x; py = y;
      points += 1;
    }
    if (points > AT_ONCE) { stroke(); context.beginPath(); points = 0; }
  }
  if (points) stroke();
}

function graticule(context: CanvasRenderingContext2D, view: Seen, colours: Colours) {
  const wanted = 180 * view.resolution, power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= wanted) ?? 10);
  context.strokeStyle = colours.line;
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  for (let x = Math.ceil(view.left / step) * step; x < view.left + view.width * view.resolution; x += step) {
    const at = Math.round((x - view.left) / view.resolution) + 0.5;
    context.moveTo(at, 0); context.lineTo(at, view.height);
  }
  for (let y = Math.floor(view.top / step) * step; y > view.top - view.height * view.resolution; y -= step) {
    const at = Math.round((view.top - y) / view.resolution) + 0.5;
    context.moveTo(0, at); context.lineTo(view.width, at);
  }
  context.stroke();
  context.globalAlpha = 1;
}

export function drawNetwork(context: CanvasRenderingContext2D, view: Seen, network: Network, now: Unusual, what: What, colours: Colours) {
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.fillStyle = colours["map-ground"];
  context.fillRect(0, 0, view.width, view.height);
  graticule(context, view, colours);
  const { resolution } = view, closeBy = resolution < 8, lv = what.lv && resolution < SHOWN.lv, service = what.lv && resolution < SHOWN.service;
  context.lineJoin = "round";
  const plain = (chains: Chains, name: keyof Colours, width: number, alpha = 1) => {
    context.strokeStyle = colours[name];
    context.lineWidth = width;
    context.globalAlpha = alpha;
    trace(context, chains, view, 4, () => context.stroke());
    context.globalAlpha = 1;
  };
  context.setLineDash([]);
  context.lineCap = "butt";
  if (what.network && !what.uncertainOnly) {
    if (service) plain(network.lines.service, "map-lv", 0.8, 0.8);
    if (lv) plain(network.lines.lv, "map-lv", closeBy ? 1.4 : 0.9, resolution > 25 ? 0.7 : 1);
    plain(network.lines.mv, "map-mv", closeBy ? 2.6 : 1.9);
  } else if (what.network) plain(network.lines.mv, "map-mv", 1, 0.35);
  if (what.network) for (const name of ORDER) {
    const chains = now.chains[name];
    if (!chains || (what.uncertainOnly && name !== "uncertain")) continue;
    const line = LINES[name], width = line.width * (resolution > 40 ? 0.8 : 1);
    context.setLineDash(line.dash);
    context.lineCap = "butt";
    context.lineWidth = width + 2.5;
    if (line.dash.length) {
      context.setLineDash([]);
      context.strokeStyle = colours["map-ground"];
      trace(context, chains, view, 8, () => context.stroke());
      context.setLineDash(line.dash);
    }
    context.lineWidth = width;
    context.strokeStyle = colours[line.colour];
    trace(context, chains, view, 8, () => context.stroke());
    if (line.double) {
      context.lineWidth = width - 3;
      context.strokeStyle = colours["map-ground"];
      trace(context, chains, view, 8, () => context.stroke());
    }
  }
  context.setLineDash([]);
  if (what.network) symbols(context, view, network, now, what, colours);
}

function symbols(context: CanvasRenderingContext2D, view: Seen, network: Network, now: Unusual, what: What, colours: Colours) {
  const { resolution, left, top } = view, { kind, normally_closed: closed } = network.grid.branches;
  const size = resolution < 4 ? 5 : 3.6;
  const each = (branch: number, x: number, y: number) => {
    const state = now.fed.get(branch), stands = now.stands.get(branch), strange = stands !== undefined, sort = kind[branch]!;
    if (!strange && (what.uncertainOnly ? state !== "uncertain" : resolution > (sort === KIND.transformer ? SHOWN.transformers : SHOWN.switches))) return;
    const line = state && LINES[state];
    const edge = line ? colours[line.colour] : sort === KIND.transformer ? colours["map-lv"] : colours["map-mv"];
    context.strokeStyle = edge;
    context.fillStyle = colours["map-ground"];
    context.lineWidth = 1.8;
    context.beginPath();
    if (strange) {
      const wide = size + 3;
      context.strokeStyle = stands === "open" ? colours.bad : colours.tie;
      context.lineWidth = 2.4;
      context.rect(x - wide, y - wide, 2 * wide, 2 * wide);
      context.fill(); context.stroke();
      context.beginPath();
      if (stands === "open") { context.moveTo(x - wide + 3, y + wide - 3); context.lineTo(x + wide - 3, y - wide + 3); }
      else { context.moveTo(x - wide + 2, y); context.lineTo(x + wide - 2, y); }
      context.stroke();
    } else if (sort === KIND.transformer) {
      context.arc(x - size * 0.45, y, size * 0.8, 0, 7);
      context.moveTo(x + size * 1.25, y);
      context.arc(x + size * 0.45, y, size * 0.8, 0, 7);
      context.fill();
      context.stroke();
    } else if (sort === KIND.regulator) {
      context.arc(x, y, size, 0, 7);
      context.moveTo(x - size, y + size); context.lineTo(x + size, y - size);
      context.fill(); context.stroke();
    } else {
      context.rect(x - size, y - size, 2 * size, 2 * size);
      if (closed[branch]) context.fillStyle = edge;
      context.fill(); context.stroke();
    }
    if (state === "uncertain" && resolution < 20) {
      context.fillStyle = colours.warn;
      context.font = `700 13px ${colours.font}`;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.lineWidth = 3;
      context.strokeStyle = colours["map-halo"];
      context.strokeText("?", x + size + 3, y);
      context.fillText("?", x + size + 3, y);
    }
  };
  const { xy, branches } = network.symbols;
  for (let place = 0; place < branches.length; place += 1) {
    const x = (xy[2 * place]! - left) / resolution, y = (top - xy[2 * place + 1]!) / resolution;
    if (x > -12 && y > -12 && x < view.width + 12 && y < view.height + 12) each(branches[place]!, x, y);
  }
}
