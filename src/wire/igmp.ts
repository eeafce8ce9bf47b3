/** IGMP: RFC 1112, RFC 2236, RFC 3376. */
import { header, type Infer } from "./header.js";
import { type Choice, part } from "./part.js";
import { list, opaque, records, split } from "./rest.js";
import { variant } from "./variant.js";

const types = {
  17: "membership query",
  18: "membership report v1",
  19: "DVMRP",
  20: "PIM v1",
  22: "membership report v2",
  23: "leave group",
  34: "membership report v3",
} as const;

const addresses = list(4, (f) => f.ipv4(0));

const group = part(4, (f) => ({ kind: "group", group: f.ipv4(0) }));

const query3 = part(
  8,
  (f) => ({
    kind: "query3",
    group: f.ipv4(0),
    reserved: f.bits(4, 0, 4),
    suppressRouterProcessing: f.bit(4, 4),
    robustness: f.bits(4, 5, 3),
    /** Seconds up to 127, above that a floating-point code: RFC 3376 §4.1.7. */
    queryIntervalCode: f.u8(5),
    numberOfSources: f.u16(6),
    sources: f.rest(8, addresses),
  }),
  ({ sources }) => ({ numberOfSources: sources.length }),
);

/** RFC 3376 §7.1: longer than 8 octets is version 3. */
const query: Choice<Infer<typeof group> | Infer<typeof query3>> = {
  parts: [group, query3],
  pick: (_, at, end) => (end - at > 4 ? query3 : group),
};

/** Sources, by the count 6 octets before them, then auxiliary data. */
const sources = split(
  ["addresses", addresses],
  ["auxiliaryData", opaque],
  (data, at) => at + data.getUint16(at - 6) * 4,
);

const record = part(
  8,
  (f) => ({
    /** 1 include, 2 exclude, 3 change to include, 4 change to exclude, 5 allow new sources, 6 block old ones. */
    type: f.u8(0),
    /** In 32-bit words. */
    auxiliaryDataLength: f.u8(1),
    numberOfSources: f.u16(2),
    group: f.ipv4(4),
    sources: f.rest(8, sources),
  }),
  ({ sources }) => ({
    numberOfSources: sources.addresses.length,
    auxiliaryDataLength: sources.auxiliaryData.length / 8,
  }),
);

function recordSize(data: DataView, at: number, end: number): number {
  if (at + 8 > end) return 0;
  const size = 8 + (data.getUint16(at + 2) + data.getUint8(at + 1)) * 4;
  return at + size > end ? 0 : size;
}

const message = variant(-4, {
  17: query,
  18: group,
  22: group,
  23: group,
  34: part(
    4,
    (f) => ({
      kind: "report3",
      reserved: f.u16(0),
      numberOfRecords: f.u16(2),
      records: f.rest(4, records(record, recordSize)),
    }),
    ({ records }) => ({ numberOfRecords: records.length }),
  ),
});

export const igmp = header({
  title: "Internet Group Management Protocol",
  minimumLength: 4,
  layout: (f) => ({
    kind: "igmp",
    type: f.u8(0, types),
    /** Tenths of a second in queries; above 127, in version 3, a floating-point code: RFC 3376 §4.1.1. */
    maximumResponseCode: f.u8(1),
    checksum: f.u16(2, "hex"),
    message: f.rest(4, message),
  }),
});

export interface Igmp extends Infer<typeof igmp> {}

/**
 * The first octet behind the header at `at`, of which at least 4 octets are there. `end` is where the octets end that are
 * there, `wireEnd` where those end that were sent: a header that was cut ends behind `end`.
 */
export function igmpEnd(data: DataView, at: number, end: number, wireEnd: number = end): number {
  switch (data.getUint8(at)) {
    case 17:
      if (wireEnd < at + 12) return at + 8;
      return end < at + 12 ? wireEnd : at + 12 + data.getUint16(at + 10) * 4;
    case 34: {
      if (end < at + 8) return Math.max(wireEnd, at + 8);
      let i = at + 8;
      for (let left = data.getUint16(at + 6); left > 0; left--) {
        const size = recordSize(data, i, end);
        if (size === 0) return wireEnd;
        i += size;
      }
      return i;
    }
    default:
      return at + 8;
  }
}
