// follow.mjs CONVERSATIONS PACKETS: follows so many TCP conversations at once, packets taken from them in turn. Prints
// nanoseconds a packet, on top of walking its headers, and octets a conversation; needs --expose-gc.
import { Conversations } from "../../../dist/flow/conversations.js";
import { Frame } from "../../../dist/packet/frame.js";

const [count, packets] = process.argv.slice(2).map(Number);
const SIZE = 14 + 20 + 32 + 100;
/** Frames that are made before the clock runs: few enough to stay in the cache, as those of a capture do. */
const BATCH = 1024;
const data = new DataView(new ArrayBuffer(BATCH * SIZE));
const octets = new Uint8Array(data.buffer);
const about = { seconds: 0, nanoseconds: 0 };
const frame = new Frame(about);

/** TCP with timestamps over IPv4 over Ethernet. */
function write(at, conversation, fromClient, sequence, acknowledgment, flags, length) {
  octets.fill(0, at, at + SIZE - 100);
  const client = [0x0a000000 + (conversation >> 4), 20_000 + (conversation & 15)];
  const server = [0xc0a80001, 80];
  const [source, destination] = fromClient ? [client, server] : [server, client];
  data.setUint16(at + 12, 0x0800);
  data.setUint8(at + 14, 0x45);
  data.setUint16(at + 16, 52 + length);
  data.setUint8(at + 23, 6);
  data.setUint32(at + 26, source[0]);
  data.setUint32(at + 30, destination[0]);
  data.setUint16(at + 34, source[1]);
  data.setUint16(at + 36, destination[1]);
  data.setUint32(at + 38, sequence);
  data.setUint32(at + 42, acknowledgment);
  data.setUint16(at + 46, 0x8000 | flags);
  data.setUint16(at + 48, 500);
  data.setUint32(at + 54, 0x0101080a);
}

/** The next packet of a conversation: a handshake, then data and acknowledgments by turns. */
function prepare(at, conversation, round) {
  const sent = 1001 + Math.floor((round - 3) / 2) * 100;
  if (round === 0) write(at, conversation, true, 1000, 0, 2, 0);
  else if (round === 1) write(at, conversation, false, 5000, 1001, 18, 0);
  else if (round === 2) write(at, conversation, true, 1001, 5001, 16, 0);
  else if (round % 2 === 1) write(at, conversation, true, sent, 5001, 24, 100);
  else write(at, conversation, false, 5001, sent + 100, 16, 0);
}

function pass(conversations, packets) {
  let time = 0n;
  let found = 0;
  for (let done = 0; done < packets; done += BATCH) {
    for (let k = 0; k < BATCH; k++) {
      const number = done + k;
      prepare(k * SIZE, number % count, Math.floor(number / count));
    }
    const start = process.hrtime.bigint();
    for (let k = 0; k < BATCH; k++) {
      const at = k * SIZE;
      const length = data.getUint16(at + 16) + 14;
      about.seconds = 1_700_000_000 + Math.floor(done / 1_000_000);
      about.nanoseconds = (done % 1_000_000) * 1000 + k;
      frame.move(data, at, at + length, length);
      if (conversations) found += conversations.follow(frame).events.length;
      else found += frame.walk.count;
    }
    time += process.hrtime.bigint() - start;
  }
  if (conversations && found > 0) throw new Error(`${found} events, where there is nothing remarkable`);
  return Number(time) / packets;
}

const used = () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

// Warm: what is compiled is measured; V8 forgets what it knows of objects when the last of their kind is collected
const warm = new Conversations();
pass(undefined, 200_000);
pass(warm, 200_000);
const walk = pass(undefined, packets);
const before = used();
const conversations = new Conversations({ most: Math.max(count, 65_536) });
const follow = pass(conversations, packets);
const memory = (used() - before) / conversations.size;
if (conversations.size !== count) throw new Error(`${conversations.size} conversations of ${count}`);
if (warm.size === 0) throw new Error("nothing was followed");
console.log(JSON.stringify({ follow: follow - walk, walk, memory }));
