/** Octets as lower-case hex, two digits each: how opaque octets stand in headers. */

const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

/** So few octets are written faster one by one than all at once. */
const FEW = 32;

export function hexText(data: DataView, at: number, end: number): string {
  if (end - at > FEW) {
    // What was released refuses here, and what is not there
    data.getUint8(at);
    data.getUint8(end - 1);
    return Buffer.from(data.buffer, data.byteOffset + at, end - at).toString("hex");
  }
  let text = "";
  for (let i = at; i < end; i++) text += DIGITS[data.getUint8(i)];
  return text;
}

/** The octets that `text` spells, or undefined where it is not an even number of hex digits. */
export function parseHex(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
