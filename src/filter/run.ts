import { bpf, memoryWords, type Program } from "./program.js";

/** What Linux answers to a load of `width` octets at a negative offset; undefined where there is nothing. */
export type Kept = (offset: number, width: number) => number | undefined;

const maximumLoops = 1000;

/**
 * What a program returns for one packet: the octets to keep, 0 to reject it. `data` has it from `at` to `end`, and
 * `length` is what it had on the wire. A load behind `end` rejects, as in the kernel and in libpcap; where these differ
 * (a shift by 32 and more) this is libpcap. `kept` answers for negative offsets, at which Linux keeps what it knows besides.
 */
export function run(program: Program, data: DataView, at: number, end: number, length: number, kept?: Kept): number {
  const size = end - at;
  const memory = new Uint32Array(memoryWords);
  let a = 0;
  let x = 0;
  let loops = 0;
  for (let counter = 0; counter < program.length; counter++) {
    const { code, jt, jf, k } = program[counter]!;
    switch (code & 7) {
      case bpf.LD:
      case bpf.LDX: {
        let value = 0;
        const mode = code & 0xe0;
        if (mode === bpf.IMM) value = k;
        else if (mode === bpf.MEM) value = memory[k]!;
        else if (mode === bpf.LEN) value = length;
        else {
          const width = (code & 0x18) === bpf.W ? 4 : (code & 0x18) === bpf.H ? 2 : 1;
          const from = mode === bpf.IND ? (x + k) >>> 0 : k;
          if (from > 0x7fffffff && kept !== undefined) {
            const answer = kept(from, width);
            if (answer === undefined) return 0;
            value = answer;
          } else if (from + width > size || (mode === bpf.IND && (x > size || (k > size && kept === undefined))))
            return 0;
          else if (width === 4) value = data.getUint32(at + from);
          else if (width === 2) value = data.getUint16(at + from);
          else value = data.getUint8(at + from);
          if (mode === bpf.MSH) value = (value & 0xf) << 2;
        }
        if ((code & 7) === bpf.LD) a = value;
        else x = value;
        break;
      }
      case bpf.ST:
        memory[k] = a;
        break;
      case bpf.STX:
        memory[k] = x;
        break;
      case bpf.ALU: {
        const operand = (code & bpf.X) !== 0 ? x : k;
        switch (code & 0xf0) {
          case bpf.ADD:
            a = (a + operand) >>> 0;
            break;
          case bpf.SUB:
            a = (a - operand) >>> 0;
            break;
          case bpf.MUL:
            a = Math.imul(a, operand) >>> 0;
            break;
          case bpf.DIV:
            if (operand === 0) return 0;
            a = Math.floor(a / operand);
            break;
          case bpf.MOD:
            if (operand === 0) return 0;
            a = a % operand;
            break;
          case bpf.AND:
            a = (a & operand) >>> 0;
            break;
          case bpf.OR:
            a = (a | operand) >>> 0;
            break;
          case bpf.XOR:
            a = (a ^ operand) >>> 0;
            break;
          case bpf.LSH:
            a = operand > 31 ? 0 : (a << operand) >>> 0;
            break;
          case bpf.RSH:
            a = operand > 31 ? 0 : a >>> operand;
            break;
          default:
            a = -a >>> 0;
        }
        break;
      }
      case bpf.JMP: {
        if ((code & 0xf0) === bpf.JA) {
          counter += k | 0;
          // Only libpcap's programs for `protochain` jump back, and with some packets they would do so for ever.
          if ((k | 0) < 0 && loops++ > maximumLoops) return 0;
          break;
        }
        const operand = (code & bpf.X) !== 0 ? x : k;
        const jump = code & 0xf0;
        const yes =
          jump === bpf.JEQ
            ? a === operand
            : jump === bpf.JGT
              ? a > operand
              : jump === bpf.JGE
                ? a >= operand
                : (a & operand) !== 0;
        counter += yes ? jt : jf;
        break;
      }
      case bpf.RET:
        return (code & 0x18) === bpf.A ? a : k;
      default:
        if ((code & 0xf8) === bpf.TXA) a = x;
        else x = a;
    }
  }
  return 0;
}
