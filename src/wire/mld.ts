/** Multicast Listener Discovery: RFC 2710, RFC 3810. */
import { type Choice, type Infer, part } from "./part.js";
import { list, opaque, records, split } from "./rest.js";

const addresses = list(16, (f) => f.ipv6(0));

export const multicastListener = part(20, (f) => ({
  kind: "multicastListener",
  /** Milliseconds a listener may wait; in queries only. */
  maximumResponseDelay: f.u16(0),
  reserved: f.u16(2),
  group: f.ipv6(4),
}));

const query2 = part(
  24,
  (f) => ({
    kind: "multicastListenerQuery2",
    /** Milliseconds up to 32767, above that a floating-point code: RFC 3810 §5.1.3. */
    maximumResponseCode: f.u16(0),
    reserved: f.u16(2),
    group: f.ipv6(4),
    unused: f.bits(20, 0, 4),
    suppressRouterProcessing: f.bit(20, 4),
    robustness: f.bits(20, 5, 3),
    /** Seconds up to 127, above that a floating-point code: RFC 3810 §5.1.9. */
    queryIntervalCode: f.u8(21),
    numberOfSources: f.u16(22),
    sources: f.rest(24, addresses),
  }),
  ({ sources }) => ({ numberOfSources: sources.length }),
);

/** RFC 3810 §8.1: version 1 has 24 octets with the ICMPv6 header, version 2 at least 28. */
export const multicastListenerQuery: Choice<Infer<typeof multicastListener> | Infer<typeof query2>> = {
  parts: [multicastListener, query2],
  pick: (_, at, end) => (end - at > 20 ? query2 : multicastListener),
};

/** Sources, by the count 18 octets before them, then auxiliary data. */
const sources = split(
  ["addresses", addresses],
  ["auxiliaryData", opaque],
  (data, at) => at + data.getUint16(at - 18) * 16,
);

const record = part(
  20,
  (f) => ({
    /** 1 include, 2 exclude, 3 change to include, 4 change to exclude, 5 allow new sources, 6 block old ones. */
    type: f.u8(0),
    /** In 32-bit words. */
    auxiliaryDataLength: f.u8(1),
    numberOfSources: f.u16(2),
    group: f.ipv6(4),
    sources: f.rest(20, sources),
  }),
  ({ sources }) => ({
    numberOfSources: sources.addresses.length,
    auxiliaryDataLength: sources.auxiliaryData.length / 8,
  }),
);

function recordSize(data: DataView, at: number, end: number): number {
  if (at + 20 > end) return 0;
  const size = 20 + data.getUint16(at + 2) * 16 + data.getUint8(at + 1) * 4;
  return at + size > end ? 0 : size;
}

/** RFC 3810 §5.2. */
export const multicastListenerReport2 = part(
  4,
  (f) => ({
    kind: "multicastListenerReport2",
    reserved: f.u16(0),
    numberOfRecords: f.u16(2),
    records: f.rest(4, records(record, recordSize)),
  }),
  ({ records }) => ({ numberOfRecords: records.length }),
);

/** The first octet behind the records of the report whose ICMPv6 header is at `at`; undefined where they are cut. */
export function reportEnd(data: DataView, at: number, end: number): number | undefined {
  if (at + 8 > end) return undefined;
  let i = at + 8;
  for (let left = data.getUint16(at + 6); left > 0; left--) {
    const size = recordSize(data, i, end);
    if (size === 0) return undefined;
    i += size;
  }
  return i;
}
