import { requireType } from "../arguments.js";
import { type CompileOptions, graphOf } from "./compile.js";
import type { Comparison } from "./condition.js";
import type { Graph, Step } from "./graph-steps.js";
import { type Held, loadHeld, Walked } from "./held.js";
import { type Asked, namedTest } from "./named-test.js";
import { memoryWords } from "./program.js";
import { operate, type Size, type Value, values } from "./value.js";

/**
 * Whether a packet matches: `data` has it from `at` to `end`, and `length` is what it had on the wire, in octets; `about`
 * is what else is known of it. Never throws; a packet too short for a question of the filter does not match.
 */
export type Predicate = (data: DataView, at: number, end: number, length: number, about?: About) => boolean;

/** What the octets of a packet do not tell. */
type About = Pick<Asked, "direction" | "device">;

export interface PredicateOptions extends Pick<CompileOptions, "netmask" | "interfaceOf" | "addresses"> {
  /** The LINKTYPE_ number of the packets. */
  readonly linkType: number;
  /** For LINKTYPE_NULL: written by a machine of the other octet order. */
  readonly swapped?: boolean;
}

/** A filter as a function that gives the same answer as its program, and faster. Throws `BAD_FILTER`. */
export function predicate(source: string, options: PredicateOptions): Predicate {
  requireType("options", options, "object");
  const { linkType, swapped = false, ...others } = options;
  const { graph } = graphOf(source, { ...others, target: { linkType, swapped } }, values(), "exact");
  const asks = matcher(graph, plainReads);
  if (!asksNamed(graph)) return asks as Predicate; // which asks nothing of its last argument
  const packet = new Walked(linkType);
  return (data, at, end, length, about) => asks(data, at, end, length, packet.move(data, at, end, length, about));
}

/**
 * What is left to ask of packets that the program of {@link compileStage} has selected for the same options; undefined
 * where nothing is. Throws `BAD_FILTER`.
 */
export function remainder(source: string, options: CompileOptions): ((packet: Held) => boolean) | undefined {
  if (graphOf(source, options, values(), "prefilter").complete) return undefined;
  const asks = matcher(graphOf(source, options, values(), "rest").graph, heldReads);
  return (packet) => asks(packet.data, packet.at, packet.end, packet.length, packet);
}

function asksNamed({ steps }: Graph): boolean {
  return steps.some((step) => step?.kind === "test" && step.left.kind === "named");
}

/** A number of a packet that begins at `at` and has `size` octets, or -1 where it cannot be had. */
type Measure = (
  data: DataView,
  at: number,
  size: number,
  length: number,
  memory: Uint32Array,
  packet: Asked | Held | undefined,
) => number;

/** How octets are read, by their place in what the program of a filter sees. */
interface Reads {
  /** Whether that is what `data` holds. */
  readonly plain: boolean;
  load(at: number, size: Size): Measure;
  indexed(base: Measure, at: number, size: Size): Measure;
  headerLength(at: number): Measure;
  length: Measure;
}

const plainReads: Reads = {
  plain: true,
  load: (place, width) => (data, at, size) => (place + width > size ? -1 : read(data, at + place, width)),
  indexed: (base, place, width) => (data, at, size, length, memory, packet) => {
    const index = base(data, at, size, length, memory, packet);
    const from = (index + place) >>> 0;
    if (index < 0 || index > size || place > size || from + width > size) return -1;
    return read(data, at + from, width);
  },
  headerLength: (place) => (data, at, size) => (place >= size ? -1 : (data.getUint8(at + place) & 0xf) << 2),
  length: (_data, _at, _size, length) => length,
};

const held = (packet: Asked | Held | undefined): Held => packet as Held;

/** Of packets as the kernel holds them, which `data` no longer shows as they were. */
const heldReads: Reads = {
  plain: false,
  load: (place, width) => (_data, _at, _size, _length, _memory, packet) => loadHeld(held(packet), place, width),
  indexed: (base, place, width) => (data, at, size, length, memory, packet) => {
    const index = base(data, at, size, length, memory, packet);
    return index < 0 ? -1 : loadHeld(held(packet), (index + place) >>> 0, width);
  },
  headerLength: (place) => (_data, _at, _size, _length, _memory, packet) => {
    const octet = loadHeld(held(packet), place, 1);
    return octet < 0 ? -1 : (octet & 0xf) << 2;
  },
  length: (_data, _at, _size, length, _memory, packet) => length - held(packet).tagSize,
};

/** What a row of the table does, by the lower bits of its first number. */
const ends = 0;
const matches = 1;
const octet = 2;
const pair = 3;
const word = 4;
/** Two octets behind an IPv4 header: a port. */
const behindHeader = 5;
const measured = 6;
const keeps = 7;

const comparisonBits: Readonly<Record<Comparison, number>> = { equal: 0, greater: 8, atLeast: 16 };

/** Numbers in a row: what to do, where, which number to compare with, the rows for yes and no, and one more. */
const width = 6;
const outOfReach = 0x7fffffff;

/** As a {@link Predicate}, with the packet for questions that are not of its octets. */
type Matcher = (data: DataView, at: number, end: number, length: number, packet?: Asked | Held) => boolean;

function matcher(graph: Graph, reads: Reads): Matcher {
  const { table, measures } = rows(graph, reads);
  const root = graph.root * width;
  const memory = new Uint32Array(memoryWords);
  const hasMemory = graph.steps.some((step) => step?.kind === "set");

  // hot
  return (data, at, end, length, packet) => {
    const size = end - at;
    if (hasMemory) memory.fill(0);
    let row = root;
    for (;;) {
      const action = table[row]!;
      let value = 0;
      switch (action & 7) {
        case ends:
          return false;
        case matches:
          return true;
        case octet: {
          const from = table[row + 1]!;
          if (from >= size) return false;
          value = data.getUint8(at + from) & table[row + 5]!;
          break;
        }
        case pair: {
          const from = table[row + 1]!;
          if (from > size - 2) return false;
          value = data.getUint16(at + from) & table[row + 5]!;
          break;
        }
        case word: {
          const from = table[row + 1]!;
          if (from > size - 4) return false;
          value = data.getInt32(at + from) & table[row + 5]!;
          break;
        }
        case behindHeader: {
          const header = table[row + 5]!;
          if (header >= size) return false;
          const from = ((data.getUint8(at + header) & 0xf) << 2) + table[row + 1]!;
          if (from > size - 2) return false;
          value = data.getUint16(at + from);
          break;
        }
        default: {
          value = measures[table[row + 5]!]!(data, at, size, length, memory, packet);
          if (value < 0) return false;
          if ((action & 7) === keeps) {
            memory[table[row + 1]!] = value;
            row = table[row + 3]!;
            continue;
          }
          value |= 0;
        }
      }
      const other = table[row + 2]!;
      const yes = action < 8 ? value === other : action < 16 ? value >>> 0 > other >>> 0 : value >>> 0 >= other >>> 0;
      row = yes ? table[row + 3]! : table[row + 4]!;
    }
  };
}

function rows({ steps }: Graph, reads: Reads): { readonly table: Int32Array; readonly measures: readonly Measure[] } {
  const table = new Int32Array(steps.length * width);
  const measures: Measure[] = [];
  const add = (measure: Measure): number => measures.push(measure) - 1;
  table[width] = matches;
  steps.forEach((step, index) => {
    if (step === undefined) return;
    const row =
      step.kind === "set"
        ? [keeps, step.register, 0, step.next * width, 0, add(measureOf(step.value, reads))]
        : [...question(step, reads, add), step.yes * width, step.no * width];
    if (step.kind === "test") {
      const [action, where, number, extra, yes, no] = row;
      table.set([action!, where!, number!, yes!, no!, extra!], index * width);
    } else table.set(row, index * width);
  });
  return { table, measures };
}

/** The action of a test, where it reads, what it compares with, and the mask, header or measure it needs. */
function question(step: Step & { kind: "test" }, reads: Reads, add: (measure: Measure) => number): number[] {
  const { comparison, left, right } = step;
  const bits = comparisonBits[comparison];
  if (right.kind !== "constant") {
    // Compared here, and with 1 there.
    const one = measureOf(left, reads);
    const other = measureOf(right, reads);
    const answer: Measure = (data, at, size, length, memory, packet) => {
      const a = one(data, at, size, length, memory, packet);
      const b = other(data, at, size, length, memory, packet);
      if (a < 0 || b < 0) return -1;
      return (comparison === "equal" ? a === b : comparison === "greater" ? a > b : a >= b) ? 1 : 0;
    };
    return [measured, 0, 1, add(answer)];
  }
  if (!reads.plain) return [measured + bits, 0, right.value, add(measureOf(left, reads))];
  const masked = left.kind === "operation" && left.operator === "&" && left.right.kind === "constant";
  const read = masked ? left.left : left;
  const mask = masked && left.right.kind === "constant" ? left.right.value : -1;
  if (read.kind === "load") {
    const action = read.size === 1 ? octet : read.size === 2 ? pair : word;
    return [action + bits, Math.min(read.at, outOfReach), right.value, mask];
  }
  if (left.kind === "indexed" && left.size === 2 && left.base.kind === "headerLength" && left.at < outOfReach)
    if (left.base.at < outOfReach) return [behindHeader + bits, left.at, right.value, left.base.at];
  return [measured + bits, 0, right.value, add(measureOf(left, reads))];
}

function read(data: DataView, at: number, size: 1 | 2 | 4): number {
  if (size === 1) return data.getUint8(at);
  return size === 2 ? data.getUint16(at) : data.getUint32(at);
}

function measureOf(value: Value, reads: Reads): Measure {
  switch (value.kind) {
    case "constant":
      return () => value.value;
    case "length":
      return reads.length;
    case "memory":
      return (_data, _at, _size, _length, memory) => memory[value.register]!;
    case "load":
      return reads.load(value.at, value.size);
    case "headerLength":
      return reads.headerLength(value.at);
    case "indexed":
      return reads.indexed(measureOf(value.base, reads), value.at, value.size);
    case "negate": {
      const of = measureOf(value.of, reads);
      return (data, at, size, length, memory, packet) => {
        const number = of(data, at, size, length, memory, packet);
        return number < 0 ? -1 : -number >>> 0;
      };
    }
    case "operation": {
      const { operator } = value;
      const left = measureOf(value.left, reads);
      const right = measureOf(value.right, reads);
      return (data, at, size, length, memory, packet) => {
        const a = left(data, at, size, length, memory, packet);
        const b = right(data, at, size, length, memory, packet);
        return a < 0 || b < 0 ? -1 : (operate(operator, a, b) ?? -1);
      };
    }
    case "named": {
      const test = namedTest(value.named);
      return (_data, _at, _size, _length, _memory, packet) => (test(packet!) ? 1 : 0);
    }
    default:
      return value satisfies never;
  }
}
