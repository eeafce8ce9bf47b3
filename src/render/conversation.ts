/** Conversations and their ends, as they are called. */
import type { Conversation } from "../flow/conversation.js";
import { endText } from "../wire/address.js";

/** What conversations are called on the command line: tcp-0. */
export function nameOf({ kind, number }: Conversation): string {
  return `${kind}-${number}`;
}

/** One end of a conversation; an echo has an identifier where others have ports. */
export function sideText(conversation: Conversation, side: "client" | "server"): string {
  const { address, port } = conversation[side];
  return endText(address, conversation.kind === "echo" ? undefined : port);
}
