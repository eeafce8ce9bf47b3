import { ancillary, bpf, type Instruction, type Program } from "./program.js";

const jumps: Readonly<Record<number, string>> = {
  [bpf.JEQ]: "jeq",
  [bpf.JGT]: "jgt",
  [bpf.JGE]: "jge",
  [bpf.JSET]: "jset",
};

const operations: Readonly<Record<number, string>> = {
  [bpf.ADD]: "add",
  [bpf.SUB]: "sub",
  [bpf.MUL]: "mul",
  [bpf.DIV]: "div",
  [bpf.MOD]: "mod",
  [bpf.AND]: "and",
  [bpf.OR]: "or",
  [bpf.XOR]: "xor",
  [bpf.LSH]: "lsh",
  [bpf.RSH]: "rsh",
};

/** What Linux keeps beside a packet's octets, by the names of its own assembler; tools/bpf/bpf_exp.l. */
const kept: Readonly<Record<number, string>> = {
  [ancillary.protocol]: "proto",
  [ancillary.packetType]: "type",
  [ancillary.interfaceIndex]: "ifidx",
  [ancillary.hardwareType]: "hatype",
  [ancillary.vlanTag]: "vlan_tci",
  [ancillary.vlanTagPresent]: "vlan_avail",
};

/** A program as text, an instruction a line, as `tcpdump -d` writes it. */
export function disassemble(program: Program): string {
  return program.map((instruction, at) => line(instruction, at)).join("\n");
}

function line(instruction: Instruction, at: number): string {
  const { code, jt, jf } = instruction;
  const [name, operand] = parts(instruction, at);
  const number = `(${String(at).padStart(3, "0")})`;
  if ((code & 7) !== bpf.JMP || code === (bpf.JMP | bpf.JA)) return `${number} ${name.padEnd(8)} ${operand}`.trimEnd();
  return `${number} ${name.padEnd(8)} ${operand.padEnd(16)} jt ${at + 1 + jt}\tjf ${at + 1 + jf}`;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function parts({ code, k }: Instruction, at: number): readonly [string, string] {
  switch (code & 7) {
    case bpf.LD:
    case bpf.LDX:
      return loading(code, k);
    case bpf.ST:
      return ["st", `M[${k}]`];
    case bpf.STX:
      return ["stx", `M[${k}]`];
    case bpf.ALU: {
      const operation = code & 0xf0;
      if (operation === bpf.NEG) return ["neg", ""];
      const bitwise = operation === bpf.AND || operation === bpf.OR || operation === bpf.XOR;
      return [operations[operation] ?? "unimp", code & bpf.X ? "x" : `#${bitwise ? hex(k) : k | 0}`];
    }
    case bpf.JMP:
      if (code === (bpf.JMP | bpf.JA)) return ["ja", String(at + 1 + (k | 0))];
      return [jumps[code & 0xf0] ?? "unimp", code & bpf.X ? "x" : `#${hex(k)}`];
    case bpf.RET:
      return ["ret", (code & 0x18) === bpf.A ? "" : `#${k}`];
    default:
      return [(code & 0xf8) === bpf.TXA ? "txa" : "tax", ""];
  }
}

function loading(code: number, k: number): readonly [string, string] {
  const register = (code & 7) === bpf.LDX ? "ldx" : "ld";
  const width = (code & 0x18) === bpf.B ? "b" : (code & 0x18) === bpf.H ? "h" : "";
  switch (code & 0xe0) {
    case bpf.IMM:
      return [register, `#${hex(k)}`];
    case bpf.LEN:
      return [register, "#pktlen"];
    case bpf.MEM:
      return [register, `M[${k}]`];
    case bpf.MSH:
      return [`${register}b`, `4*([${place(k)}]&0xf)`];
    case bpf.IND:
      return [register + width, k > 0x7fffffff ? `[x + ${place(k)}]` : `[x + ${k}]`];
    default:
      return [register + width, `[${place(k)}]`];
  }
}

function place(k: number): string {
  if (k in kept) return kept[k]!;
  // SKF_NET_OFF and what is behind it.
  return k > 0x7fffffff ? `net + ${k - 0xfff00000}` : String(k);
}
