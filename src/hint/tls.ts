/** TLS ClientHello: RFC 8446 §4.1.2, RFC 6066 §3. */
import { safeText } from "./text.js";

export interface TlsHint {
  readonly kind: "tls";
  readonly message: "ClientHello";
  /** The highest version that is offered; absent where the octets with it are not there. */
  readonly version?: string;
  /** Server Name Indication. With Encrypted Client Hello it is the public name. */
  readonly serverName?: string;
}

const versions: Readonly<Record<number, string>> = {
  768: "SSL 3.0",
  769: "TLS 1.0",
  770: "TLS 1.1",
  771: "TLS 1.2",
  772: "TLS 1.3",
};

/** RFC 8446 §5.1: the first octet of a record with a handshake message. */
export const TLS_HANDSHAKE = 22;
const SERVER_NAME = 0;
const SUPPORTED_VERSIONS = 43;

/** The ClientHello that the record at the start of `octets` holds, or undefined where there is none. */
export function tls(octets: Uint8Array): TlsHint | undefined {
  // Handshake record of a version 3.x, ClientHello
  if (octets[0] !== TLS_HANDSHAKE || octets[1] !== 3 || octets[5] !== 1 || octets.length < 44) return undefined;
  const data = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const legacy = data.getUint16(9);
  const record = 5 + data.getUint16(3);
  const hello = 9 + data.getUint8(6) * 65_536 + data.getUint16(7);
  if (versions[legacy] === undefined || hello < 44) return undefined;
  const all = Math.min(hello, record);
  const end = Math.min(all, octets.length);
  const start = extensionsAt(data, end);
  if (start < 0) return { kind: "tls", message: "ClientHello" };
  let serverName: string | undefined;
  let highest = 0;
  let i = start;
  while (i + 4 <= end) {
    const next = i + 4 + data.getUint16(i + 2);
    if (next > end) break;
    const type = data.getUint16(i);
    if (type === SERVER_NAME) serverName = serverNameAt(octets, data, i + 4, next);
    else if (type === SUPPORTED_VERSIONS) highest = highestVersion(data, i + 5, next);
    i = next;
  }
  // RFC 8446 §4.2.1: without the extension, the old field tells; it may be among what is not there
  const version = highest || (i === hello ? legacy : 0);
  return {
    kind: "tls",
    message: "ClientHello",
    ...(version !== 0 && { version: versions[version] ?? `version 0x${version.toString(16).padStart(4, "0")}` }),
    ...(serverName !== undefined && { serverName }),
  };
}

/** Where the first extension starts: behind session id, cipher suites and compression methods; -1 where that is not there. */
function extensionsAt(data: DataView, end: number): number {
  let at = 43;
  at += 1 + data.getUint8(at);
  if (at + 2 > end) return -1;
  at += 2 + data.getUint16(at);
  if (at + 1 > end) return -1;
  at += 1 + data.getUint8(at);
  // An old client may end here
  return at === end ? at : at + 2 > end ? -1 : at + 2;
}

/** A list of names, of which there is one kind: its type, its length and it. */
function serverNameAt(octets: Uint8Array, data: DataView, at: number, end: number): string | undefined {
  if (at + 5 > end || data.getUint8(at + 2) !== 0) return undefined;
  const nameEnd = at + 5 + data.getUint16(at + 3);
  return nameEnd > end ? undefined : safeText(octets, at + 5, nameEnd);
}

/** The highest in the list; RFC 8701 §2: values like 0x1a1a are there to be passed over. */
function highestVersion(data: DataView, at: number, end: number): number {
  let highest = 0;
  for (let i = at; i + 2 <= end; i += 2) {
    const version = data.getUint16(i);
    if ((version & 0x0f0f) !== 0x0a0a && version > highest) highest = version;
  }
  return highest;
}
