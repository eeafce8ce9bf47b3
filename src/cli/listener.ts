/** Whoever hears what both sides of conversations say. */
import type { Conversation } from "../flow/conversation.js";
import type { Piece } from "../flow/reassembly.js";
import type { Output } from "./output.js";

export type End = "client" | "server";

export const ENDS = ["client", "server"] as const;

/** Octets a side that wait for what is missing before them. */
export const KEEP = 1024 * 1024;

/** Is told what is said, in the order in which it became known. */
export interface Listener {
  hear(conversation: Conversation, from: End, pieces: readonly Piece[]): void;
  /** Nothing more comes of a conversation. */
  over?(conversation: Conversation): void;
  /** Everything so far can be shown. */
  pause?(): void;
  readonly output: Output;
  readonly remarks: readonly string[];
  /** Why nothing more can be heard. */
  readonly failure?: unknown;
}
