/** One instruction of classic BPF: `struct sock_filter`; linux/filter.h, McCanne and Jacobson 1993. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when a test holds, 0 to 255. */
  readonly jt: number;
  /** Instructions to skip when a test fails, 0 to 255. */
  readonly jf: number;
  readonly k: number;
}

export type Program = readonly Instruction[];

/** The kernel takes no more instructions than this in one program: BPF_MAXINSNS. */
export const maximumInstructions = 4096;

/** The words of `M[]`, BPF_MEMWORDS. */
export const memoryWords = 16;

/** The parts an instruction's code is made of; linux/bpf_common.h. */
export const bpf = {
  LD: 0x00,
  LDX: 0x01,
  ST: 0x02,
  STX: 0x03,
  ALU: 0x04,
  JMP: 0x05,
  RET: 0x06,
  MISC: 0x07,
  W: 0x00,
  H: 0x08,
  B: 0x10,
  IMM: 0x00,
  ABS: 0x20,
  IND: 0x40,
  MEM: 0x60,
  LEN: 0x80,
  MSH: 0xa0,
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  K: 0x00,
  X: 0x08,
  A: 0x10,
  TAX: 0x00,
  TXA: 0x80,
} as const;

/** Offsets at which Linux keeps what it knows of a packet beside its octets; linux/filter.h, SKF_AD_OFF onwards. */
export const ancillary = {
  protocol: 0xfffff000,
  packetType: 0xfffff004,
  interfaceIndex: 0xfffff008,
  hardwareType: 0xfffff01c,
  vlanTag: 0xfffff02c,
  vlanTagPresent: 0xfffff030,
} as const;

/** Loads from here on count from the network header, wherever the device's own header ends: SKF_NET_OFF. */
export const networkOffset = 0xfff00000;

/**
 * The program as SO_ATTACH_FILTER takes it: `struct sock_filter[]`, 8 octets each, in this machine's octet order.
 * linux/filter.h.
 */
export function octets(program: Program): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const halves = new Uint16Array(bytes.buffer);
  const words = new Uint32Array(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, index) => {
    halves[index * 4] = code;
    bytes[index * 8 + 2] = jt;
    bytes[index * 8 + 3] = jf;
    words[index * 2 + 1] = k;
  });
  return bytes;
}
