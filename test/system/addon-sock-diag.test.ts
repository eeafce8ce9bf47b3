import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";

const HOST = "127.0.0.1";
// linux/tcp_states.h
const [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSE_WAIT, LISTEN] = [1, 4, 5, 6, 8, 10];

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});

test("a connection is asked for from both ends, as long as the kernel knows it", async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(binding().tcpState(HOST, port, HOST, 1)).toBe(LISTEN);

  const client = connect(port, HOST);
  const [[accepted]] = (await Promise.all([once(server, "connection"), once(client, "connect")])) as [
    [Socket],
    unknown,
  ];
  const from = client.localPort!;
  const states = (): (number | undefined)[] =>
    [
      [from, port],
      [port, from],
    ].map(([local, remote]) => binding().tcpState(HOST, local!, HOST, remote!));
  expect(states()).toEqual([ESTABLISHED, ESTABLISHED]);

  accepted.pause();
  client.end("hello");
  await once(client, "finish");
  accepted.resume();
  await once(accepted, "end");
  // The acknowledgment of a FIN may take 40 ms
  expect([
    [FIN_WAIT_1, CLOSE_WAIT],
    [FIN_WAIT_2, CLOSE_WAIT],
  ]).toContainEqual(states());
  accepted.end();
  await once(client, "close");
  // Nobody has that socket any more; on the server's side only the listener is left
  expect(states()).toEqual([TIME_WAIT, LISTEN]);
  server.close();
  await once(server, "close");
  expect(states()).toEqual([TIME_WAIT, undefined]);
});

test("what is not to be found, or not asked for in this way, is said", () => {
  expect(binding().tcpState("::1", 1, "::1", 2)).toBeUndefined();
  expect(() => binding().tcpState("::1", 1, HOST, 2)).toThrow(expect.objectContaining({ code: "EAFNOSUPPORT" }));
  expect(() => binding().tcpState("nowhere", 1, HOST, 2)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  expect(() => binding().tcpState(HOST, 65_536, HOST, 2)).toThrow(TypeError);
});

test("the clocks are read one between the two readings of the other", () => {
  const { seconds, nanoseconds, before, after } = binding().readClocks();
  const [whole, rest] = process.hrtime();
  const now = whole * 1000 + rest / 1e6;
  expect(before).toBeLessThanOrEqual(after);
  expect(after).toBeLessThanOrEqual(now);
  expect(now - before).toBeLessThan(5000);
  expect(Math.abs(seconds * 1000 + nanoseconds / 1e6 - Date.now())).toBeLessThan(5000);
});
