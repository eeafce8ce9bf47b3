/** How values get into their fields, which are found by name. */
import { ipv4Number, parseIpv6, putMac } from "./address.js";
import { type Field, largest } from "./field.js";
import { parseHex } from "./hex.js";

/** Where values are written to see whether they fit, which is quicker than looking at them. */
const SCRATCH = new DataView(new ArrayBuffer(64));

/** The place of a field in its header. */
export class Slot {
  readonly name: string;
  readonly field: Field;
  /** Stands for it in a set of the fields of its header. */
  readonly bit: number;
  /** The slot that was found behind this one the last time. */
  next: Slot | undefined;
  readonly #type: Field["type"];
  readonly #at: number;
  /** The largest number it holds, and by how much that is moved within its word; of a bit, the mask. */
  readonly #most: number;
  readonly #shift: number;
  readonly #flags: Slots | undefined;
  /** Packets repeat the same few addresses, so the last is kept: as a number, or as octets. */
  #text: unknown;
  #number = -1;
  #octets: ArrayLike<number> | undefined;

  constructor(field: Field, i = 0) {
    this.name = field.name;
    this.field = field;
    this.bit = 1 << i;
    this.next = undefined;
    this.#type = field.type;
    this.#at = field.at;
    this.#most = field.type === "bit" ? 0x80 >> field.bit : (largest(field) ?? 0);
    this.#shift = field.type === "bits" ? field.size * 8 - field.bit - field.width : 0;
    this.#flags = field.type === "flags" ? new Slots(Object.keys(field.sets[0]!).map(flag)) : undefined;
  }

  /** Writes `value` into the header that starts at `start` if it fits, and tells whether it does; bits of neighbours in the same word stay as they are. hot */
  write(value: unknown, data: DataView, start: number): boolean {
    const at = start + this.#at;
    switch (this.#type) {
      case "u16":
        if (!this.#holds(value)) return false;
        data.setUint16(at, value);
        return true;
      case "u8":
        if (!this.#holds(value)) return false;
        data.setUint8(at, value);
        return true;
      case "u32":
      case "u32le":
        if (!this.#holds(value)) return false;
        data.setUint32(at, value, this.#type === "u32le");
        return true;
      case "u24":
        if (!this.#holds(value)) return false;
        data.setUint8(at, value >>> 16);
        data.setUint16(at + 1, value & 0xffff);
        return true;
      case "bits":
        return this.#holds(value) && this.#writeBits(value, data, at);
      case "bit": {
        if (typeof value !== "boolean") return false;
        const octet = data.getUint8(at);
        data.setUint8(at, value ? octet | this.#most : octet & ~this.#most);
        return true;
      }
      case "flags":
        return this.#writeFlags(value, data, at);
      case "ipv4":
        return this.#writeIpv4(value, data, at);
      case "mac":
        return putMac(value, data, at);
      default:
        return this.#writeOctets(value, data, at);
    }
  }

  /** hot */
  fits(value: unknown): boolean {
    const { field } = this;
    return field.type === "rest" ? field.codec.misfit(value) === undefined : this.write(value, SCRATCH, -this.#at);
  }

  /** Writes a number, be it of one bit. */
  writeNumber(number: number, data: DataView, start: number): void {
    this.write(this.#type === "bit" ? number !== 0 : number, data, start);
  }

  #holds(value: unknown): value is number {
    return typeof value === "number" && value >>> 0 === value && value <= this.#most;
  }

  #writeBits(value: number, data: DataView, at: number): true {
    const mask = (this.#most << this.#shift) >>> 0;
    const moved = value << this.#shift;
    const { size } = this.field;
    if (size === 1) data.setUint8(at, (data.getUint8(at) & ~mask) | moved);
    else if (size === 2) data.setUint16(at, (data.getUint16(at) & ~mask) | moved);
    else data.setUint32(at, (data.getUint32(at) & ~mask) | moved);
    return true;
  }

  /** Names left out are off, so `{ syn: true }` will do. */
  #writeFlags(value: unknown, data: DataView, at: number): boolean {
    if (typeof value !== "object" || value === null) return false;
    const known = this.#flags!;
    const flags = value as Readonly<Record<string, unknown>>;
    let last = known.start;
    let on = 0;
    for (const name in flags) {
      const flag = flags[name];
      const slot = known.after(last, name);
      if (slot === undefined || typeof flag !== "boolean") return false;
      if (flag) on |= slot.bit;
      last = slot;
    }
    data.setUint16(at, (data.getUint16(at) & ~known.bits) | on);
    return true;
  }

  #writeIpv4(value: unknown, data: DataView, at: number): boolean {
    if (value !== this.#text || this.#number < 0) {
      this.#number = ipv4Number(value);
      this.#text = value;
      if (this.#number < 0) return false;
    }
    data.setUint32(at, this.#number);
    return true;
  }

  #writeOctets(value: unknown, data: DataView, at: number): boolean {
    if (this.field.type === "rest") {
      const { codec } = this.field;
      if (codec.misfit(value) !== undefined) return false;
      codec.encode(value, data, at);
      return true;
    }
    if (value !== this.#text || this.#octets === undefined) {
      this.#text = value;
      this.#octets = octetsOf(this.field, value);
      if (this.#octets === undefined) return false;
    }
    const octets = this.#octets;
    for (let i = 0; i < octets.length; i++) data.setUint8(at + i, octets[i]!);
    return true;
  }
}

function octetsOf({ type, size }: Field, value: unknown): ArrayLike<number> | undefined {
  if (type === "ipv6") return parseIpv6(value);
  const octets = parseHex(value);
  return octets?.length === size ? octets : undefined;
}

function flag(name: string): Field {
  return { name, type: "bit", at: 0, size: 1, bit: 0 };
}

/** Slots by the names of their fields. */
export class Slots {
  readonly #byName: ReadonlyMap<string, Slot>;
  /** Stands before the first. */
  readonly start = new Slot(flag(""));
  /** Those of all of them. */
  readonly bits: number;

  constructor(fields: readonly Field[]) {
    this.#byName = new Map(fields.map((field, i) => [field.name, new Slot(field, i)]));
    this.bits = 2 ** fields.length - 1;
  }

  get(name: string): Slot | undefined {
    return this.#byName.get(name);
  }

  /**
   * The slot of `name`, which is given behind `before`. What a program gives again and again it gives in one order, so the
   * one that came next the last time is tried before all others. hot
   */
  after(before: Slot, name: string): Slot | undefined {
    const { next } = before;
    if (next !== undefined && next.name === name) return next;
    const slot = this.#byName.get(name);
    if (slot) before.next = slot;
    return slot;
  }
}
