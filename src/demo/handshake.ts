import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { capture } from "../capture/live.js";
import { layer, type Packet } from "../packet/packet.js";

export const HANDSHAKE_PORT = 5000;

/** What a demo shows, in order: what a program did, and the packets it caused. */
export interface Scene {
  /** One sentence about the next step. */
  say(text: string): void;
  show(packet: Packet): void;
}

/**
 * A stream echo server and a client, from SYN to FIN, captured while they talk. Runs on loopback of the network
 * namespace it is called in.
 */
export async function handshake(scene: Scene): Promise<void> {
  await using source = capture({ interface: "lo", filter: `tcp port ${HANDSHAKE_PORT}` });
  const seen = new Watcher(source[Symbol.asyncIterator](), scene);
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(HANDSHAKE_PORT, "127.0.0.1");
  await once(server, "listening");
  scene.say(`server: listens on 127.0.0.1:${HANDSHAKE_PORT}; nothing on the wire`);

  scene.say("client: connect() sends SYN, and returns when SYN ACK has come");
  const client = connect({ port: HANDSHAKE_PORT, host: "127.0.0.1", allowHalfOpen: true });
  await once(client, "connect");
  await seen.untilAcknowledged(1);

  scene.say('client: send("hello"); the server echoes it');
  client.write("hello");
  await received(client, 5);
  await seen.untilAcknowledged(6);

  scene.say("client: end() sends FIN; the server has nothing more to say and sends its own");
  client.end();
  client.resume();
  await once(client, "end");
  await seen.untilAcknowledged(7);
  server.close();
  await once(server, "close");
}

/** Shows packets as they come. */
class Watcher {
  readonly #packets: AsyncIterator<Packet>;
  readonly #scene: Scene;
  /** The server's initial sequence number. */
  #initial = 0;

  constructor(packets: AsyncIterator<Packet>, scene: Scene) {
    this.#packets = packets;
    this.#scene = scene;
  }

  /** Shows packets until the client has acknowledged `octets` of the server's, SYN and FIN being one each. */
  async untilAcknowledged(octets: number): Promise<void> {
    for (;;) {
      const { done, value: packet } = await this.#packets.next();
      if (done) return;
      this.#scene.show(packet);
      const segment = layer(packet, "tcp");
      if (!segment) continue;
      if (segment.sourcePort === HANDSHAKE_PORT) {
        if (segment.flags.syn) this.#initial = segment.sequenceNumber;
      } else if (segment.flags.ack && (segment.acknowledgmentNumber - this.#initial) >>> 0 === octets) return;
    }
  }
}

async function received(socket: Socket, octets: number): Promise<void> {
  for (let left = octets; left > 0; ) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    left -= chunk.length;
  }
}
