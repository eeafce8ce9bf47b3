/** Addresses between octets and text: IPv4 (RFC 791), IPv6 (RFC 4291, written as RFC 5952 says), IEEE 802. */

const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, octet) => String(octet));
const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

// Captures repeat a few addresses millions of times: the last text of each hash slot is kept.
const SLOTS = 4096;
// Zero is the key of no other slot than its own, the first
const ipv4Keys = new Uint32Array(SLOTS);
const ipv4Texts: string[] = new Array(SLOTS).fill("0.0.0.0");
const ipv6Keys = new Uint32Array(SLOTS * 4);
const ipv6Texts: string[] = new Array(SLOTS).fill("::");
const macKeys = new Float64Array(SLOTS).fill(-1);
const macTexts: string[] = new Array(SLOTS).fill("");

/** hot */
export function ipv4Text(data: DataView, at: number): string {
  const key = data.getUint32(at);
  const slot = Math.imul(key, 0x9e3779b1) >>> 20;
  return ipv4Keys[slot] === key ? ipv4Texts[slot]! : newIpv4Text(key, slot);
}

function newIpv4Text(key: number, slot: number): string {
  const text = `${DECIMAL[key >>> 24]}.${DECIMAL[(key >>> 16) & 255]}.${DECIMAL[(key >>> 8) & 255]}.${DECIMAL[key & 255]}`;
  ipv4Keys[slot] = key;
  ipv4Texts[slot] = text;
  return text;
}

/** hot */
export function ipv6Text(data: DataView, at: number): string {
  const a = data.getUint32(at);
  const b = data.getUint32(at + 4);
  const c = data.getUint32(at + 8);
  const d = data.getUint32(at + 12);
  const slot = Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ Math.imul(d, 29791), 0x9e3779b1) >>> 20;
  const key = slot * 4;
  return ipv6Keys[key] === a && ipv6Keys[key + 1] === b && ipv6Keys[key + 2] === c && ipv6Keys[key + 3] === d
    ? ipv6Texts[slot]!
    : newIpv6Text(data, at, slot);
}

function newIpv6Text(data: DataView, at: number, slot: number): string {
  const text = formatIpv6(data, at);
  for (let i = 0; i < 4; i++) ipv6Keys[slot * 4 + i] = data.getUint32(at + 4 * i);
  ipv6Texts[slot] = text;
  return text;
}

function formatIpv6(data: DataView, at: number): string {
  // RFC 5952 §4.2: the longest run of two or more zero groups is left out, the first of equals
  let start = -1;
  let end = -1;
  for (let i = 0, run = 0; i < 8; i++) {
    run = data.getUint16(at + 2 * i) === 0 ? run + 1 : 0;
    if (run < 2 || run <= end - start) continue;
    end = i + 1;
    start = end - run;
  }
  // RFC 5952 §5: IPv4-mapped addresses end in dotted decimal
  if (start === 0 && end === 5 && data.getUint16(at + 10) === 0xffff) return `::ffff:${ipv4Text(data, at + 12)}`;
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === start) {
      text += "::";
      i = end - 1;
    } else text += `${i === 0 || i === end ? "" : ":"}${data.getUint16(at + 2 * i).toString(16)}`;
  }
  return text;
}

/** hot */
export function macText(data: DataView, at: number): string {
  const high = data.getUint32(at);
  const low = data.getUint16(at + 4);
  const key = high * 0x1_0000 + low;
  const slot = Math.imul(high ^ Math.imul(low, 31), 0x9e3779b1) >>> 20;
  if (macKeys[slot] === key) return macTexts[slot]!;
  let text = HEX[high >>> 24]!;
  for (let i = 1; i < 6; i++) text += `:${HEX[data.getUint8(at + i)]}`;
  macKeys[slot] = key;
  macTexts[slot] = text;
  return text;
}

/** The address as one number, or -1 where `text` is not dotted decimal; leading zeros are refused, as readers disagree on octal. hot */
export function ipv4Number(text: unknown): number {
  if (typeof text !== "string") return -1;
  let number = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit === -2 && octet >= 0 && dots < 3) {
      number = number * 256 + octet;
      octet = -1;
      dots++;
    } else if (digit < 0 || digit > 9 || octet === 0) return -1;
    else {
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return dots === 3 && octet >= 0 ? number * 256 + octet : -1;
}

/** 4 octets, or undefined where `text` is no address; see {@link ipv4Number}. */
export function parseIpv4(text: unknown): readonly number[] | undefined {
  const number = ipv4Number(text);
  return number < 0 ? undefined : [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
}

/** 16 octets, or undefined where `text` is not an address as RFC 4291 §2.2 writes them. */
export function parseIpv6(text: unknown): readonly number[] | undefined {
  if (typeof text !== "string") return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groups(half));
  if (!head || (halves.length === 2 && !tail)) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - tail!.length;
  return gap >= 2 ? [...head, ...new Array<number>(gap).fill(0), ...tail!] : undefined;
}

/** The address in the one spelling of RFC 5952, as packets that are read have it; undefined where `text` is none. */
export function canonicalIpv6(text: unknown): string | undefined {
  const octets = parseIpv6(text);
  return octets && ipv6Text(new DataView(Uint8Array.from(octets).buffer), 0);
}

/** The octets of colon-separated groups, the last of which may be an IPv4 address. */
function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const octets: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const dotted = i === parts.length - 1 && part.includes(".") ? parseIpv4(part) : undefined;
    if (dotted) octets.push(...dotted);
    else if (/^[0-9a-f]{1,4}$/i.test(part))
      octets.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return undefined;
  }
  return octets;
}

/** 6 octets, or undefined where `text` is not six colon-separated pairs of hex digits. */
export function parseMac(text: unknown): readonly number[] | undefined {
  const octets = new DataView(new ArrayBuffer(6));
  return putMac(text, octets, 0) ? Array.from({ length: 6 }, (_, i) => octets.getUint8(i)) : undefined;
}

/** Writes the 6 octets of `text`, where it is an address, and tells whether it is. hot */
export function putMac(text: unknown, data: DataView, at: number): boolean {
  if (typeof text !== "string" || text.length !== 17) return false;
  let high = 0;
  let low = 0;
  for (let i = 0; i < 6; i++) {
    const octet = hexDigit(text.charCodeAt(3 * i)) * 16 + hexDigit(text.charCodeAt(3 * i + 1));
    if (!(octet >= 0) || (i > 0 && text.charCodeAt(3 * i - 1) !== 0x3a)) return false;
    if (i < 4) high = high * 256 + octet;
    else low = low * 256 + octet;
  }
  data.setUint32(at, high);
  data.setUint16(at + 4, low);
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : Number.NaN;
}

/** An address with its port, where it has one; RFC 5952 §6 wants an IPv6 address before a port in brackets. */
export function endText(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
