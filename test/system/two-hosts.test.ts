import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { ask, askAll } from "../../src/send/ask.js";
import { craft } from "../../src/send/here.js";
import { send } from "../../src/send/send.js";
import type { NativeNetworkNamespace } from "../../src/socket/binding.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { udp } from "../../src/wire/udp.js";
import { ip } from "../support/addon.js";
import { run } from "../support/command.js";
import { drain, twoHosts } from "../support/live.js";

/** Sending and asking where another host answers: 10.0.0.2, 10.0.0.3 and fd00::2; nobody is 10.0.0.77. */
let there: NativeNetworkNamespace;
beforeAll(() => {
  there = twoHosts();
});
afterAll(() => there.close());
beforeEach(() => {
  ip("neigh", "flush", "dev", "v0");
});

const ping = (destination: string, sequenceNumber = 1, data = "hello") => {
  const message = { kind: "echo", identifier: 9, sequenceNumber } as const;
  return destination.includes(":")
    ? craft(ipv6({ destination }), icmpv6({ type: 128, message }), data)
    : craft(ipv4({ destination }), icmp({ type: 8, message }), data);
};

/** What `filter` sees on the other host's device while `action` runs. */
async function arriving(filter: string, action: () => Promise<unknown>): Promise<Packet[]> {
  await using source = there.run(() => capture({ interface: "v1", filter, direction: "in", latency: 1 }));
  await action();
  source.stop();
  return await drain(source);
}

const destinations = (packets: readonly Packet[]) => packets.map((packet) => layer(packet, "ipv4")?.destination);

describe("neighbours whose hardware addresses have to be asked for", () => {
  test("are found one after the other by one command, which has given root up by then", async () => {
    const packets = await arriving("udp", async () => {
      const drafts = ["10.0.0.2", "10.0.0.3"].map((address) => `ipv4(destination=${address})/udp`);
      const { code, stderr } = await run("send", "--quiet", "--via", "link", ...drafts);
      expect(stderr).toMatch(/^2 packets, 84 octets sent in/);
      expect(code).toBe(0);
    });
    expect(destinations(packets)).toEqual(["10.0.0.2", "10.0.0.3"]);
  });

  test("are found while other questions wait for theirs", async () => {
    const { answered, unanswered } = await askAll(
      ["10.0.0.2", "10.0.0.77", "10.0.0.3", "fd00::2"].map((address) => ping(address)),
      { via: "link", timeout: 500 },
    );
    expect(answered.map(({ packet }) => layer(packet, "ethernet")!.type).sort()).toEqual([0x0800, 0x0800, 0x86dd]);
    expect(destinations(unanswered)).toEqual(["10.0.0.77"]);
    for (const { roundTrip } of answered) expect(roundTrip).toBeLessThan(500);
  });

  test("are asked for once by all questions that go by them", async () => {
    ip("route", "add", "192.0.2.0/24", "via", "10.0.0.77");
    // For 10.0.0.77: the kernels may ask each other, too
    const questions = await arriving("arp[24:4] = 0x0a00004d", () =>
      askAll(
        Array.from({ length: 20 }, (_, i) => ping(`192.0.2.${i + 1}`)),
        { via: "link", timeout: 200 },
      ),
    );
    expect(questions).toHaveLength(1);
    ip("route", "delete", "192.0.2.0/24");
  });

  test("that do not answer leave a question unanswered, and what was to be sent unsent", async () => {
    expect(await ask(ping("10.0.0.77"), { via: "link", timeout: 100, retries: 1 })).toBeUndefined();
    const packets = await arriving("icmp", () =>
      expect(send([ping("10.0.0.2"), ping("10.0.0.77")], { via: "link" })).rejects.toMatchObject({
        code: "NO_ROUTE",
        info: { destination: "10.0.0.77" },
        message: expect.stringMatching(/nobody on v0 answers for it.*\(packets sent before: 1\)$/),
      }),
    );
    expect(destinations(packets)).toEqual(["10.0.0.2"]);
  });
});

describe("packets before one that cannot be sent", () => {
  const large = craft(ipv4({ destination: "10.0.0.2" }), udp({ destinationPort: 9 }), new Uint8Array(1500));

  test.each(["raw", "link"] as const)("are sent all the same, and counted: by %s", async (via) => {
    function* packets() {
      yield ping("10.0.0.2", 1);
      yield ping("10.0.0.2", 2);
      yield large;
    }
    const arrived = await arriving("icmp", () =>
      expect(send(packets(), { via })).rejects.toMatchObject({
        code: "EXCEEDS_MTU",
        info: { mtu: 1500, size: 1528 },
        message: expect.stringContaining("(packets sent before: 2)"),
      }),
    );
    expect(arrived).toHaveLength(2);
  });

  test("are counted by the command, too", async () => {
    const drafts = ["10.0.0.2", "10.0.0.77"].map((address) => `ipv4(destination=${address})/udp`);
    const { code, stderr } = await run("send", "--quiet", "--via", "link", ...drafts);
    expect(stderr).toMatch(/^1 packet, 42 octets sent in .*\nsockinspect: cannot reach 10\.0\.0\.77/);
    expect(code).toBe(68);
  });
});

describe("answers", () => {
  test("no question has none", async () => {
    expect(await askAll([])).toEqual({ answered: [], unanswered: [] });
    await expect(askAll([], { timeout: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  test("the same question asked twice is answered twice", async () => {
    const question = ping("10.0.0.2");
    const { answered, unanswered } = await askAll([question, question]);
    expect(answered).toHaveLength(2);
    expect(unanswered).toEqual([]);
  });

  test("a datagram that comes in fragments is one answer, whole", async () => {
    const way = ["10.0.0.0/24", "dev", "v1", "proto", "kernel", "scope", "link", "src", "10.0.0.2"];
    there.run(() => ip("route", "replace", ...way, "mtu", "600"));
    const data = "0123456789".repeat(140);
    const packets = await arriving("icmp", async () => {
      const answer = await ask(ping("10.0.0.2", 1, data));
      expect(answer!.packet).toMatchObject({ fragments: 3, problems: [] });
      expect(new TextDecoder().decode(layer(answer!.packet, "payload")?.octets)).toBe(data);
      expect(answer!.octets).toHaveLength(20 + 8 + 1400);
    });
    expect(packets).toHaveLength(1);
    const { stdout } = await run("ping", "-c", "1", "-s", "1400", "10.0.0.2");
    expect(stdout).toContain("1408 bytes from 10.0.0.2: icmp_seq=1");
    there.run(() => ip("route", "replace", ...way));
  });

  test("whoever answers a question to all hosts of a network answers it", async () => {
    there.run(() => writeFileSync("/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts", "0"));
    for (const via of ["raw", "link"] as const) {
      const answer = await ask(ping("10.0.0.255"), { via });
      expect(layer(answer!.packet, "ipv4")?.source).toBe("10.0.0.2");
    }
  });
});
