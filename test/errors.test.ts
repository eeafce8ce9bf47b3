import { describe, expect, test } from "vitest";
import { shown } from "../src/arguments.js";
import { isSockinspectError } from "../src/errors.js";
import * as library from "../src/index.js";

const packet = library.craft(library.ipv4({ source: "127.0.0.1", destination: "127.0.0.1" }), library.udp());

/** By what they are called, functions of the library that are given `value` where it has no place. */
const calls: Readonly<Record<string, (value: never) => unknown>> = {
  "compileFilter(value)": (value) => library.compileFilter(value, { target: "live" }),
  "compileFilter(, value)": (value) => library.compileFilter("tcp", value),
  "compileFilter(, { target })": (target) => library.compileFilter("tcp", { target }),
  "compileFilter(, { direction })": (direction) => library.compileFilter("tcp", { target: "live", direction }),
  "compileFilter(, { addresses })": (addresses) => library.compileFilter("host a", { target: "live", addresses }),
  "compileFilter(, { interfaceOf })": (interfaceOf) =>
    library.compileFilter("ifname a", { target: "live", interfaceOf }),
  "addressesOf(value)": (value) => library.addressesOf(value, async () => []),
  "addressesOf(, value)": (value) => library.addressesOf("host a", value),
  "explainFilter(value)": (value) => library.explainFilter(value),
  "filterPredicate(value)": (value) => library.filterPredicate(value, { linkType: 1 }),
  "filterPredicate(, value)": (value) => library.filterPredicate("tcp", value),
  "filterPredicate(, { linkType })": (linkType) => library.filterPredicate("tcp", { linkType }),
  "caret(value)": (value) => library.caret(value),
  "read(value)": (value) => library.read(value),
  "read(, { filter })": (filter) => library.read("nofile", { filter })[Symbol.asyncIterator]().next(),
  "decode(value)": (value) => library.decode(value),
  "tcp(value)": (value) => library.tcp(value),
  "crafter(value)": (value) => library.crafter(value),
  "craft(value)": (value) => library.craft(value),
  "parseDraft(value)": (value) => library.parseDraft(value),
  "fragment(value)": (value) => library.fragment(value, 100),
  "fragment(, value)": (value) => library.fragment(packet, value),
  "fuzz(value)": (value) => library.fuzz(value, 1),
  "template(value)": (value) => library.template(value),
  "template().field(, value)": (value) => library.template(packet).field("ipv4", value),
  "answers(value)": (value) => library.answers(value, library.decode(packet.octets, packet.linkType)),
  "send(value)": (value) => library.send(value),
  "send([value])": (value) => library.send([value, packet]),
  "send(, { rate })": (rate) => library.send(packet, { rate }),
  "send(, { count })": (count) => library.send(packet, { count }),
  "send(, { signal })": (signal) => library.send(packet, { signal }),
  "ask(value)": (value) => library.ask(value),
  "ask(, { timeout })": (timeout) => library.ask(packet, { timeout }),
  "askAll(value)": (value) => library.askAll(value),
  "dial(value)": (value) => library.dial(value),
  "dial(, { timeout })": (timeout) => library.dial({ address: "127.0.0.1", port: 9 }, { timeout }),
  "answer({ port })": (port) => library.answer({ port }),
  "guard(, { protocol })": (protocol) => library.guard(0, { protocol }),
  "routeTo(value)": (value) => library.routeTo(value),
  "StreamSocket.create({ family })": (family) => library.StreamSocket.create({ family }),
  "StreamSocket.create({ observe })": (observe) => library.StreamSocket.create({ observe }),
  "new RawSocket(value)": (value) => new library.RawSocket(value),
  "new DatagramBatch(value)": (value) => new library.DatagramBatch(value),
  "new Ladders({ rungs })": (rungs) => new library.Ladders({ rungs }),
};

/** What has a place nowhere. */
const values = [-1, Number.NaN, 1n, Symbol("a"), [5]];
const ours = ["BAD_ARGUMENT", "BAD_FIELD", "BAD_FILTER", "BAD_DRAFT"];

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return isSockinspectError(error) ? error.code : String(error);
  }
  return "no error";
}

describe("a caller's mistake is told by an error of ours", () => {
  test.each(Object.entries(calls))("%s", async (_, call) => {
    for (const value of values) expect(ours, shown(value)).toContain(await codeOf(() => call(value as never)));
  });

  test("where there is nothing at all, too", async () => {
    const optional = ["tcp(value)", "crafter(value)", "new DatagramBatch(value)", "template().field(, value)"];
    const names = Object.keys(calls).filter((name) => name.endsWith("value)") && !optional.includes(name));
    for (const name of names)
      expect(["BAD_ARGUMENT", "BAD_STACK"], name).toContain(await codeOf(() => calls[name]!(undefined as never)));
  });
});

test("any value can be shown, whatever it is", () => {
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;
  expect([1n, Number.NaN, Symbol("a"), "a", undefined, null, circle, [1]].map(shown)).toEqual([
    "1n",
    "NaN",
    "Symbol(a)",
    '"a"',
    "undefined",
    "null",
    "[object Object]",
    "[1]",
  ]);
  expect(shown("a".repeat(1000))).toHaveLength(200);
});
