/** DNS messages: RFC 1035 §4.1; numbers at IANA, Domain Name System parameters. */
import { ipv4Text, ipv6Text } from "../wire/address.js";
import { safeText } from "./text.js";

export interface DnsHint {
  readonly kind: "dns";
  readonly identification: number;
  readonly response: boolean;
  /** Where it is no query (0). */
  readonly opcode?: string;
  /** Name and type of the first question, or of the first answer where there is no question (multicast DNS). */
  readonly name?: string;
  readonly type?: string;
  /** Where a response says more than that there is no error. */
  readonly code?: string;
  /** What the first few answers say: an address, a name, or only their type. */
  readonly answers?: readonly string[];
  readonly answerCount?: number;
  /** A response that had no room for all it has to say: the same question over TCP gets it. */
  readonly truncated?: true;
}

const opcodes: Readonly<Record<number, string>> = { 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO" };

const codes: Readonly<Record<number, string>> = {
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
  11: "DSOTYPENI",
};

const types: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  13: "HINFO",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  29: "LOC",
  33: "SRV",
  35: "NAPTR",
  39: "DNAME",
  41: "OPT",
  43: "DS",
  44: "SSHFP",
  46: "RRSIG",
  47: "NSEC",
  48: "DNSKEY",
  50: "NSEC3",
  51: "NSEC3PARAM",
  52: "TLSA",
  64: "SVCB",
  65: "HTTPS",
  99: "SPF",
  249: "TKEY",
  250: "TSIG",
  251: "IXFR",
  252: "AXFR",
  255: "ANY",
  257: "CAA",
};

/** Answers that are looked at. */
const ANSWERS = 4;
/** RFC 1035 §3.1: octets of a name; a label takes two at least. */
const LONGEST_NAME = 255;

/** The message at `at`, or undefined where there is none. */
export function dns(octets: Uint8Array, start: number): DnsHint | undefined {
  if (octets.length - start < 12) return undefined;
  const data = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const flags = data.getUint16(start + 2);
  const response = flags >= 0x8000;
  const opcode = (flags >> 11) & 15;
  const questions = data.getUint16(start + 4);
  const answerCount = data.getUint16(start + 6);
  // A question with a response code, and a message of nothing, are what other octets at this port look like
  if (opcode !== 0 && opcodes[opcode] === undefined) return undefined;
  if (!response && ((flags & 15) !== 0 || questions + answerCount === 0)) return undefined;
  const message: Message = { octets, data, start };
  let at = start + 12;
  let name: string | undefined;
  let type: number | undefined;
  for (let i = 0; i < questions; i++) {
    const end = nameEnd(message, at);
    if (end < 0 || end + 4 > octets.length) {
      // Not even one question: something else, or cut
      if (i === 0) return undefined;
      at = octets.length;
      break;
    }
    if (i === 0) {
      name = nameText(message, at);
      type = data.getUint16(end);
      if (name === undefined) return undefined;
    }
    at = end + 4;
  }
  const answers: string[] = [];
  while (answers.length < Math.min(answerCount, ANSWERS)) {
    const end = nameEnd(message, at);
    if (end < 0 || end + 10 > octets.length) break;
    const answerType = data.getUint16(end);
    const next = end + 10 + data.getUint16(end + 8);
    if (questions === 0 && answers.length === 0) {
      name = nameText(message, at);
      type = answerType;
    }
    if (next > octets.length) break;
    answers.push(answerText(message, answerType, end + 10, next));
    at = next;
  }
  const code = response ? flags & 15 : 0;
  return {
    kind: "dns",
    identification: data.getUint16(start),
    response,
    ...(opcode !== 0 && { opcode: opcodes[opcode]! }),
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type: typeText(type) }),
    ...(code !== 0 && { code: codes[code] ?? `code ${code}` }),
    ...(response && { answers, answerCount }),
    // RFC 1035 §4.1.1: TC
    ...(response && (flags & 0x200) !== 0 && { truncated: true }),
  };
}

interface Message {
  readonly octets: Uint8Array;
  readonly data: DataView;
  /** Names point to octets from here on. */
  readonly start: number;
}

/** RFC 3597 §5. */
function typeText(type: number): string {
  return types[type] ?? `TYPE${type}`;
}

function answerText(message: Message, type: number, at: number, end: number): string {
  switch (type) {
    case 1:
      if (end - at === 4) return ipv4Text(message.data, at);
      break;
    case 28:
      if (end - at === 16) return ipv6Text(message.data, at);
      break;
    case 2:
    case 5:
    case 12:
    case 39:
      return nameText(message, at) ?? typeText(type);
    case 15:
      return nameText(message, at + 2) ?? typeText(type);
    default:
      break;
  }
  return typeText(type);
}

/** The first octet behind the name at `at`, which may end in a pointer; -1 where it does not end. */
function nameEnd({ octets }: Message, at: number): number {
  for (let i = at; i < octets.length && i - at < LONGEST_NAME; ) {
    const length = octets[i]!;
    if (length === 0) return i + 1;
    if (length >= 0xc0) return i + 2;
    if (length > 63) return -1;
    i += 1 + length;
  }
  return -1;
}

/** The name at `at` without its last dot, or undefined where it is none. */
function nameText({ octets, start }: Message, at: number): string | undefined {
  let text = "";
  let size = 0;
  let i = at;
  while (size < LONGEST_NAME && i < octets.length) {
    const length = octets[i]!;
    if (length === 0) return text === "" ? "." : text;
    if (length >= 0xc0) {
      if (i + 1 >= octets.length) return undefined;
      const target = start + (length & 0x3f) * 256 + octets[i + 1]!;
      // RFC 1035 §4.1.4: a pointer is to a prior occurrence; so it ends
      if (target >= i) return undefined;
      // Each pointer counts, so that a chain of them ends soon
      size += 2;
      i = target;
      continue;
    }
    const end = i + 1 + length;
    if (length > 63 || end > octets.length) return undefined;
    text += (text === "" ? "" : ".") + safeText(octets, i + 1, end, ".");
    size += 1 + length;
    i = end;
  }
  return undefined;
}
