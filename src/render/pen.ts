/** Text written as octets of UTF-8, piece by piece: on its way no string is made, joined or encoded. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** From so many characters on, the encoder is faster than a loop. */
const LONG = 96;

/** The digits of 0 to 999, each in one word. */
const DIGITS = Int32Array.from(
  { length: 1000 },
  (_, n) => 0x303030 + Math.floor(n / 100) + ((Math.floor(n / 10) % 10) << 8) + ((n % 10) << 16),
);

/** Octets of UTF-8 that are written again and again. */
export class Piece {
  readonly length: number;
  /** With zeros behind them, up to whole words. */
  readonly words: DataView;

  constructor(text: string) {
    const octets = encoder.encode(text);
    this.length = octets.length;
    const padded = new Uint8Array(Math.ceil(octets.length / 4) * 4);
    padded.set(octets);
    this.words = new DataView(padded.buffer);
  }
}

export class Pen {
  /** Octets written. */
  size = 0;
  #octets: Uint8Array<ArrayBuffer>;
  #data: DataView;

  /** With room for `capacity` octets at first. */
  constructor(capacity = 4096) {
    this.#octets = new Uint8Array(capacity);
    this.#data = new DataView(this.#octets.buffer);
  }

  /** hot */
  text(text: string): void {
    const { length } = text;
    this.#reserve(3 * length);
    if (length >= LONG) {
      this.#encode(text);
      return;
    }
    const octets = this.#octets;
    let size = this.size;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#encode(text);
        return;
      }
      octets[size++] = code;
    }
    this.size = size;
  }

  /** Word by word: what is written behind the piece is written over. hot */
  copy({ words, length }: Piece): void {
    this.#reserve(length + 3);
    const data = this.#data;
    const { size } = this;
    for (let i = 0; i < length; i += 4) data.setInt32(size + i, words.getInt32(i, true), true);
    this.size = size + length;
  }

  /** A whole number, 0 or above, in decimal. hot */
  number(value: number): void {
    if (value < 1000) this.#leading(value);
    else if (value < 1_000_000) {
      const thousands = (value / 1000) | 0;
      this.#leading(thousands);
      this.three(value - thousands * 1000);
    } else if (value < 1e12) {
      const thousands = Math.floor(value / 1000);
      this.number(thousands);
      this.three(value - thousands * 1000);
    } else this.text(String(value));
  }

  /** Three digits of a number below 1000, zeros in front. hot */
  three(value: number): void {
    this.#reserve(4);
    this.#data.setInt32(this.size, DIGITS[value]!, true);
    this.size += 3;
  }

  /** What was written, as a string; the pen starts anew. */
  take(): string {
    const text = decoder.decode(this.#octets.subarray(0, this.size));
    this.size = 0;
    return text;
  }

  /** What was written, as octets; the pen starts anew, in `other`. */
  exchange(other: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const written = this.#octets.subarray(0, this.size);
    this.#use(other);
    this.size = 0;
    return written;
  }

  #leading(value: number): void {
    if (value >= 100) {
      this.three(value);
      return;
    }
    this.#reserve(4);
    // The zeros in front fall off
    const zeros = value >= 10 ? 1 : 2;
    this.#data.setInt32(this.size, DIGITS[value]! >>> (8 * zeros), true);
    this.size += 3 - zeros;
  }

  #encode(text: string): void {
    this.size += encoder.encodeInto(text, this.#octets.subarray(this.size)).written;
  }

  #reserve(room: number): void {
    if (this.size + room <= this.#octets.length) return;
    const larger = new Uint8Array(2 * (this.size + room));
    larger.set(this.#octets.subarray(0, this.size));
    this.#use(larger);
  }

  #use(octets: Uint8Array<ArrayBuffer>): void {
    this.#octets = octets;
    this.#data = new DataView(octets.buffer);
  }
}
