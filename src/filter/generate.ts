import { fault } from "./fault.js";
import { accept, type Graph, reject, type Step } from "./graph-steps.js";
import { bpf, type Instruction, maximumInstructions, memoryWords, type Program } from "./program.js";
import type { ArithmeticOperator } from "./syntax.js";
import type { Size, Value, Values } from "./value.js";

/** An instruction whose jumps are still steps of the graph. */
interface Draft {
  readonly code: number;
  readonly k: number;
  /** Where a test leads, or a jump without one (`yes` only). */
  readonly yes?: number;
  readonly no?: number;
}

/** What the accumulator and the index register hold. */
interface Registers {
  readonly a: Value | undefined;
  readonly x: Value | undefined;
}

const sizes: Readonly<Record<Size, number>> = { 1: bpf.B, 2: bpf.H, 4: bpf.W };

const operations: Readonly<Record<ArithmeticOperator, number>> = {
  "+": bpf.ADD,
  "-": bpf.SUB,
  "*": bpf.MUL,
  "/": bpf.DIV,
  "%": bpf.MOD,
  "&": bpf.AND,
  "|": bpf.OR,
  "^": bpf.XOR,
  "<<": bpf.LSH,
  ">>": bpf.RSH,
};

const comparisons = { equal: bpf.JEQ, greater: bpf.JGT, atLeast: bpf.JGE } as const;

/** A graph as instructions that accept with `snapLength`. Throws `BAD_FILTER` where it does not fit. */
export function generate(graph: Graph, stock: Values, snapLength: number, source: string): Program {
  const whole = { at: 0, length: source.length };
  const { steps, root } = graph;
  const drafts: Draft[] = [];
  /** Where each step begins in `drafts`. */
  const starts = new Map<number, number>();
  const arriving: (Registers | undefined)[] = new Array(steps.length);
  const order: number[] = [];
  for (let at = root; at > accept; at--) if (steps[at] !== undefined) order.push(at);

  for (const register of unsetRegisters(graph)) {
    drafts.push({ code: bpf.LD | bpf.IMM, k: 0 }, { code: bpf.ST, k: register });
  }
  order.forEach((at, index) => {
    const writer = writerOf(stock, drafts, arriving[at] ?? { a: undefined, x: undefined }, () =>
      fault(source, whole, "its arithmetic needs more of the kernel's scratch memory than the 16 words there are"),
    );
    starts.set(at, drafts.length);
    const step = steps[at]!;
    if (step.kind === "set") {
      writer.set(step);
      if (order[index + 1] !== step.next) drafts.push({ code: bpf.JMP | bpf.JA, k: 0, yes: step.next });
    } else writer.test(step);
    for (const next of followers(step)) arriving[next] = meet(arriving[next], writer.registers());
  });
  starts.set(accept, drafts.length);
  drafts.push({ code: bpf.RET, k: snapLength });
  starts.set(reject, drafts.length);
  drafts.push({ code: bpf.RET, k: 0 });
  const program = assemble(drafts, starts, root <= accept ? drafts[starts.get(root)!]! : undefined, snapLength);
  if (program.length > maximumInstructions)
    throw fault(
      source,
      whole,
      `it takes ${program.length} instructions, and the kernel takes at most ${maximumInstructions}; ask for less`,
    );
  return program;
}

function followers(step: Step): readonly number[] {
  return step.kind === "set" ? [step.next] : [step.yes, step.no];
}

function meet(one: Registers | undefined, other: Registers): Registers {
  if (one === undefined) return other;
  return { a: one.a === other.a ? one.a : undefined, x: one.x === other.x ? one.x : undefined };
}

/** Words of `M[]` that are read on some way on which nothing was kept in them: the kernel refuses that. */
function unsetRegisters({ steps, root }: Graph): number[] {
  const kept: (number | undefined)[] = new Array(steps.length);
  let unset = 0;
  kept[root] = 0;
  for (let at = root; at > accept; at--) {
    const step = steps[at];
    const here = kept[at];
    if (step === undefined || here === undefined) continue;
    const read = step.kind === "set" ? step.value.registers : step.left.registers | step.right.registers;
    unset |= read & ~here;
    const after = step.kind === "set" ? here | (1 << step.register) : here;
    for (const next of followers(step)) kept[next] = (kept[next] ?? after) & after;
  }
  return Array.from({ length: memoryWords }, (_, register) => register).filter((register) => unset & (1 << register));
}

/** Writes the instructions that compute values, and keeps track of what is in the registers. */
function writerOf(stock: Values, drafts: Draft[], before: Registers, tooMuch: () => Error) {
  let { a, x } = before;
  let scratch = memoryWords - 1;

  function write(code: number, k = 0): void {
    drafts.push({ code, k });
  }

  /** Whether a value gets into the index register without the accumulator. */
  function isSimple({ kind }: Value): boolean {
    return kind === "constant" || kind === "length" || kind === "memory" || kind === "headerLength";
  }

  /** Whether a value gets into the accumulator without the index register. */
  function sparesX(value: Value): boolean {
    switch (value.kind) {
      case "constant":
      case "length":
      case "memory":
      case "load":
        return true;
      case "negate":
        return sparesX(value.of);
      case "operation":
        return value.right.kind === "constant" && sparesX(value.left);
      default:
        return false;
    }
  }

  function toX(value: Value): void {
    if (x === value) return;
    if (a === value) write(bpf.MISC | bpf.TAX);
    else if (value.kind === "constant") write(bpf.LDX | bpf.IMM, value.value);
    else if (value.kind === "length") write(bpf.LDX | bpf.LEN);
    else if (value.kind === "memory") write(bpf.LDX | bpf.MEM, value.register);
    else if (value.kind === "headerLength") write(bpf.LDX | bpf.MSH | bpf.B, value.at);
    else {
      toA(value);
      write(bpf.MISC | bpf.TAX);
    }
    x = value;
  }

  /** Computes both, the one into the accumulator, the other into the index register. */
  function toBoth(left: Value, right: Value): void {
    if (x === right && sparesX(left)) toA(left);
    else if (isSimple(right)) {
      toA(left);
      toX(right);
    } else if (sparesX(left)) {
      toX(right);
      toA(left);
    } else {
      toA(right);
      const word = scratch--;
      if (word < memoryWords / 2) throw tooMuch();
      write(bpf.ST, word);
      toA(left);
      write(bpf.LDX | bpf.MEM, word);
      x = right;
      scratch++;
    }
  }

  function toA(value: Value): void {
    if (a === value) return;
    if (x === value) write(bpf.MISC | bpf.TXA);
    else {
      switch (value.kind) {
        case "constant":
          write(bpf.LD | bpf.IMM, value.value);
          break;
        case "length":
          write(bpf.LD | bpf.LEN);
          break;
        case "load":
          write(bpf.LD | bpf.ABS | sizes[value.size], value.at);
          break;
        case "indexed":
          toX(value.base);
          write(bpf.LD | bpf.IND | sizes[value.size], value.at);
          break;
        case "headerLength":
          toX(value);
          write(bpf.MISC | bpf.TXA);
          break;
        case "memory":
          write(bpf.LD | bpf.MEM, value.register);
          break;
        case "negate":
          toA(value.of);
          write(bpf.ALU | bpf.NEG);
          break;
        case "operation":
          operate(value);
          break;
        case "named":
          throw new Error("programs ask octets only");
        default:
          value satisfies never;
      }
    }
    a = value;
  }

  function operate({ operator, left, right }: Value & { kind: "operation" }): void {
    const code = bpf.ALU | operations[operator];
    if (right.kind === "constant") {
      toA(left);
      write(code | bpf.K, right.value);
      return;
    }
    const swaps = operator === "+" || operator === "*" || operator === "&" || operator === "|" || operator === "^";
    if (swaps && (a === right || isSimple(left)) && !isSimple(right)) toBoth(right, left);
    else toBoth(left, right);
    write(code | bpf.X);
  }

  function test({ comparison, left, right, yes, no }: Step & { kind: "test" }): void {
    if (right.kind !== "constant") {
      toBoth(left, right);
      drafts.push({ code: bpf.JMP | comparisons[comparison] | bpf.X, k: 0, yes, no });
      return;
    }
    const { value } = right;
    const mask = comparison === "equal" ? maskOf(left) : undefined;
    if (mask !== undefined && left.kind === "operation" && a !== left) {
      const oneBit = value === mask && (mask & (mask - 1)) === 0;
      if (value === 0 || oneBit) {
        toA(left.left);
        const [set, clear] = value === 0 ? [no, yes] : [yes, no];
        drafts.push({ code: bpf.JMP | bpf.JSET | bpf.K, k: mask, yes: set, no: clear });
        return;
      }
    }
    toA(left);
    drafts.push({ code: bpf.JMP | comparisons[comparison] | bpf.K, k: value, yes, no });
  }

  function set({ register, value }: Step & { kind: "set" }): void {
    if (x === value && a !== value) write(bpf.STX, register);
    else {
      toA(value);
      write(bpf.ST, register);
    }
    const inX = x === value;
    const inA = a === value;
    const kept = stock.memory(register);
    const changed = (held: Value | undefined): boolean =>
      held !== undefined && (held.registers & (1 << register)) !== 0;
    if (changed(a)) a = undefined;
    if (changed(x)) x = undefined;
    if (inA) a = kept;
    if (inX) x = kept;
  }

  return { set, test, registers: (): Registers => ({ a, x }) };
}

function maskOf(value: Value): number | undefined {
  if (value.kind !== "operation" || value.operator !== "&" || value.right.kind !== "constant") return undefined;
  return value.right.value;
}

/** Instructions with distances for jumps; a test cannot jump further than 255, so a jump without one helps it. */
function assemble(
  drafts: readonly Draft[],
  starts: ReadonlyMap<number, number>,
  only: Draft | undefined,
  snapLength: number,
): Program {
  if (only !== undefined) return [{ code: only.code, jt: 0, jf: 0, k: only.k }];
  /** Which tests have help on their way to yes, and to no. */
  const helpYes = new Set<number>();
  const helpNo = new Set<number>();
  const places = new Array<number>(drafts.length);
  const placeOf = (step: number): number => places[starts.get(step)!]!;
  for (let stable = false; !stable; ) {
    let place = 0;
    drafts.forEach((_, index) => {
      places[index] = place;
      place += 1 + (helpYes.has(index) ? 1 : 0) + (helpNo.has(index) ? 1 : 0);
    });
    stable = true;
    drafts.forEach(({ yes, no }, index) => {
      if (yes === undefined || no === undefined) return;
      for (const [step, help] of [[yes, helpYes] as const, [no, helpNo] as const])
        if (!help.has(index) && placeOf(step) - places[index]! - 1 > 255) {
          help.add(index);
          stable = false;
        }
    });
  }
  const program: Instruction[] = [];
  const jump = (step: number): Instruction =>
    step <= accept
      ? { code: bpf.RET, jt: 0, jf: 0, k: step === accept ? snapLength : 0 }
      : { code: bpf.JMP | bpf.JA, jt: 0, jf: 0, k: placeOf(step) - program.length - 1 };
  drafts.forEach(({ code, k, yes, no }, index) => {
    const here = program.length;
    if (yes === undefined) program.push({ code, jt: 0, jf: 0, k });
    else if (no === undefined) program.push(jump(yes));
    else {
      const viaYes = helpYes.has(index);
      const viaNo = helpNo.has(index);
      const jt = viaYes ? 0 : placeOf(yes) - here - 1;
      const jf = viaNo ? (viaYes ? 1 : 0) : placeOf(no) - here - 1;
      program.push({ code, jt, jf, k });
      if (viaYes) program.push(jump(yes));
      if (viaNo) program.push(jump(no));
    }
  });
  return program;
}
