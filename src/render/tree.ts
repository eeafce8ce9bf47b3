/** A packet field by field. */
import { type HeaderKind, headerOf } from "../packet/headers.js";
import type { Layer, Packet } from "../packet/packet.js";
import { problemText } from "../packet/problem.js";
import { fieldText } from "./field.js";
import { type Paint, plain } from "./paint.js";
import { count, printable, words } from "./text.js";

/**
 * The comment, a line for each layer, and one indented for each of its fields; behind them, indented, the datagram it
 * completes.
 */
export function tree(packet: Packet, paint: Paint = plain): string[] {
  const text = packet.comment === undefined ? [] : commentLines(packet.comment, paint);
  packet.layers.forEach((layer, i) => {
    const verdict = packet.checksums.find((checksum) => checksum.layer === i)?.verdict;
    text.push(...layerLines(layer, verdict, paint));
  });
  for (const problem of packet.problems) text.push(`  ${paint("problem", `✗ ${problemText(problem)}`)}`);
  const { reassembled } = packet;
  if (reassembled) {
    const title = `Reassembled from ${count(reassembled.fragments, "fragment")}`;
    text.push(`  ${paint("title", title)} ${count(reassembled.length, "octet")}`);
    for (const line of tree(reassembled, paint)) text.push(`  ${line}`);
  }
  return text;
}

function commentLines(comment: string, paint: Paint): string[] {
  const [first = "", ...others] = comment.split("\n").map(printable);
  return [`  ${paint("title", "Comment")} ${first}`, ...others.map((line) => `          ${line}`)];
}

function layerLines(layer: Layer, verdict: string | undefined, paint: Paint): string[] {
  switch (layer.kind) {
    case "payload":
    case "trailer":
      return [`  ${paint("title", layer.kind === "payload" ? "Payload" : "Trailer")} ${count(layer.length, "octet")}`];
    case "cut": {
      const { title } = headerOf(layer.header);
      return [`  ${paint("title", title)} cut after ${count(layer.octets.length, "octet")}`, ...fieldLines(layer.header, layer.fields, verdict, paint)]; // biome-ignore format: one thought
    }
    default:
      return [
        `  ${paint("title", headerOf(layer.kind).title)}`,
        ...fieldLines(layer.kind, layer as unknown as Readonly<Record<string, unknown>>, verdict, paint),
      ];
  }
}

function fieldLines(
  kind: HeaderKind,
  values: Readonly<Record<string, unknown>>,
  verdict: string | undefined,
  paint: Paint,
): string[] {
  const { fields } = headerOf(kind);
  const width = Math.max(...fields.map((field) => words(field.name).length));
  const lines: string[] = [];
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    const name = paint("field", words(field.name).padEnd(width));
    if (Array.isArray(value) && value.length > 0 && field.type === "rest") {
      lines.push(`    ${name}  ${fieldText(field, value[0])}`);
      for (const entry of value.slice(1)) lines.push(`    ${" ".repeat(width)}  ${fieldText(field, entry)}`);
    } else {
      const said = field.name === "checksum" && verdict !== undefined ? ` (${verdict})` : "";
      lines.push(`    ${name}  ${fieldText(field, value)}${paint(verdict === "bad" ? "problem" : "quiet", said)}`);
    }
  }
  return lines;
}
