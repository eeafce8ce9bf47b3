// What has to hold of any frame.
import { decode, json, line, problemText, tree } from "../../dist/index.js";
import { Frame } from "../../dist/packet/frame.js";
import { headerOf } from "../../dist/packet/headers.js";

/** Decoding takes so many milliseconds at most, whatever the octets are: far more than it needs on a busy machine. */
const timeLimit = (size) => 2 + size * 0.0005;

const MARGIN = 64;
const written = new Uint8Array(70_000);
const frame = new Frame();

/** Thrown where something does not hold. */
export class Finding extends Error {}

function hold(condition, what) {
  if (!condition) throw new Finding(typeof what === "function" ? what() : what);
}

/** The packet decoded from `input`, once everything was found to hold of it; `thorough` looks also at what is shown of it. */
export function check(input, thorough) {
  const { octets, linkType, length } = input;
  // Every read goes through a DataView of just these octets: one behind them throws
  const started = performance.now();
  const packet = decode(octets, linkType, { length });
  if (performance.now() - started > timeLimit(octets.length)) checkTime(input);
  placesHold(packet, octets.length);
  sameElsewhere(input, packet);
  octetsComeBack(octets, packet);
  if (thorough) {
    viewsShow(packet);
    trailerIsApart(input, packet);
    line(packet);
    tree(packet);
    json(packet, { payload: true });
    for (const problem of packet.problems) problemText(problem);
  }
  return packet;
}

/** The machine may have been busy: it is the fastest of many that counts. */
function checkTime({ octets, linkType, length }) {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    decode(octets, linkType, { length });
    fastest = Math.min(fastest, performance.now() - started);
  }
  hold(fastest <= timeLimit(octets.length), () => `takes ${fastest.toFixed(1)} ms for ${octets.length} octets`);
}

function placesHold(packet, size) {
  for (const problem of packet.problems) {
    hold(problem.at >= 0 && problem.at <= size, `problem at ${problem.at} of ${size}: ${problemText(problem)}`);
    if (problem.kind === "truncated")
      hold(problem.available >= 0 && problem.available < problem.needed, `impossible: ${problemText(problem)}`);
    if (problem.kind === "checksum") hold(problem.found !== problem.computed, `no problem: ${problemText(problem)}`);
  }
  for (const { layer } of packet.checksums) hold(layer < packet.layers.length, "a checksum of no layer");
}

/** Among other octets, in a block of a capture, the same packet. */
function sameElsewhere({ octets, linkType, length }, packet) {
  const block = new Uint8Array(octets.length + 2 * MARGIN);
  block.fill(0xa5);
  block.set(octets, MARGIN);
  frame.linkType = linkType;
  frame.move(new DataView(block.buffer), MARGIN, MARGIN + octets.length, length);
  hold(same(frame.own(), packet), "depends on octets around the frame");
}

/** Each layer is written as it was read, and together they are the frame. */
function octetsComeBack(octets, packet) {
  const data = new DataView(written.buffer);
  let at = 0;
  for (const layer of packet.layers) {
    let part = layer.octets;
    if (layer.kind === "payload")
      hold(part.length <= layer.length, `${part.length} octets of a payload of ${layer.length}`);
    if (layer.kind !== "payload" && layer.kind !== "trailer" && layer.kind !== "cut") {
      const header = headerOf(layer.kind);
      const size = header.size(layer);
      hold(at + size <= octets.length, `${layer.kind} would be written with ${size} octets`);
      written.fill(0xa5, 0, size + 2);
      header.encode(layer, data, 1);
      hold(written[0] === 0xa5 && written[size + 1] === 0xa5, `${layer.kind} is written over its ends`);
      part = written.subarray(1, size + 1);
    }
    hold(Buffer.compare(part, octets.subarray(at, at + part.length)) === 0, `${layer.kind} is written otherwise`);
    at += part.length;
  }
  hold(at === octets.length, `layers have ${at} of ${octets.length} octets`);
}

/** The views of `frame`, which holds the packet still, have what values have. */
function viewsShow(packet) {
  const { layers } = frame;
  hold(layers.length === packet.layers.length, "other layers as views");
  for (const [i, value] of packet.layers.entries())
    for (const name of Object.keys(value)) hold(same(layers[i][name], value[name]), `${value.kind}.${name} as a view`);
}

/** What is behind the end of a packet is no part of it. */
function trailerIsApart({ octets, linkType, length }, packet) {
  const trailer = packet.layers.at(-1);
  if (trailer?.kind !== "trailer") return;
  const changed = octets.slice();
  for (let i = octets.length - trailer.octets.length; i < octets.length; i++) changed[i] ^= 0xff;
  const other = decode(changed, linkType, { length });
  // Extensions behind what an ICMP error quotes are covered by its checksum
  const others = (problems) => problems.filter(({ kind }) => kind !== "checksum");
  hold(same(other.layers.slice(0, -1), packet.layers.slice(0, -1)), "layers depend on what is behind their packet");
  hold(same(others(other.problems), others(packet.problems)), "problems depend on what is behind their packet");
}

/** Whether two values of plain data are the same. */
function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!same(a[name], b[name])) return false;
  return true;
}

/** What sort of packet it is: its layers, their options and problems. */
export function sortOf({ layers, problems }) {
  let sort = "";
  for (const layer of layers) {
    sort += layer.kind === "cut" ? ` cut ${layer.header}` : ` ${layer.kind}`;
    for (const rest of [layer.options, layer.message?.options, layer.body, layer.message])
      if (Array.isArray(rest)) sort += `(${[...new Set(rest.map(({ kind }) => kind))].join()})`;
      else if (rest?.kind) sort += `(${rest.kind} ${rest.of ?? ""})`;
  }
  for (const problem of problems) sort += ` ${problem.kind} ${problem.layer} ${problem.field ?? problem.limit ?? ""}`;
  return sort;
}
