import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCapture } from "../../src/capture/file.js";
import { Conversations } from "../../src/flow/conversations.js";
import type { Reassembly } from "../../src/flow/reassembly.js";
import { Frame } from "../../src/packet/frame.js";

/** What the oracle put together of every whole TCP conversation; see fixtures/flow-streams.mjs. */
const rows = readFileSync(new URL("../fixtures/flow-streams.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .slice(1)
  .map((row) => row.split("\t"));
/**
 * Headers of this capture were damaged at random: acknowledgments, sequence numbers, flags. Which of its octets make a
 * stream is anyone's guess.
 */
const DAMAGED = "suriverify__bug-76.pcap";

const captures = [...new Set(rows.map(([capture = ""]) => capture))].filter((capture) => capture !== DAMAGED);

const directory = "../shared/corpus";

async function conversationsOf(capture: string): Promise<Conversations> {
  const conversations = new Conversations({ keep: 2 ** 28, ignoreVlans: true, ignoreDevices: true });
  const frame = new Frame();
  const file = await openCapture(join(directory, "captures", capture));
  try {
    do
      for (let item = file.next(); item; item = file.next()) {
        if (item !== "packet") continue;
        const { record } = file;
        frame.about = record;
        frame.linkType = record.linkType;
        frame.move(record.data, record.at, record.end, record.length);
        conversations.follow(frame);
      }
    while (await file.more());
  } finally {
    await file[Symbol.asyncDispose]();
  }
  conversations.end();
  return conversations;
}

function digest(stream: Reassembly): readonly string[] {
  const octets = Buffer.concat(
    stream.take().map((piece) => (piece.kind === "octets" ? piece.octets : Buffer.alloc(0))),
  );
  return [String(octets.length), createHash("sha256").update(octets).digest("hex")];
}

it("knows conversations to compare", () => {
  expect(rows.length).toBeGreaterThan(100);
});

it.each(captures)("streams of %s are what the oracle puts together", async (name) => {
  const conversations = [...(await conversationsOf(name))].filter(({ kind }) => kind === "tcp");
  for (const [capture, stream, client, ...theirs] of rows) {
    if (capture !== name) continue;
    const conversation = conversations.find(({ number }) => number === Number(stream))!;
    const isTheirs = client?.endsWith(`:${conversation.client.port}`);
    const sides = isTheirs ? (["client", "server"] as const) : (["server", "client"] as const);
    expect(
      sides.flatMap((side) => digest(conversation.stream(side))),
      `stream ${stream}`,
    ).toEqual(theirs);
  }
});
