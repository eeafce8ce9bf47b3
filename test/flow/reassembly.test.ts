import fc from "fast-check";
import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import type { Reassembly } from "../../src/flow/reassembly.js";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { udp } from "../support/packets.js";
import { handshake, kindsOf, segment } from "./segments.js";

const data = (seq: number, text: string, more: { ack?: number; kept?: number } = {}) =>
  segment({ at: 1, from: "client", flags: "PA", seq, ack: 301, data: text, ...more });
const ack = (number: number) => segment({ at: 1, from: "server", flags: "A", seq: 301, ack: number });
const fin = (seq: number) => segment({ at: 1, from: "client", flags: "FA", seq, ack: 301 });

function streamOf(packets: readonly Packet[], keep = 1000): Reassembly {
  const conversations = new Conversations({ keep });
  kindsOf(conversations, packets);
  return [...conversations][0]!.stream("client");
}

/** What can be taken: text, and gaps as [length reason]. */
function taken(stream: Reassembly): string {
  return stream
    .take()
    .map((piece) =>
      piece.kind === "octets" ? new TextDecoder().decode(piece.octets) : `[${piece.length} ${piece.reason}]`,
    )
    .join("");
}

test("data comes out in order however it came in", () => {
  const packets = [data(104, "lo"), data(101, "hel"), data(108, "you"), data(106, "? ")];
  expect(taken(streamOf([...handshake(), ...packets]))).toBe("hello? you");
});

test("of what was sent twice, the first counts", () => {
  expect(taken(streamOf([...handshake(), data(101, "abc"), data(101, "xyzd"), data(103, "!!e")]))).toBe("abcde");
  expect(taken(streamOf([...handshake(), data(103, "cd"), data(102, "BXXEF"), data(101, "a")]))).toBe("aBcdEF");
});

test("octets wait for those before them, until the other side has both", () => {
  const stream = streamOf([...handshake(), data(104, "lo")]);
  expect(taken(stream)).toBe("");
  expect(taken(streamOf([...handshake(), data(104, "lo"), ack(104)]))).toBe("[3 unseen]lo");
  expect(streamOf([...handshake(), data(104, "lo"), ack(104)]).missing).toBe(3);
});

test("what the capture cut is a gap", () => {
  expect(taken(streamOf([...handshake(), data(101, "hello", { kept: 2 }), data(106, "!")]))).toBe("he[3 cut]!");
});

test("more than may be kept is said, and does not stop what follows", () => {
  const conversations = new Conversations({ keep: 4 });
  kindsOf(conversations, [...handshake(), data(101, "hello")]);
  const stream = [...conversations][0]!.stream("client");
  expect(taken(stream)).toBe("hell[1 not kept]");
  kindsOf(conversations, [data(106, "you")]);
  expect(taken(stream)).toBe("you");
});

test("seen from its middle, a stream begins with the first data", () => {
  expect(taken(streamOf([data(5000, "tail"), data(5004, "s")]))).toBe("tails");
});

test("data of Fast Open comes first", () => {
  const syn = segment({ from: "client", flags: "S", seq: 100, data: "GET" });
  expect(taken(streamOf([syn, data(104, " /")]))).toBe("GET /");
});

test("an async iteration gives the octets as they come and ends with the FIN", async () => {
  const conversations = new Conversations({ keep: 100 });
  kindsOf(conversations, [...handshake(), data(101, "hello ")]);
  const texts: string[] = [];
  const reading = (async () => {
    for await (const octets of [...conversations][0]!.stream("client")) {
      texts.push(new TextDecoder().decode(octets));
      if (texts.length === 1) kindsOf(conversations, [data(107, "world"), fin(112)]);
    }
  })();
  await reading;
  expect(texts).toEqual(["hello ", "world"]);
});

test("what waits behind a gap counts as kept, too", () => {
  expect(taken(streamOf([...handshake(), data(104, "lo there"), data(101, "hel"), ack(112)], 6))).toBe("hel");
});

test("an iteration that waits is woken by data", async () => {
  const conversations = new Conversations({ keep: 100 });
  kindsOf(conversations, handshake());
  const stream = [...conversations][0]!.stream("client")[Symbol.asyncIterator]();
  const first = stream.next();
  await new Promise(setImmediate);
  kindsOf(conversations, [data(101, "at last")]);
  expect(new TextDecoder().decode((await first).value as Uint8Array)).toBe("at last");
});

test("a conversation that goes ends its streams", async () => {
  const conversations = new Conversations({ keep: 100, most: 1 });
  kindsOf(conversations, handshake());
  const streams = (["client", "server"] as const).map((side) => [...conversations][0]!.stream(side).pieces().next());
  kindsOf(conversations, [segment({ from: "client", flags: "S", seq: 1, ports: [1, 2] })]);
  for (const stream of streams) expect((await stream).done).toBe(true);
});

test("an iteration that waits is ended by the end of the capture", async () => {
  const conversations = new Conversations({ keep: 100 });
  kindsOf(conversations, [...handshake(), data(103, "late")]);
  const pieces = [...conversations][0]!.stream("client").pieces();
  const first = pieces.next();
  conversations.end();
  expect((await first).value).toMatchObject({ kind: "gap", length: 2 });
  expect((await pieces.next()).value).toMatchObject({ kind: "octets" });
  expect((await pieces.next()).done).toBe(true);
});

test("a datagram is a piece by itself", () => {
  const conversations = new Conversations({ keep: 100 });
  for (const octets of [udp, udp]) conversations.follow(decode(octets));
  expect([...conversations][0]!.stream("client").take()).toMatchObject([{ at: 0 }, { at: 9 }]);
});

test("who did not ask for data to be kept is told how", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  expect(() => [...conversations][0]!.stream("client")).toThrow("keeps no data to read: pass keep");
});

test("any order of any pieces that cover the data gives the data", () => {
  const text = "The quick brown fox jumps over the lazy dog";
  const piece = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.integer(), (pieces, seed) => {
      const every = Array.from({ length: Math.ceil(text.length / 5) }, (_, i) => [5 * i, 5] as const);
      const all = [...pieces, ...every].sort(([a], [b]) => ((a * 31 + seed) % 17) - ((b * 31 + seed) % 17));
      const packets = all.map(([at, size]) => data(101 + at, text.slice(at, at + size)));
      expect(taken(streamOf([...handshake(), ...packets]))).toBe(text);
    }),
    { seed: 1, numRuns: 200 },
  );
});
