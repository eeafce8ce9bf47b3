/** Who listens to which multicast group, in words: IGMP and Multicast Listener Discovery. */
import { headerOf } from "../packet/headers.js";
import type { LayerOf } from "../packet/packet.js";
import { formatOf, numberText } from "./field.js";
import type { Paint } from "./paint.js";

type Message = LayerOf<"igmp">["message"] | LayerOf<"icmpv6">["message"];
type Report = Extract<Message, { readonly kind: "report3" | "multicastListenerReport2" }>;

export function igmpLine(layer: LayerOf<"igmp">, paint: Paint): string {
  const type = formatOf(headerOf("igmp").fields.find((field) => field.name === "type"));
  const name = numberText(layer.type, type, 1).replace(/^\d+ /, "").replace(/^\d+$/, "type $&");
  const said = multicastText(layer) ?? "";
  return `${paint("protocol", "IGMP")} ${paint("flags", name)}${said && ` ${said}`}`;
}

/** What a message says of groups; undefined where it is none of theirs. */
export function multicastText(layer: LayerOf<"igmp"> | LayerOf<"icmpv6">): string | undefined {
  const { message } = layer;
  switch (message.kind) {
    case "report3":
    case "multicastListenerReport2":
      return message.records.map(recordText).join(", ");
    case "query3":
    case "multicastListenerQuery2": {
      const { group, sources } = message;
      const from = sources.length > 0 ? ` from ${sources.join(", ")}` : "";
      return `${groupText(group)}${from}${withinText(layer)}`;
    }
    case "group":
    case "multicastListener":
      return `${groupText(message.group)}${withinText(layer)}`;
    default:
      return undefined;
  }
}

/** How much time a query leaves for answers. */
function withinText(layer: LayerOf<"igmp"> | LayerOf<"icmpv6">): string {
  const seconds = layer.kind === "igmp" ? igmpSeconds(layer) : listenerSeconds(layer);
  return seconds > 0 ? `, answers within ${seconds} s` : "";
}

/** RFC 2236 §2.2, RFC 3376 §4.1.1: tenths of a second, in version 3 a code. */
function igmpSeconds({ type, maximumResponseCode, message }: LayerOf<"igmp">): number {
  if (type !== 17) return 0;
  return (message.kind === "query3" ? floating(maximumResponseCode, 8) : maximumResponseCode) / 10;
}

/** RFC 2710 §3.4, RFC 3810 §5.1.3: milliseconds, in version 2 a code. */
function listenerSeconds({ type, message }: LayerOf<"icmpv6">): number {
  if (type !== 130) return 0;
  if (message.kind === "multicastListener") return message.maximumResponseDelay / 1000;
  return message.kind === "multicastListenerQuery2" ? floating(message.maximumResponseCode, 16) / 1000 : 0;
}

/** A general query names none. */
function groupText(group: string): string {
  return group === "0.0.0.0" || group === "::" ? "all groups" : group;
}

type GroupRecord = Report["records"][number];

/** RFC 3376 §4.2.12, RFC 3810 §5.2.12. */
function recordText({ type, group, sources: { addresses } }: GroupRecord): string {
  const list = addresses.join(", ");
  const some = list !== "";
  switch (type) {
    case 1:
      return some ? `listens to ${group} from ${list}` : `does not listen to ${group}`;
    case 2:
      return some ? `listens to ${group} but from ${list}` : `listens to ${group}`;
    case 3:
      return some ? `listens to ${group} only from ${list} now` : `leaves ${group}`;
    case 4:
      return some ? `joins ${group} but from ${list}` : `joins ${group}`;
    case 5:
      return `listens to ${group} from ${list}, too`;
    case 6:
      return `no longer listens to ${group} from ${list}`;
    default:
      return `record of type ${type} about ${group}`;
  }
}

/** A code of 8 or 16 bits, floating-point where its highest bit is set: RFC 3376 §4.1.1, RFC 3810 §5.1.3. */
function floating(code: number, bits: 8 | 16): number {
  const mantissaBits = bits - 4;
  if (code < 1 << (bits - 1)) return code;
  const mantissa = code & ((1 << mantissaBits) - 1);
  const exponent = (code >> mantissaBits) & 7;
  return (mantissa | (1 << mantissaBits)) << (exponent + 3);
}
