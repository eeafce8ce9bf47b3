import { type Paint, plain } from "./paint.js";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));
const ASCII: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : ".",
);

/** Octets as lines of 16: offset, hex and ASCII. */
export function hexDump(octets: Uint8Array, paint: Paint = plain): string[] {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += 16) {
    const row = Array.from(octets.subarray(at, at + 16));
    const half = (from: number): string => row.slice(from, from + 8).map((octet) => HEX[octet]).join(" "); // biome-ignore format: one thought
    const offset = paint("quiet", at.toString(16).padStart(4, "0"));
    const ascii = row.map((octet) => ASCII[octet]).join("");
    lines.push(`${offset}  ${half(0).padEnd(23)}  ${half(8).padEnd(23)}  ${paint("payload", ascii)}`);
  }
  return lines;
}
