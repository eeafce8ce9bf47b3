/** What a piece of text is, for whoever chooses how it looks. */
export type Role =
  | "time"
  | "device"
  | "address"
  | "port"
  | "protocol"
  | "flags"
  | "number"
  | "option"
  | "payload"
  | "title"
  | "field"
  | "problem"
  | "quiet";

/** Makes `text` look like its role, by what it puts in front of it and behind it: always the same for one role. */
export type Paint = (role: Role, text: string) => string;

export const plain: Paint = (_, text) => text;
