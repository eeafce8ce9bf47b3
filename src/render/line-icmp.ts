import { headerOf } from "../packet/headers.js";
import type { Layer, LayerOf } from "../packet/packet.js";
import { endText } from "../wire/address.js";
import { icmpCodeName, icmpv6CodeName } from "../wire/icmp-names.js";
import { ipProtocols } from "../wire/numbers.js";
import { briefly, formatOf, nameOf, numberText } from "./field.js";
import { multicastText } from "./line-multicast.js";
import type { Paint } from "./paint.js";
import { count } from "./text.js";

/** An ICMP message, layer `i`, and what it quotes. */
export function icmpLine(layers: readonly Layer[], i: number, paint: Paint): string {
  const layer = layers[i] as LayerOf<"icmp"> | LayerOf<"icmpv6">;
  const type = headerOf(layer.kind).fields.find((field) => field.name === "type");
  const name = numberText(layer.type, formatOf(type), 1).replace(/^\d+ /, "");
  const protocol = paint("protocol", layer.kind === "icmp" ? "ICMP" : "ICMPv6");
  const codeName = layer.kind === "icmp" ? icmpCodeName : icmpv6CodeName;
  const code = codeName(layer.type, layer.code) ?? (layer.code === 0 ? undefined : `code ${layer.code}`);
  const said = (layer.kind === "icmpv6" && multicastText(layer)) || messageText(layer.message);
  const text = `${protocol} ${paint("flags", code === undefined ? name : `${name}, ${code}`)}${said && ` ${said}`}`;
  const quoted = quotedText(layers, i + 1);
  if (quoted !== "") return `${text} about ${quoted}`;
  const payload = layers.find((each) => each.kind === "payload");
  return payload?.kind === "payload" ? `${text} ${paint("payload", count(payload.length, "byte"))}` : text;
}

type Message = LayerOf<"icmp">["message"] | LayerOf<"icmpv6">["message"];

/** What a message says besides its type: what goes without saying (reserved octets, zeros) is left to the tree. */
function messageText(message: Message): string {
  switch (message.kind) {
    case "echo":
      return `id ${message.identifier} seq ${message.sequenceNumber}`;
    case "unreachable":
      return "nextHopMtu" in message && message.nextHopMtu > 0 ? `mtu ${message.nextHopMtu}` : "";
    case "packetTooBig":
      return `mtu ${message.mtu}`;
    case "neighborSolicitation":
    case "neighborAdvertisement":
      return [message.target, ...message.options.map((option) => briefly(saying(option)))].join(", ");
    default: {
      const { kind: _, ...rest } = saying(message) as { readonly kind: string };
      return briefly(rest);
    }
  }
}

/** A message or option without the fields that say nothing, and so what is in it. */
function saying(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(saying);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).filter(([name, part]) => !/^(unused|reserved|length)/.test(name) && part !== 0);
  return Object.fromEntries(entries.map(([name, part]) => [name, saying(part)]));
}

/** The packet that an error is about, from layer `i` on. */
function quotedText(layers: readonly Layer[], i: number): string {
  const network = layers.slice(i).find((layer) => layer.kind === "ipv4" || layer.kind === "ipv6");
  if (!network) return "";
  const inner = layers.slice(i).find((layer) => layer.kind === "tcp" || layer.kind === "udp" || layer.kind === "cut");
  const protocol = nameOf(network.kind === "ipv4" ? network.protocol : network.nextHeader, ipProtocols);
  const ports = inner && (inner.kind === "cut" ? inner.fields : inner);
  const { sourcePort, destinationPort } = (ports ?? {}) as { sourcePort?: number; destinationPort?: number };
  return `${endText(network.source, sourcePort)} → ${endText(network.destination, destinationPort)} ${protocol}`;
}
