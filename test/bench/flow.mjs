// Following conversations: node --expose-gc test/bench/flow.mjs (after npm run build). Prints nanoseconds of CPU a packet on top
// of walking its headers, for 1 million packets of 10 000 conversations, and octets of memory a conversation.
import { Conversations } from "../../dist/flow/conversations.js";
import { Frame } from "../../dist/packet/frame.js";

const CONVERSATIONS = 10_000;
const ROUNDS = 100;
const SIZE = 14 + 20 + 32 + 100;
const data = new DataView(new ArrayBuffer(CONVERSATIONS * SIZE));
const about = { seconds: 0, nanoseconds: 0 };
const frame = new Frame(about);

/** TCP with timestamps over IPv4 over Ethernet. */
function write(at, conversation, fromClient, sequence, acknowledgment, flags, length) {
  new Uint8Array(data.buffer, at, SIZE).fill(0);
  const addresses = [0x0a000000 + (conversation >> 2), 0xc0a80001];
  const ports = [20_000 + (conversation & 3), 80];
  const [source, destination] = fromClient ? [0, 1] : [1, 0];
  data.setUint16(at + 12, 0x0800);
  data.setUint8(at + 14, 0x45);
  data.setUint16(at + 16, 52 + length);
  data.setUint8(at + 23, 6);
  data.setUint32(at + 26, addresses[source]);
  data.setUint32(at + 30, addresses[destination]);
  data.setUint16(at + 34, ports[source]);
  data.setUint16(at + 36, ports[destination]);
  data.setUint32(at + 38, sequence);
  data.setUint32(at + 42, acknowledgment);
  data.setUint16(at + 46, 0x8000 | flags);
  data.setUint16(at + 48, 500);
  data.setUint32(at + 54, 0x0101080a);
}

/** The packet of every conversation in one round: a handshake, then data and acknowledgments by turns. */
function prepare(round) {
  for (let k = 0; k < CONVERSATIONS; k++) {
    const conversation = (k * 7919) % CONVERSATIONS;
    const at = k * SIZE;
    const sent = 1001 + Math.floor((round - 3) / 2) * 100;
    if (round === 0) write(at, conversation, true, 1000, 0, 2, 0);
    else if (round === 1) write(at, conversation, false, 5000, 1001, 18, 0);
    else if (round === 2) write(at, conversation, true, 1001, 5001, 16, 0);
    else if (round % 2 === 1) write(at, conversation, true, sent, 5001, 24, 100);
    else write(at, conversation, false, 5001, sent + 100, 16, 0);
  }
}

function pass(conversations) {
  let time = 0;
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    prepare(round);
    const start = process.cpuUsage();
    for (let k = 0; k < CONVERSATIONS; k++) {
      const at = k * SIZE;
      const length = data.getUint16(at + 16) + 14;
      about.seconds = 1_700_000_000 + round;
      about.nanoseconds = k * 1000;
      frame.move(data, at, at + length, length);
      if (conversations) found += conversations.follow(frame).events.length;
      else found += frame.walk.count;
    }
    const { user, system } = process.cpuUsage(start);
    time += 1000 * (user + system);
  }
  if (conversations && found > 0) throw new Error(`${found} events, where there is nothing remarkable`);
  return time / (ROUNDS * CONVERSATIONS);
}

/** The best of five: other programs only make it slower. */
const best = (measure) => Math.min(...Array.from({ length: 5 }, measure));

const walk = best(() => pass(undefined));
const follow = best(() => pass(new Conversations()));
console.log(`${walk.toFixed(0)} ns a packet to walk, ${(follow - walk).toFixed(0)} ns more to follow`);

if (globalThis.gc) {
  const used = () => {
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const conversations = new Conversations();
  pass(conversations);
  console.log(`${((used() - before) / conversations.size).toFixed(0)} octets a conversation`);
}
