/** Text written as octets of UTF-8, piece by piece: on its way no string is made, joined or encoded. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** From so many characters on, the encoder is faster than a loop. */
const LONG = 96;

/** The digits of 0 to 999, three octets each. */
const DIGITS = encoder.encode(Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, "0")).join(""));

export class Pen {
  /** What was written: the first {@link size} octets. */
  octets: Uint8Array<ArrayBuffer>;
  size = 0;

  /** With room for `capacity` octets at first. */
  constructor(capacity = 4096) {
    this.octets = new Uint8Array(capacity);
  }

  /** hot */
  text(text: string): void {
    const { length } = text;
    this.#reserve(3 * length);
    if (length >= LONG) {
      this.#encode(text);
      return;
    }
    const { octets } = this;
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

  /** Octets of UTF-8 that were kept. hot */
  copy(piece: Uint8Array): void {
    const { length } = piece;
    this.#reserve(length);
    const { octets, size } = this;
    for (let i = 0; i < length; i++) octets[size + i] = piece[i]!;
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
    this.#reserve(3);
    const { octets, size } = this;
    const at = value * 3;
    octets[size] = DIGITS[at]!;
    octets[size + 1] = DIGITS[at + 1]!;
    octets[size + 2] = DIGITS[at + 2]!;
    this.size = size + 3;
  }

  /** What was written, as a string; the pen starts anew. */
  take(): string {
    const text = decoder.decode(this.octets.subarray(0, this.size));
    this.size = 0;
    return text;
  }

  #leading(value: number): void {
    if (value >= 100) {
      this.three(value);
      return;
    }
    this.#reserve(2);
    if (value >= 10) this.octets[this.size++] = DIGITS[value * 3 + 1]!;
    this.octets[this.size++] = DIGITS[value * 3 + 2]!;
  }

  #encode(text: string): void {
    this.size += encoder.encodeInto(text, this.octets.subarray(this.size)).written;
  }

  #reserve(room: number): void {
    if (this.size + room <= this.octets.length) return;
    const larger = new Uint8Array(2 * (this.size + room));
    larger.set(this.octets.subarray(0, this.size));
    this.octets = larger;
  }
}

/** The octets of `text`, to be copied again and again. */
export function pieceOf(text: string): Uint8Array {
  return encoder.encode(text);
}
