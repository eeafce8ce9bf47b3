/** A packet as one small JSON object; docs/json.md has its schema. */
import type { Layer, Packet } from "../packet/packet.js";
import type { View } from "../wire/header.js";
import { hexText } from "../wire/hex.js";
import type { Tcp } from "../wire/tcp.js";

export interface JsonOptions {
  /** Whether payloads are included, in hex. Default: yes. */
  readonly payload?: boolean;
}

/** One line, without the line break. */
export function json(packet: Packet, options: JsonOptions = {}): string {
  const { payload = true } = options;
  const { device, direction, offload, gso, problems, checksums } = packet;
  const verdicts = checksums.filter(({ verdict }) => verdict !== "good");
  return JSON.stringify({
    time: isoTime(packet.seconds, packet.nanoseconds),
    device,
    direction,
    length: packet.length,
    ...(packet.capturedLength !== packet.length && { capturedLength: packet.capturedLength }),
    ...(offload !== "none" && { offload }),
    ...(gso && { gso }),
    layers: packet.layers.map((layer) => layerJson(layer, payload)),
    ...(verdicts.length > 0 && { checksums: verdicts }),
    ...(problems.length > 0 && { problems }),
  });
}

/** RFC 3339 in UTC, with nine decimals. */
export function isoTime(seconds: number, nanoseconds: number): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
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
