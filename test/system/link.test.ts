import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type CaptureOptions, capture } from "../../src/capture/live.js";
import type { Source } from "../../src/capture/source.js";
import type { Passage } from "../../src/link/direction.js";
import type { End, Impairment } from "../../src/link/impairment.js";
import { LINK_DEVICE, type Link, type LinkOptions, linkAddresses, openLink } from "../../src/link/link.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { binding } from "../../src/socket/binding.js";
import { interfaces } from "../../src/socket/interfaces.js";
import { NetworkNamespace } from "../../src/socket/namespace.js";
import { openSender } from "../support/ring.js";

/** IEEE Std 802: for experiments, so that nothing of the kernel's own uses it. */
const FILTER = "ether proto 0x88b5";
const links: Link[] = [];

beforeAll(() => binding().enterNewNetworkNamespace());
afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
});

function open(options: LinkOptions): Link {
  const link = openLink(options);
  links.push(link);
  return link;
}

function tap(link: Link, end: End, options: CaptureOptions): Source {
  return link[end].run(() =>
    capture({ interface: LINK_DEVICE, latency: 1, snapLength: 2048, buffer: 1024 * 1024, ...options }),
  );
}

/** A frame that holds its number. */
function frame(number: number, size = 60): Uint8Array {
  const octets = Buffer.alloc(size, 0x55);
  octets.fill(0xff, 0, 6);
  octets.writeUInt16BE(0x88b5, 12);
  octets.writeUInt16BE(number, 14);
  return octets;
}
const numberOf = ({ layers }: Packet): number => {
  const payload = layers.find(({ kind }) => kind === "payload") as { octets: Uint8Array };
  return (payload.octets[0]! << 8) | payload.octets[1]!;
};

/** Sends frames from one end, all at once; what arrives at the other, so many. */
async function send(link: Link, from: End, frames: readonly Uint8Array[], arriving: number): Promise<Packet[]> {
  const at = from === "client" ? "server" : "client";
  const source = tap(link, at, { filter: FILTER, direction: "in", limit: arriving });
  link[from].run(() => {
    const index = interfaces().find(({ name }) => name === LINK_DEVICE)!.index;
    const sender = openSender();
    for (const octets of frames) sender.send(octets, index);
    sender.close();
  });
  const packets: Packet[] = [];
  for await (const packet of source) packets.push(packet);
  return packets;
}
const frames = (count: number, size?: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => frame(i + 1, size));

/** The numbers of the frames that arrive, of `count` that a client sends. */
async function arrivals(impairments: readonly Impairment[], count: number, arriving: number, seed = 1) {
  const link = open({ seed, impairments: impairments.map((each) => ({ filter: FILTER, ...each })) });
  const packets = await send(link, "client", frames(count), arriving);
  return { numbers: packets.map(numberOf), packets, counters: link.counters.client, link };
}
const upTo = (n: number, without: readonly number[] = []): number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((i) => !without.includes(i));

describe("a link", () => {
  test("carries every frame in both directions, unchanged and in order", async () => {
    const link = open({});
    for (const from of ["client", "server"] as const) {
      const packets = await send(link, from, frames(100, 1514), 100);
      expect(packets.map(numberOf)).toEqual(upTo(100));
      expect(packets.every(({ length }) => length === 1514)).toBe(true);
      expect(link.counters[from]).toMatchObject({ dropped: 0, refused: 0, held: 0 });
      expect(link.overflowed).toBe(0);
      expect(link.counters[from].forwarded).toBe(link.counters[from].received);
    }
  });

  test("drops the nth", async () => {
    const { numbers, counters } = await arrivals([{ drop: true, nth: [2, 5] }], 6, 4);
    expect(numbers).toEqual([1, 3, 4, 6]);
    expect(counters).toMatchObject({ dropped: 2 });
    expect((await arrivals([{ drop: true, nth: 1 }], 3, 2)).numbers).toEqual([2, 3]);
  });

  test("drops what a function says", async () => {
    const odd = (octets: Uint8Array): boolean => octets[15]! % 2 === 1;
    const impairment: Impairment = { filter: (each) => each.length === 60 && odd(each.octets), drop: true };
    expect((await arrivals([impairment], 6, 3)).numbers).toEqual([2, 4, 6]);
  });

  test("drops at random, and the same ones with the same seed", async () => {
    const lost = async (seed: number): Promise<number[]> => {
      const passed: number[] = [];
      const observe = ({ step, octets }: Passage): void => {
        if (step === "through" && octets[12] === 0x88) passed.push(octets[15]!);
      };
      const link = open({ seed, observe, impairments: [{ filter: FILTER, chance: 0.3, drop: true }] });
      // The last one passes: another ethertype
      const last = frame(201);
      last[13] = 0xb6;
      const source = tap(link, "server", { filter: "ether proto 0x88b6", limit: 1 });
      await send(link, "client", [...frames(200), last], 1);
      for await (const _ of source) break;
      return passed;
    };
    const [one, again, other] = [await lost(1), await lost(1), await lost(2)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one.length).toBeGreaterThan(110);
    expect(one.length).toBeLessThan(170);
  });

  test("delays, and lets the others pass", async () => {
    const { numbers, packets, counters } = await arrivals([{ nth: 2, delay: 60 }], 4, 4);
    expect(numbers).toEqual([1, 3, 4, 2]);
    const [first, last] = [packets[0]!, packets[3]!];
    expect((last.seconds - first.seconds) * 1e3 + (last.nanoseconds - first.nanoseconds) / 1e6).toBeGreaterThan(55);
    expect(counters).toMatchObject({ delayed: 1, held: 0 });
  });

  test("delays with jitter, by the seed, so that packets overtake one another", async () => {
    const { numbers } = await arrivals([{ delay: 60, jitter: 55 }], 20, 20, 3);
    expect(numbers).not.toEqual(upTo(20));
    expect([...numbers].sort((a, b) => a - b)).toEqual(upTo(20));
  });

  test("duplicates", async () => {
    const { numbers, counters } = await arrivals([{ nth: 2, duplicate: 2 }], 3, 5);
    expect(numbers).toEqual([1, 2, 2, 2, 3]);
    expect(counters).toMatchObject({ duplicated: 2 });
  });

  test("lets a packet arrive behind later ones", async () => {
    expect((await arrivals([{ nth: 2, reorder: 2 }], 5, 5)).numbers).toEqual([1, 3, 4, 2, 5]);
  });

  test("does not wait for ever for later ones", async () => {
    expect((await arrivals([{ nth: 2, reorder: 2 }], 3, 3)).numbers).toEqual([1, 3, 2]);
  });

  test("turns bits over, in front of nothing but the link-layer header", async () => {
    const { packets, counters } = await arrivals([{ nth: 2, corrupt: 1 }], 3, 3);
    const wrong = packets.map((packet, n) => {
      const expected = frame(n + 1).subarray(14);
      return layer(packet, "payload")!.octets.reduce((bits, octet, i) => bits + ones(octet ^ expected[i]!), 0);
    });
    expect(wrong).toEqual([0, 1, 0]);
    expect(counters).toMatchObject({ corrupted: 1 });
  });

  test("takes its time at a rate, and drops what there is no room for", async () => {
    // 1514 octets at 100 kbit/s: 121 ms each, and room for three and a half to wait
    const link = open({ impairments: [{ filter: FILTER, rate: 1e5, queue: 3.5 * 1514 }] });
    const packets = await send(link, "client", frames(10, 1514), 4);
    expect(packets.map(numberOf)).toEqual(upTo(4));
    const [first, last] = [packets[0]!, packets[3]!];
    const took = (last.seconds - first.seconds) * 1e3 + (last.nanoseconds - first.nanoseconds) / 1e6;
    expect(took).toBeGreaterThan(300);
    expect(link.counters.client).toMatchObject({ dropped: 6 });
  });

  test("loses track of no packet, whatever it does", async () => {
    const passages: Passage["step"][] = [];
    const impairments: Impairment[] = [
      { filter: FILTER, chance: 0.2, drop: true },
      { filter: FILTER, chance: 0.3, delay: 5, jitter: 5 },
      { filter: FILTER, chance: 0.2, duplicate: 1 },
      { filter: FILTER, chance: 0.1, reorder: 3 },
      { filter: FILTER, chance: 0.1, corrupt: 2 },
    ];
    const link = open({ impairments, observe: ({ step, octets }) => octets[12] === 0x88 && passages.push(step) });
    const balance = (): void => {
      const { received, duplicated, forwarded, dropped, refused, held } = link.counters.client;
      expect(forwarded + dropped + refused + held).toBe(received + duplicated);
    };
    const quiet = (): boolean => {
      const { received, held } = link.counters.client;
      return received >= 300 && held === 0;
    };
    const source = tap(link, "server", { filter: FILTER, direction: "in" });
    await Promise.all([
      send(link, "client", frames(300), 200),
      (async () => {
        let arrived = 0;
        for await (const _ of source) {
          arrived++;
          balance();
          if (quiet() && arrived >= passages.filter((step) => step === "through" || step === "late").length) break;
        }
      })(),
    ]);
    balance();
    expect(passages.filter((step) => step === "lost")).toHaveLength(link.counters.client.dropped);
    expect(passages.filter((step) => step !== "late")).toHaveLength(300);
  });

  test("says what it cannot send on", async () => {
    const link = open({});
    link.server.run(() => binding().setMtu(LINK_DEVICE, 1300));
    const [arrived] = await send(link, "client", [frame(1, 1400), frame(2)], 1);
    expect(numberOf(arrived!)).toBe(2);
    expect(link.counters.client).toMatchObject({ refused: 1 });
  });

  test("takes impairments, and lets go of them, while it works", async () => {
    const link = open({});
    expect((await send(link, "client", frames(2), 2)).map(numberOf)).toEqual([1, 2]);
    const loss = link.impair({ filter: FILTER, nth: 1, drop: true });
    expect((await send(link, "client", frames(2), 1)).map(numberOf)).toEqual([2]);
    expect(loss.applied).toBe(1);
    loss.remove();
    expect((await send(link, "client", frames(2), 2)).map(numberOf)).toEqual([1, 2]);
  });
});

function ones(octet: number): number {
  return [...octet.toString(2)].filter((digit) => digit === "1").length;
}

/** A Node program at one end. */
function program(link: Link, end: End, script: string): ChildProcess {
  return link[end].run(() => spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] }));
}

describe("programs at both ends", () => {
  const SERVER = `require("net").createServer((socket) => socket.pipe(socket)).listen(5000, () => console.log("ready"))`;
  const CLIENT = `
    const { createHash } = require("crypto");
    const hash = () => createHash("sha256");
    const sent = require("crypto").randomBytes(200_000), got = hash();
    const socket = require("net").connect(5000, "${linkAddresses.server.ipv4}");
    socket.on("data", (octets) => got.update(octets));
    socket.on("end", () => console.log(got.digest("hex") === hash().update(sent).digest("hex") ? "same" : "other"));
    socket.end(sent);`;

  test("get every octet through a link that loses, copies and reorders packets, in segments as they are on a cable", async () => {
    const impairments: Impairment[] = [
      { filter: "tcp", chance: 0.01, drop: true },
      { filter: "tcp", chance: 0.02, duplicate: 1 },
      { filter: "tcp", chance: 0.02, reorder: 2 },
      { filter: "tcp", chance: 0.01, corrupt: 1 },
    ];
    let largest = 0;
    const verdicts = new Set<string>();
    const observe = ({ frame, fate }: Passage): void => {
      if (!frame?.tcp || fate.bits.length > 0) return;
      largest = Math.max(largest, frame.length);
      for (const { verdict } of frame.checksums) verdicts.add(verdict);
    };
    const link = open({ impairments, observe });
    const server = program(link, "server", SERVER);
    await once(server.stdout!, "data");
    const client = program(link, "client", CLIENT);
    const [said] = (await once(client.stdout!, "data")) as [Buffer];
    expect(said.toString().trim()).toBe("same");
    server.kill();
    await once(server, "close");
    const { client: counters } = link.counters;
    expect(counters.dropped + counters.duplicated + counters.reordered + counters.corrupted).toBeGreaterThan(0);
    expect(largest).toBe(1514);
    expect([...verdicts]).toEqual(["good"]);
  });
});

describe("a network namespace", () => {
  test("is entered for as long as a function runs, whatever comes of it", async () => {
    await using host = new NetworkNamespace();
    const here = interfaces().length;
    host.run(() => binding().createVethPair("one", "two"));
    expect(host.run(() => interfaces().map(({ name }) => name))).toEqual(["lo", "two", "one"]);
    expect(interfaces()).toHaveLength(here);
    const failure = new Error("no");
    expect(() =>
      host.run(() => {
        throw failure;
      }),
    ).toThrow(failure);
    expect(interfaces()).toHaveLength(here);
  });

  test("that was closed is not entered", async () => {
    const host = new NetworkNamespace();
    await host.close();
    await host.close();
    expect(() => host.run(() => {})).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  test("leaves no descriptor behind, nor does a link", async () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const some = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await openLink().close();
    };
    await some();
    const before = descriptors();
    await some();
    expect(descriptors()).toBeLessThanOrEqual(before);
  });
});
