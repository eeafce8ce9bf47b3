/** What the kernel knows about a TCP connection: TCP_INFO, tcp(7), as linux/tcp.h lays it out. */

/** RFC 9293 §3.3.2. */
export type TcpSocketState = (typeof states)[number];

const states = [
  "CLOSED",
  "ESTABLISHED",
  "SYN-SENT",
  "SYN-RECEIVED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  "CLOSED",
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
  "SYN-RECEIVED",
] as const;

/** A TCP_… number of linux/tcp_states.h by its name. */
export function tcpStateName(state: number): TcpSocketState {
  return states[state] ?? "CLOSED";
}

/** Times are milliseconds. Counters count from the beginning of the connection. */
export interface TcpInformation {
  readonly state: TcpSocketState;
  /** Of a listener: connections that wait for `accept()`, and how many may. */
  readonly waiting?: number;
  readonly backlog?: number;
  /** Smoothed, RFC 6298 §2; its variation; the least so far. */
  readonly roundTripTime: number;
  readonly roundTripTimeVariation: number;
  readonly minimumRoundTripTime: number;
  /** RTO, RFC 6298. */
  readonly retransmissionTimeout: number;
  /** Of the segment that waits for its acknowledgment now; all so far. */
  readonly retransmits: number;
  readonly totalRetransmits: number;
  /** Keep-alive or zero-window probes without an answer. */
  readonly probes: number;
  /** Segments, RFC 5681. */
  readonly congestionWindow: number;
  readonly slowStartThreshold: number;
  /** Segments sent and not acknowledged yet; of them, taken to be lost. */
  readonly unacknowledged: number;
  readonly lost: number;
  /** Octets of data in a segment. */
  readonly sendMaximumSegmentSize: number;
  readonly receiveMaximumSegmentSize: number;
  /** Octets of an IP packet on the way. */
  readonly pathMtu: number;
  /** Octets that the peer has acknowledged, SYN and FIN among them, and that have come in order. */
  readonly octetsAcknowledged: number;
  readonly octetsReceived: number;
  /** Octets that wait for the peer's or the congestion window. */
  readonly notSent: number;
  readonly segmentsOut: number;
  readonly segmentsIn: number;
  /** Since data was last sent, and received. */
  readonly sinceSent: number;
  readonly sinceReceived: number;
  /** Octets that the peer has room for; undefined before Linux 5.4. */
  readonly sendWindow?: number;
  /** Octets that we have room for; undefined before Linux 6.2. */
  readonly receiveWindow?: number;
}

/** `octets` is a struct tcp_info, as long as this kernel's. */
export function tcpInformation(octets: Uint8Array): TcpInformation {
  // Older kernels know less: what they leave out is zero
  const view = new DataView(new ArrayBuffer(256));
  new Uint8Array(view.buffer).set(octets.subarray(0, 256));
  const u32 = (at: number): number => view.getUint32(at, true);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const micro = (at: number): number => u32(at) / 1000;
  const state = tcpStateName(view.getUint8(0));
  const listens = state === "LISTEN";
  return {
    state,
    // The kernel gives them in place of segments
    ...(listens && { waiting: u32(24), backlog: u32(28) }),
    roundTripTime: micro(68),
    roundTripTimeVariation: micro(72),
    minimumRoundTripTime: micro(148),
    retransmissionTimeout: micro(8),
    retransmits: view.getUint8(2),
    totalRetransmits: u32(100),
    probes: view.getUint8(3),
    congestionWindow: u32(80),
    slowStartThreshold: u32(76),
    unacknowledged: listens ? 0 : u32(24),
    lost: u32(32),
    sendMaximumSegmentSize: u32(16),
    receiveMaximumSegmentSize: u32(20),
    pathMtu: u32(60),
    octetsAcknowledged: u64(120),
    octetsReceived: u64(128),
    notSent: u32(144),
    segmentsOut: u32(136),
    segmentsIn: u32(140),
    sinceSent: u32(44),
    sinceReceived: u32(52),
    ...(octets.length >= 232 && { sendWindow: u32(228) }),
    ...(octets.length >= 236 && { receiveWindow: u32(232) }),
  };
}
