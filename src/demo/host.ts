import type { Call, CallObserver } from "../socket/calls.js";
import { DatagramSocket } from "../socket/datagram.js";
import type { SocketCreateOptions } from "../socket/socket.js";
import { StreamSocket } from "../socket/stream.js";
import { PORT } from "./scenario.js";

interface Watch {
  readonly called: (call: Call) => void;
  readonly did: (text: string) => void;
  readonly opened: <S extends StreamSocket | DatagramSocket>(socket: S) => S;
}

/** One of both ends of a demo: opens sockets there, and is watched. */
export class Host {
  readonly address: string;
  readonly #run: <T>(body: () => T) => T;
  readonly #watch: Watch;

  constructor(address: string, run: <T>(body: () => T) => T, watch: Watch) {
    this.address = address;
    this.#run = run;
    this.#watch = watch;
  }

  /** What `body` does before it returns is done on this host. */
  run<T>(body: () => T): T {
    return this.#run(body);
  }

  /** Is told of calls, for sockets that are not opened here. */
  get observe(): CallObserver {
    return this.#watch.called;
  }

  /** Says what the program does next that is no call of a socket that is opened here. */
  did(text: string): void {
    this.#watch.did(text);
  }

  async stream(options: SocketCreateOptions = {}): Promise<StreamSocket> {
    const observe = this.#watch.called;
    return this.#watch.opened(await this.#run(() => StreamSocket.create({ ...options, observe })));
  }

  async datagram(options: SocketCreateOptions = {}): Promise<DatagramSocket> {
    const observe = this.#watch.called;
    return this.#watch.opened(await this.#run(() => DatagramSocket.create({ ...options, observe })));
  }

  /** A stream socket that takes connections at port 5000. */
  async listen(backlog?: number, options: SocketCreateOptions = { reuseAddress: true }): Promise<StreamSocket> {
    const listener = await this.stream(options);
    await listener.bind({ address: this.address, port: PORT });
    await listener.listen(backlog);
    return listener;
  }

  /** A stream socket that is connected to port 5000 of `server`. */
  async connect(server: Host, options: SocketCreateOptions = {}): Promise<StreamSocket> {
    const socket = await this.stream(options);
    await socket.connect({ address: server.address, port: PORT });
    return socket;
  }
}
