/** The options of Multipath TCP: RFC 8684 §3, and its first version, RFC 6824. Keys, tokens and 64-bit numbers are in hex. */
import { columns } from "./columns.js";
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
