import fc from "fast-check";
import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import type { Packet } from "../../src/packet/packet.js";
import type { TcpOption } from "../../src/wire/tcp.js";
import { handshake, segment, windowScale } from "./segments.js";

/** Nearly always the first. */
const mostly = <T>(first: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const stepArbitrary = fc.record({
  fromClient: fc.boolean(),
  length: fc.constantFrom(0, 0, 0, 1, 5, 20),
  /** Away from what is expected. */
  sequence: mostly(0, -1, -1, -5, 5),
  acknowledgment: mostly(0, -5, 1, 20),
  window: mostly(1000, 0, 5, 500),
  flags: mostly("A", "PA", "FA", "R", "RA", "SA", ""),
  seconds: mostly(0.000_5, 0.015, 0.05, 0.3, -0.001),
  stamp: fc.constantFrom(undefined, 1, 2),
  isSelective: mostly(false, true),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;

/** What both sides send, as their numbers have it. */
function packetsOf(steps: readonly Step[], shift: number | undefined): readonly Packet[] {
  const packets = shift === undefined ? [] : [...handshake([windowScale(shift)])];
  const next = { client: 101, server: 301 };
  let at = 1;
  for (const step of steps) {
    const [from, to] = step.fromClient ? (["client", "server"] as const) : (["server", "client"] as const);
    const { length, flags, window, stamp } = step;
    at += step.seconds;
    const seq = next[from] + step.sequence;
    const ack = next[to] + step.acknowledgment;
    const options: TcpOption[] = [];
    if (stamp) options.push({ kind: "timestamps", value: stamp, echoReply: stamp });
    if (step.isSelective) options.push({ kind: "sack", blocks: [{ left: ack + 5, right: ack + 25 }] });
    packets.push(segment({ at, from, flags, seq, ack, window, options, data: "x".repeat(length) }));
    if (step.sequence >= 0) next[from] = seq + length;
  }
  return packets;
}

/** All that is said of each packet, and of its conversation after it. */
function follow(conversations: Conversations, packets: readonly Packet[]): readonly string[] {
  return packets.map((packet) => {
    const { from, time, events, conversation } = conversations.follow(packet)!;
    return JSON.stringify({ from, time, events, conversation });
  });
}

/** Of windows, as the handshake says; undefined where that was not seen. */
const shift = fc.constantFrom(undefined, 0, 2);

test("what is predicted is followed as it is without prediction, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { minLength: 1, maxLength: 40 }), shift, (steps, offered) => {
      const packets = packetsOf(steps, offered);
      // Where data is kept, nothing is predicted
      expect(follow(new Conversations(), packets)).toEqual(follow(new Conversations({ keep: 1 }), packets));
    }),
    { numRuns: 2000 },
  );
});
