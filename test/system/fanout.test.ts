import { beforeAll, expect, test } from "vitest";
import { capture, type Fanout } from "../../src/capture/live.js";
import type { Source } from "../../src/capture/source.js";
import { isSockinspectError } from "../../src/errors.js";
import { layer } from "../../src/packet/packet.js";
import { interfaceOf } from "../../src/socket/interfaces.js";
import { openSendingSocket } from "../../src/socket/packet.js";
import { drain, ownNetwork, sendDatagrams } from "../support/live.js";

beforeAll(ownNetwork);

/** The destination ports that each of the sources saw, once all of them are stopped. */
async function portsSeen(sources: readonly Source[]): Promise<(number | undefined)[][]> {
  for (const source of sources) source.stop();
  const packets = await Promise.all(sources.map(drain));
  return packets.map((each) => each.map((packet) => layer(packet, "udp")?.destinationPort));
}

/** From 192.0.2.1 to port 9 of 192.0.2.2. */
const datagram = Buffer.from(
  "ffffffffffff02000000000108004500001c00000000401176d1c0000201c00002021388000900080000".padEnd(120, "0"),
  "hex",
);

const join = (fanout: Fanout, filter = "udp"): Source => capture({ interface: "lo", filter, fanout });

test("captures of a fanout group share the packets: a conversation is with one of them", async () => {
  const sources = [join({ group: 1 }), join({ group: 1 }), capture({ interface: "lo", filter: "udp" })];
  for (let port = 7000; port < 7032; port++) await sendDatagrams(2, 10, port);
  const [first = [], second = [], all = []] = await portsSeen(sources);
  expect([...first, ...second].sort()).toEqual(all);
  expect(all.length).toBe(64);
  // 32 conversations are not all with one by chance: the odds are 1 to 2 billion
  expect(first.length).toBeGreaterThan(0);
  expect(second.length).toBeGreaterThan(0);
  expect(first.filter((port) => second.includes(port))).toEqual([]);
});

test("in the mode balance they take packets in turn, whichever conversation those belong to", async () => {
  const sources = [1, 2].map(() => capture({ interface: "v1", filter: "udp", fanout: { group: 2, mode: "balance" } }));
  const sender = openSendingSocket();
  const { index } = interfaceOf("v0");
  for (let i = 0; i < 100; i++) sender.send(datagram, index);
  sender.close();
  const [first = 0, second = 0] = (await portsSeen(sources)).map((ports) => ports.length);
  expect(first + second).toBe(100);
  // In turn but for what the kernel itself sends on a new device
  expect(first).toBeGreaterThan(25);
  expect(second).toBeGreaterThan(25);
});

test("the filter holds in a group from the first packet on", async () => {
  const source = join({ group: 3 }, "udp port 7001");
  await sendDatagrams(5, 10, 7000);
  await sendDatagrams(3, 10, 7001);
  expect(await portsSeen([source])).toEqual([[7001, 7001, 7001]]);
  expect(source.statistics()).toMatchObject({ received: 3, dropped: 0 });
});

test("a group that is in use in another mode is refused in words, and mistakes are named", async () => {
  const source = join({ group: 4 });
  expect(() => join({ group: 4, mode: "cpu" })).toThrow(
    "fanout group is in use on another interface or in another mode",
  );
  await source.close();
  await join({ group: 4, mode: "cpu" }).close();
  for (const fanout of [{ group: -1 }, { group: 65_536 }, { group: 1.5 }, { group: 1, mode: "toString" }]) {
    let thrown: unknown;
    try {
      join(fanout as Fanout);
    } catch (error) {
      thrown = error;
    }
    expect(isSockinspectError(thrown, "BAD_ARGUMENT")).toBe(true);
  }
});
