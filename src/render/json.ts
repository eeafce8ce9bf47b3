/** A packet as one small JSON object; docs/json.md has its schema. */
import { hint } from "../hint/hint.js";
import type { Layer, Packet } from "../packet/packet.js";
import type { View } from "../wire/header.js";
import { hexText } from "../wire/hex.js";
import type { Tcp } from "../wire/tcp.js";
import { needsEscapes, printableJson } from "./text.js";

export interface JsonOptions {
  /** Whether payloads are included, in hex. Default: yes. */
  readonly payload?: boolean;
  /** What the packet means, as {@link explain} says it. */
  readonly explain?: readonly string[];
}

/** One line, without the line break. */
export function json(packet: Packet, options: JsonOptions = {}): string {
  const { payload = true, explain = [] } = options;
  const { device, direction, offload, gso, comment } = packet;
  const text = JSON.stringify({
    ...timeJson(packet.seconds, packet.nanoseconds),
    device,
    direction,
    length: packet.length,
    ...(packet.capturedLength !== packet.length && { capturedLength: packet.capturedLength }),
    ...(offload !== "none" && offload !== "unknown" && { offload }),
    ...(gso && { gso }),
    comment,
    ...contentJson(packet, payload),
    ...(explain.length > 0 && { explain }),
  });
  // All other text is made safe where it is read
  return needsEscapes(`${device}${comment}`) ? printableJson(text) : text;
}

/** What a packet holds, and what the datagram holds that it completes. */
function contentJson({ layers, checksums, problems, reassembled }: Packet, payload: boolean): object {
  const verdicts = checksums.filter(({ verdict }) => verdict !== "good");
  const said = hint(layers);
  return {
    layers: layers.map((layer) => layerJson(layer, payload)),
    ...(said && { hint: said }),
    ...(verdicts.length > 0 && { checksums: verdicts }),
    ...(problems.length > 0 && { problems }),
    ...(reassembled && {
      reassembled: {
        fragments: reassembled.fragments,
        layer: reassembled.layer,
        length: reassembled.length,
        ...contentJson(reassembled, payload),
      },
    }),
  };
}

// RFC 3339 §1: years 0000 to 9999
const FIRST_SECOND = -62_167_219_200;
const END_OF_TIME = 253_402_300_800;

/** Packets come many to a second: the last one's text is kept. */
let lastSecond = Number.NaN;
let lastText = "";

/** RFC 3339 in UTC with nine decimals; as numbers where no calendar has that time, and nothing where there is none. */
function timeJson(seconds: number, nanoseconds: number): object {
  if (Number.isNaN(seconds)) return {};
  if (!(seconds >= FIRST_SECOND && seconds < END_OF_TIME) || nanoseconds >= 1e9) return { seconds, nanoseconds };
  if (seconds !== lastSecond) {
    lastText = new Date(seconds * 1000).toISOString().slice(0, 19);
    lastSecond = seconds;
  }
  return { time: `${lastText}.${String(nanoseconds).padStart(9, "0")}Z` };
}

function layerJson(layer: Layer, payload: boolean): unknown {
  switch (layer.kind) {
    case "payload":
    case "trailer":
      return { kind: layer.kind, length: layer.length, ...(payload && { octets: octetsText(layer.octets) }) };
    case "cut":
      return { ...layer, octets: octetsText(layer.octets) };
    case "tcp": {
      // A view's fields are getters: what spreads is its value
      const own: Tcp = "own" in layer ? (layer as View<Tcp>).own() : layer;
      const { flags } = own;
      return { ...own, flags: Object.keys(flags).filter((name) => flags[name as keyof typeof flags]) };
    }
    default:
      return layer;
  }
}

function octetsText(octets: Uint8Array): string {
  return hexText(new DataView(octets.buffer, octets.byteOffset, octets.byteLength), 0, octets.length);
}
