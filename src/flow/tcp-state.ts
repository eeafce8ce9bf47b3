/** The states of both ends of a TCP connection, as its segments tell them: RFC 9293 §3.3.2 and §3.10. */
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import type { TcpSide } from "./side.js";

/** RFC 9293 §3.3.2. */
export type TcpState =
  | "LISTEN"
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT"
  | "CLOSED";

/**
 * Moves both sides on. What a side sends proves its state; what is sent to it is taken to arrive, until the side proves
 * that it did not by sending again. Numbers of `sender` and `receiver` are those before the segment.
 */
export function moveStates(segment: Segment, sender: TcpSide, receiver: TcpSide): void {
  const { flags } = segment;
  if ((flags & RST) !== 0) reset(segment, sender, receiver);
  else if ((flags & SYN) !== 0) synchronize(segment, sender, receiver);
  else {
    if (sender.state === undefined || sender.state === "SYN-SENT" || sender.state === "LISTEN")
      sender.state = "ESTABLISHED";
    // It acknowledges a SYN-ACK, or answers something, that was not seen
    if (receiver.state === undefined || (receiver.state === "LISTEN" && (flags & ACK) !== 0))
      receiver.state = "ESTABLISHED";
    if ((flags & ACK) !== 0) acknowledge(segment, sender, receiver);
    if ((flags & FIN) !== 0) finish(segment, sender, receiver);
  }
}

function reset(segment: Segment, sender: TcpSide, receiver: TcpSide): void {
  sender.state = "CLOSED";
  if (fits(segment, sender, receiver)) receiver.state = "CLOSED";
}

/** RFC 9293 §3.10.7: a reset counts where it fits what the receiver waits for; RFC 5961 §3 says exactly. */
export function fits({ flags, sequence, acknowledgment }: Segment, sender: TcpSide, receiver: TcpSide): boolean {
  if (receiver.state === undefined) return true;
  if (receiver.state === "SYN-SENT" && (flags & ACK) !== 0) return ((acknowledgment - receiver.initial) | 0) > 0;
  return !receiver.hasAcknowledged || sequence === receiver.acknowledged || sequence === sender.next;
}

function synchronize({ flags, acknowledgment }: Segment, sender: TcpSide, receiver: TcpSide): void {
  if ((flags & ACK) === 0) {
    // A SYN that crosses one of the other side: simultaneous open
    if (receiver.state === "SYN-SENT") receiver.state = "SYN-RECEIVED";
    else if (receiver.state === undefined) receiver.state = "LISTEN";
    if (sender.state !== "SYN-RECEIVED") sender.state = "SYN-SENT";
    return;
  }
  sender.sentSynAck = true;
  // Where both sent a SYN, each answers the other's whether or not its own was answered
  if (sender.state !== "ESTABLISHED" || receiver.state !== "SYN-RECEIVED") sender.state = "SYN-RECEIVED";
  const isAcknowledged = !receiver.sentSyn || ((acknowledgment - receiver.initial) | 0) > 0;
  const waits = receiver.state === undefined || receiver.state === "SYN-SENT" || receiver.state === "SYN-RECEIVED";
  if (isAcknowledged && waits) receiver.state = "ESTABLISHED";
}

function acknowledge({ acknowledgment }: Segment, sender: TcpSide, receiver: TcpSide): void {
  if (receiver.state === "SYN-RECEIVED" && ((acknowledgment - receiver.initial) | 0) > 0)
    receiver.state = "ESTABLISHED";
  if (!receiver.sentFin || ((acknowledgment - receiver.finEnd) | 0) < 0) return;
  receiveFin(sender, receiver);
  if (receiver.state === "FIN-WAIT-1") receiver.state = "FIN-WAIT-2";
  else if (receiver.state === "CLOSING") receiver.state = "TIME-WAIT";
  else if (receiver.state === "LAST-ACK") receiver.state = "CLOSED";
}

function finish({ sequence, length, acknowledgment }: Segment, sender: TcpSide, receiver: TcpSide): void {
  // What the sender repeats was not acknowledged as far as it knows
  if (sender.state === "ESTABLISHED" || sender.state === "SYN-RECEIVED" || sender.state === "FIN-WAIT-2")
    sender.state = "FIN-WAIT-1";
  else if (sender.state === "CLOSE-WAIT" && ((acknowledgment - receiver.finEnd) | 0) < 0)
    // The FINs cross: it had not got the other side's when it sent its own
    sender.state = "CLOSING";
  else if (sender.state === "CLOSE-WAIT" || sender.state === "CLOSED") sender.state = "LAST-ACK";
  else if (sender.state === "TIME-WAIT") sender.state = "CLOSING";
  const end = (sequence + length + 1) | 0;
  // A FIN behind octets that are missing waits for them
  const isInOrder = !sender.hasNext || ((sequence - sender.next) | 0) <= 0;
  if (isInOrder && !sender.holes && (!sender.sentFin || end === sender.finEnd)) receiveFin(receiver, sender);
}

/** `receiver` has everything up to the FIN of `sender`. */
function receiveFin(receiver: TcpSide, sender: TcpSide): void {
  if (sender.finReceived) return;
  sender.finReceived = true;
  if (receiver.state === "ESTABLISHED" || receiver.state === "SYN-RECEIVED") receiver.state = "CLOSE-WAIT";
  else if (receiver.state === "FIN-WAIT-1") receiver.state = "CLOSING";
  else if (receiver.state === "FIN-WAIT-2") receiver.state = "TIME-WAIT";
}
