import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import { decode } from "../../src/packet/decode.js";
import { octetsOf } from "../support/packets.js";

interface Step {
  readonly packets: readonly string[];
  /** null: the kernel has no socket for this connection. */
  readonly client: string | null;
  readonly server: string | null;
  /** The server's side was played through a raw socket. */
  readonly byHand: boolean;
}

interface Life {
  readonly name: string;
  readonly steps: readonly Step[];
}

const script = fileURLToPath(new URL("flow-states.py", import.meta.url));
const output = execFileSync("unshare", ["-rn", "python3", script], {
  encoding: "utf8",
  maxBuffer: 2 ** 24,
  timeout: 50_000,
});
const lives: readonly Life[] = JSON.parse(output);

/** Before there is a socket for the connection, or once there is none any more. */
const withoutSocket = (state: string | undefined): string | null =>
  state === "LISTEN" || state === "CLOSED" ? null : (state ?? "unknown");

test("there are 24 lives", () => {
  expect(lives.length).toBe(24);
});

test.each(lives)("$name: both sides are in the states that the kernel says", ({ steps }) => {
  const conversations = new Conversations();
  for (const [i, { packets, client, server, byHand }] of steps.entries()) {
    for (const packet of packets) conversations.follow(decode(octetsOf(packet)));
    const [conversation] = conversations;
    if (conversation?.kind !== "tcp") throw new TypeError("no TCP conversation");
    const ours = [conversation.client, conversation.server].map(({ state }) => withoutSocket(state));
    expect(byHand ? [ours[0]] : ours, `step ${i + 1}`).toEqual(byHand ? [client] : [client, server]);
  }
});
