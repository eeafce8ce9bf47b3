import { describe, expect, test } from "vitest";
import { compare, matches, type Outline } from "../../src/demo/outline.js";

const packet = (from: Outline["from"], ...words: string[]): Outline => ({ from, words });
const syn = packet("client", "SYN");
const synAck = packet("server", "SYN ACK");
const ack = packet("client", "ACK");
const data = packet("client", "data", "5 octets");
const fin = packet("client", "FIN");

test("an expectation is met by its sender and some of a packet's words", () => {
  expect(matches(data, "client: 5 octets")).toBe(true);
  expect(matches(data, "client: 5 octets, data")).toBe(true);
  expect(matches(data, "server: data")).toBe(false);
  expect(matches(data, "client: data, retransmission")).toBe(false);
  expect(() => matches(data, "nobody: data")).toThrow("no expectation");
});

describe("packets are compared with those expected", () => {
  test("in order", () => {
    expect(compare([syn, synAck, ack], ["client: SYN", "server: SYN ACK", "client: ACK"])).toBeUndefined();
    expect(compare([synAck, syn], ["client: SYN", "server: SYN ACK"])).toEqual({
      wrong: true,
      text: 'packet 1 is "server: SYN ACK", but "client: SYN" was expected',
    });
  });

  test("acknowledgments come when they like, unless they are expected", () => {
    expect(compare([syn, ack, synAck, ack], ["client: SYN", "server: SYN ACK"])).toBeUndefined();
    expect(compare([syn], ["client: SYN", "client: ACK"])).toEqual({
      wrong: false,
      text: '"client: ACK" was expected, but did not come',
    });
  });

  test("nothing else may come", () => {
    expect(compare([syn, data], ["client: SYN"])).toMatchObject({
      wrong: true,
      text: expect.stringContaining("nothing more was expected"),
    });
  });

  test("… is one or more", () => {
    expect(compare([syn, data, ack, data, fin], ["client: SYN", "client: data …", "client: FIN"])).toBeUndefined();
    expect(compare([syn, fin], ["client: SYN", "client: data …", "client: FIN"])).toMatchObject({ wrong: true });
    expect(compare([data, fin, data], ["client: data …", "client: FIN"])).toMatchObject({ wrong: true });
  });

  test("retransmissions are passed over, unless they are expected", () => {
    const again = packet("client", "data", "5 octets", "retransmission");
    expect(compare([syn, again, fin], ["client: SYN", "client: FIN"])).toBeUndefined();
    expect(compare([syn, packet("client", "SYN", "SYN again"), fin], ["client: SYN", "client: FIN"])).toBeUndefined();
    expect(compare([syn, again, fin], ["client: SYN", "client: data, retransmission", "client: FIN"])).toBeUndefined();
    expect(compare([syn, fin], ["client: SYN", "client: data, retransmission", "client: FIN"])).toMatchObject({
      wrong: true,
    });
  });
});
