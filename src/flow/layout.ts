/**
 * Where the record of a conversation has what: the key and what the table keeps, what is true of the conversation, then its
 * sides, that which comes first in the key before the other. In numbers; a number takes the room of two words.
 */
export const CONVERSATION = 8;
export const LOW = 16;
export const HIGH = 44;
export const RECORD = 72;

/** Behind {@link CONVERSATION}; words of a part are counted from its start, too. */
export const conversationNumbers = {
  duration: 0,
  seconds: 1,
  nanoseconds: 2,
  number: 3,
  synTime: 4,
  handshakeTime: 5,
} as const;
export const conversationWords = { marks: 12, errors: 13, opened: 14, closer: 15 } as const;
/** Bits of the word `marks`. */
export const conversationMarks = { clientIsLow: 1, isReset: 2, isRefused: 4, usesFastOpen: 8 } as const;

/** Behind {@link LOW} and {@link HIGH}. What nearly every packet reads and writes lies together in front. */
export const sideNumbers = {
  packets: 0,
  octets: 1,
  nextTime: 2,
  timedSince: 3,
  advancedTime: 4,
  delivered: 5,
  acknowledgedPacket: 6,
  /** The first of six. */
  roundTrips: 16,
  repeatedTime: 22,
  missed: 23,
} as const;
export const sideWords = {
  marks: 14,
  state: 15,
  previous: 16,
  next: 17,
  sent: 18,
  run: 19,
  acknowledged: 20,
  duplicates: 21,
  latestLength: 22,
  window: 23,
  shift: 24,
  timed: 25,
  timedStamp: 26,
  deliveredEnd: 27,
  unanswered: 28,
  initial: 29,
  windowShift: 30,
  maximumSegmentSize: 31,
  finEnd: 48,
  synRetries: 49,
  retransmissions: 50,
  outOfOrder: 51,
  zeroWindows: 52,
  device: 53,
} as const;
export const sideMarks = {
  hasExtras: 1,
  hasInitial: 2,
  sentSyn: 4,
  sentSynAck: 8,
  sentFin: 16,
  sentRst: 32,
  hasNext: 64,
  isUnseen: 128,
  finReceived: 256,
  timedAgain: 512,
} as const;
