/** How views read fields: in place. */
import { ipv4Text, ipv6Text, macText } from "./address.js";
import { type Field, type Flags, type Rest, u24 } from "./field.js";
import { hexText } from "./hex.js";

/** Where a view reads: from `at`, the first octet of the header, to `end`, the first one after it. */
export class Place {
  data: DataView;
  at: number;
  end: number;

  constructor(data: DataView, at: number, end: number) {
    this.data = data;
    this.at = at;
    this.end = end;
  }
}

/** Views of all headers are moved by their places, which are all of one shape: one store for every kind of header. */
interface Placed {
  readonly place: Place;
}

type Getter<T> = (this: Placed) => T;

/**
 * One getter a field, offsets and masks held in its closure: measured as fast as writing it by hand. Each is made in a
 * function of its own, and short, so that V8 makes many of them a part of whoever reads.
 */
export function getter(field: Field): Getter<unknown> {
  const { at, size } = field;
  switch (field.type) {
    case "u8":
      return u8At(at);
    case "u16":
      return u16At(at);
    case "u24":
      return u24At(at);
    case "u32":
      return u32At(at);
    case "u32le":
      return u32leAt(at);
    case "bits": {
      const shift = size * 8 - field.bit - field.width;
      const mask = 2 ** field.width - 1;
      if (size === 1) return bits8At(at, shift, mask);
      return size === 2 ? bits16At(at, shift, mask) : bits32At(at, shift, mask);
    }
    case "bit":
      return bitAt(at, 0x80 >> field.bit);
    case "flags":
      return flagsAt(at, field.sets);
    case "ipv4":
      return ipv4At(at);
    case "ipv6":
      return ipv6At(at);
    case "mac":
      return macAt(at);
    case "octets":
      return octetsAt(at, size);
    case "rest":
      return restAt(at, field.codec);
    default:
      return field satisfies never;
  }
}

function u8At(at: number): Getter<number> {
  return function () {
    const { place } = this;
    return place.data.getUint8(place.at + at);
  };
}

function u16At(at: number): Getter<number> {
  return function () {
    const { place } = this;
    return place.data.getUint16(place.at + at);
  };
}

function u24At(at: number): Getter<number> {
  return function () {
    const { place } = this;
    return u24(place.data, place.at + at);
  };
}

function u32At(at: number): Getter<number> {
  return function () {
    const { place } = this;
    return place.data.getUint32(place.at + at);
  };
}

function u32leAt(at: number): Getter<number> {
  return function () {
    const { place } = this;
    return place.data.getUint32(place.at + at, true);
  };
}

function bits8At(at: number, shift: number, mask: number): Getter<number> {
  return function () {
    const { place } = this;
    return (place.data.getUint8(place.at + at) >>> shift) & mask;
  };
}

function bits16At(at: number, shift: number, mask: number): Getter<number> {
  return function () {
    const { place } = this;
    return (place.data.getUint16(place.at + at) >>> shift) & mask;
  };
}

function bits32At(at: number, shift: number, mask: number): Getter<number> {
  return function () {
    const { place } = this;
    return (place.data.getUint32(place.at + at) >>> shift) & mask;
  };
}

function bitAt(at: number, mask: number): Getter<boolean> {
  return function () {
    const { place } = this;
    return (place.data.getUint8(place.at + at) & mask) !== 0;
  };
}

function flagsAt(at: number, sets: readonly Flags<string>[]): Getter<Flags<string>> {
  const mask = sets.length - 1;
  return function () {
    const { place } = this;
    return sets[place.data.getUint16(place.at + at) & mask]!;
  };
}

function ipv4At(at: number): Getter<string> {
  return function () {
    const { place } = this;
    return ipv4Text(place.data, place.at + at);
  };
}

function ipv6At(at: number): Getter<string> {
  return function () {
    const { place } = this;
    return ipv6Text(place.data, place.at + at);
  };
}

function macAt(at: number): Getter<string> {
  return function () {
    const { place } = this;
    return macText(place.data, place.at + at);
  };
}

function octetsAt(at: number, size: number): Getter<string> {
  return function () {
    const { place } = this;
    return hexText(place.data, place.at + at, place.at + at + size);
  };
}

function restAt(at: number, codec: Rest<unknown>): Getter<unknown> {
  return function () {
    const { place } = this;
    place.data.getUint8(place.at); // a rest may be empty, and what was released refuses all the same
    return codec.decode(place.data, place.at + at, place.end);
  };
}
