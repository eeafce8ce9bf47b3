/** The options of Multipath TCP: RFC 8684 §3, and its first version, RFC 6824. Keys, tokens and 64-bit numbers are in hex. */
import { ipv4Text, ipv6Text, parseIpv4, parseIpv6 } from "./address.js";
import type { Rest } from "./field.js";
import { hexText, parseHex } from "./hex.js";
import { type Choice, type Infer, type Part, part } from "./part.js";
import { list, opaque } from "./rest.js";

const subtypes = {
  0: "MP_CAPABLE",
  1: "MP_JOIN",
  2: "DSS",
  3: "ADD_ADDR",
  4: "REMOVE_ADDR",
  5: "MP_PRIO",
  6: "MP_FAIL",
  7: "MP_FASTCLOSE",
  8: "MP_TCPRST",
  15: "experiment",
} as const;

/** Fields that are there or not, one after the other. */
type Columns = Readonly<Record<string, "u16" | "u32" | "octets" | "address">>;
type Row<C extends Columns> = {
  readonly [K in keyof C]?: C[K] extends "u16" | "u32" ? number : string;
};

/** `sizes` tells the octets of each column, 0 where it is not there; undefined where the octets are none of these. */
function columns<const C extends Columns>(
  types: C,
  sizes: (data: DataView, at: number, end: number) => readonly number[] | undefined,
): Rest<Row<C>> {
  const entries = Object.entries(types);
  const octets = (type: string, value: unknown): ArrayLike<number> | undefined => {
    const text = type === "u16" ? numberText(value, 2) : type === "u32" ? numberText(value, 4) : value;
    return type === "address" ? (parseIpv4(text) ?? parseIpv6(text)) : parseHex(text);
  };
  return {
    fits: (data, at, end) => sizes(data, at, end) !== undefined,
    decode(data, at, end) {
      const row: Record<string, number | string> = {};
      let i = at;
      for (const [column, size] of (sizes(data, at, end) ?? []).entries()) {
        const [name, type] = entries[column]!;
        if (size > 0) row[name] = read(type, data, i, i + size);
        i += size;
      }
      return row as Row<C>; // its names and types are those of `types`
    },
    encode(row, data, at) {
      let i = at;
      for (const [name, type] of entries)
        if (row[name] !== undefined)
          for (const octet of Array.from(octets(type, row[name])!)) data.setUint8(i++, octet);
    },
    size: (row) =>
      entries.reduce((sum, [name, type]) => (row[name] === undefined ? sum : sum + octets(type, row[name])!.length), 0),
    misfit(row) {
      if (typeof row !== "object" || row === null) return `takes any of ${Object.keys(types).join(", ")}`;
      const given = row as Readonly<Record<string, unknown>>;
      const stranger = Object.keys(given).find((name) => !(name in types));
      if (stranger !== undefined) return `has no ${stranger}`;
      const wrong = entries.find(
        ([name, type]) => given[name] !== undefined && octets(type, given[name]) === undefined,
      );
      return wrong && `${wrong[0]} does not fit`;
    },
  };
}

function read(type: Columns[string], data: DataView, at: number, end: number): number | string {
  switch (type) {
    case "u16":
      return data.getUint16(at);
    case "u32":
      return data.getUint32(at);
    case "octets":
      return hexText(data, at, end);
    case "address":
      return end - at === 4 ? ipv4Text(data, at) : ipv6Text(data, at);
    default:
      return type satisfies never;
  }
}

/** `size` octets of a number in hex, or undefined where it does not fit. */
function numberText(value: unknown, size: number): string | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size)
    ? value.toString(16).padStart(2 * size, "0")
    : undefined;
}

/** SYN none, or the sender's in version 0; SYN-ACK the sender's, ACK both, first data with its length and checksum. */
const keys = columns(
  { senderKey: "octets", receiverKey: "octets", dataLength: "u16", checksum: "u16" },
  (_, at, end) =>
    (({ 0: [], 8: [8], 16: [8, 8], 18: [8, 8, 2], 20: [8, 8, 2, 2] }) as Record<number, readonly number[]>)[end - at],
);

const capable = part(2, (f) => ({
  kind: "mpCapable",
  subtype: f.bits(0, 0, 4, subtypes),
  version: f.bits(0, 4, 4),
  flags: f.u8(1, "hex"),
  keys: f.rest(2, keys),
}));

const joinSyn = part(10, (f) => ({
  kind: "mpJoinSyn",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 3),
  backup: f.bit(0, 7),
  addressId: f.u8(1),
  token: f.octets(2, 4),
  nonce: f.octets(6, 4),
}));

const joinSynAck = part(14, (f) => ({
  kind: "mpJoinSynAck",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 3),
  backup: f.bit(0, 7),
  addressId: f.u8(1),
  /** The first 64 bits of the code. */
  hmac: f.octets(2, 8),
  nonce: f.octets(10, 4),
}));

const joinAck = part(22, (f) => ({
  kind: "mpJoinAck",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 12),
  hmac: f.octets(2, 20),
}));

/** RFC 8684 §3.3: the flags before it tell what is there; the checksum is left out where the size says so. */
const mapping = columns(
  {
    acknowledgment: "octets",
    sequenceNumber: "octets",
    subflowSequenceNumber: "u32",
    dataLength: "u16",
    checksum: "u16",
  },
  (data, at, end) => {
    const flags = data.getUint8(at - 1);
    const acknowledgment = (flags & 1) === 0 ? 0 : (flags & 2) === 0 ? 4 : 8;
    const mapped = (flags & 4) !== 0;
    const sequenceNumber = mapped ? ((flags & 8) === 0 ? 4 : 8) : 0;
    const left = end - at - acknowledgment - (mapped ? sequenceNumber + 6 : 0);
    if (left !== 0 && !(left === 2 && mapped)) return undefined;
    return [acknowledgment, sequenceNumber, mapped ? 4 : 0, mapped ? 2 : 0, left];
  },
);

const dataSequence = part(2, (f) => ({
  kind: "mpDataSequence",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 7),
  /** The sender's data ends with this mapping. */
  dataFin: f.bit(1, 3),
  longSequenceNumber: f.bit(1, 4),
  hasMapping: f.bit(1, 5),
  longAcknowledgment: f.bit(1, 6),
  hasAcknowledgment: f.bit(1, 7),
  mapping: f.rest(2, mapping),
}));

/** RFC 8684 §3.4.1: the port may be left out, and the code is in echoes and in version 0. */
const advertised = columns({ address: "address", port: "u16", hmac: "octets" }, (_, at, end) => {
  const size = end - at;
  const address = size >= 16 ? 16 : 4;
  const hmac = size - address >= 8 ? 8 : 0;
  const port = size - address - hmac;
  return port === 0 || port === 2 ? [address, port, hmac] : undefined;
});

const addAddress = part(2, (f) => ({
  kind: "mpAddAddress",
  subtype: f.bits(0, 0, 4, subtypes),
  /** In version 0 this is the IP version, in version 1 the lowest bit tells an echo. */
  flags: f.bits(0, 4, 4),
  addressId: f.u8(1),
  advertised: f.rest(2, advertised),
}));

const removeAddress = part(1, (f) => ({
  kind: "mpRemoveAddress",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 4),
  addressIds: f.rest(
    1,
    list(1, (entry) => entry.u8(0)),
  ),
}));

const priority = part(1, (f) => ({
  kind: "mpPriority",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 3),
  backup: f.bit(0, 7),
  /** None, or the one the change is about, in version 0. */
  addressIds: f.rest(
    1,
    list(1, (entry) => entry.u8(0)),
  ),
}));

const fail = part(10, (f) => ({
  kind: "mpFail",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 12),
  sequenceNumber: f.octets(2, 8),
}));

const fastClose = part(10, (f) => ({
  kind: "mpFastClose",
  subtype: f.bits(0, 0, 4, subtypes),
  reserved: f.bits(0, 4, 12),
  receiverKey: f.octets(2, 8),
}));

const reset = part(2, (f) => ({
  kind: "mpReset",
  subtype: f.bits(0, 0, 4, subtypes),
  flags: f.bits(0, 4, 3),
  transient: f.bit(0, 7),
  reason: f.u8(1),
}));

/** A subtype without a known meaning. */
const other = part(1, (f) => ({
  kind: "mpOther",
  subtype: f.bits(0, 0, 4, subtypes),
  flags: f.bits(0, 4, 4),
  octets: f.rest(1, opaque),
}));

const parts = [
  capable,
  joinSyn,
  joinSynAck,
  joinAck,
  dataSequence,
  addAddress,
  removeAddress,
  priority,
  fail,
  fastClose,
  reset,
  other,
] as const;

type Mptcp = Infer<(typeof parts)[number]>;

const bySubtype: readonly (Part<Mptcp> | undefined)[] = [
  capable,
  undefined,
  dataSequence,
  addAddress,
  removeAddress,
  priority,
  fail,
  fastClose,
  reset,
];

export const mptcp: Choice<Mptcp> = {
  parts,
  pick(data, at, end) {
    if (at === end) return other;
    const subtype = data.getUint8(at) >> 4;
    if (subtype !== 1) return bySubtype[subtype] ?? other;
    return end - at === 22 ? joinAck : end - at === 14 ? joinSynAck : joinSyn;
  },
};
