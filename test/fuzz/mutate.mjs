// Inputs made from others by chance, the same ones for the same seed.
import { linkTypes } from "../../dist/index.js";
import { inputOf } from "./seeds.mjs";

const LARGEST = 65_536;
const LINK_TYPES = [...Object.values(linkTypes), 147];

/** Where most headers decide what follows: sizes, versions, EtherTypes, protocols, options. */
const OCTETS = [0, 1, 2, 3, 4, 5, 6, 8, 15, 16, 17, 41, 43, 44, 47, 50, 51, 58, 60, 127, 128, 132, 135, 136, 254, 255];
const WORDS = [
  0, 1, 7, 8, 19, 20, 39, 40, 0x0800, 0x0806, 0x8100, 0x86dd, 0x88a8, 0x8847, 0x8864, 0x7fff, 0xfffe, 0xffff,
];

/** Numbers below `n`, by sfc32. */
export function chance(seed) {
  let [a, b, c, count] = [seed | 0, 0x9e3779b9 | 0, (seed / 2 ** 32) | 0, 1];
  const next = () => {
    const result = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return result >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return (n) => Math.floor((next() / 2 ** 32) * n);
}

/** A changed copy of `input`; `another` gives one to take octets from. */
export function mutate(input, another, below) {
  let { octets, linkType, length } = input;
  octets = octets.slice();
  for (let n = 1 + below(4) * below(2); n > 0; n--) octets = CHANGES[below(CHANGES.length)](octets, below, another);
  if (below(2000) === 0) octets = enlarge(octets, below);
  if (below(32) === 0) linkType = LINK_TYPES[below(LINK_TYPES.length)];
  if (length > input.octets.length ? below(4) > 0 : below(16) === 0) length = octets.length + below(3) * below(2000);
  return inputOf(octets, linkType, Math.max(length, octets.length));
}

const CHANGES = [flip, set, set, setWord, setWord, add, add, cut, remove, insert, copy, splice];

function flip(octets, below) {
  if (octets.length > 0) octets[near(octets, below)] ^= 1 << below(8);
  return octets;
}

function set(octets, below) {
  if (octets.length > 0) octets[near(octets, below)] = below(2) === 0 ? OCTETS[below(OCTETS.length)] : below(256);
  return octets;
}

function setWord(octets, below) {
  if (octets.length < 2) return octets;
  const at = near(octets, below) & ~1;
  const word = below(2) === 0 ? WORDS[below(WORDS.length)] : octets.length - at + below(5) - 2;
  octets[at] = word >> 8;
  if (at + 1 < octets.length) octets[at + 1] = word;
  return octets;
}

function add(octets, below) {
  if (octets.length > 0) octets[near(octets, below)] += below(9) - 4;
  return octets;
}

function cut(octets, below) {
  return octets.slice(0, below(octets.length + 1));
}

function remove(octets, below) {
  const at = below(octets.length + 1);
  return joined(octets.subarray(0, at), octets.subarray(at + below(33)));
}

function insert(octets, below) {
  const at = below(octets.length + 1);
  const more = Uint8Array.from({ length: below(33) }, () => below(256));
  return joined(octets.subarray(0, at), more, octets.subarray(at));
}

/** Some octets once more: options, extension headers, tunnels. */
function copy(octets, below) {
  const from = below(octets.length + 1);
  const some = octets.subarray(from, from + 1 + below(64));
  const at = below(2) === 0 ? from : below(octets.length + 1);
  return joined(octets.subarray(0, at), some, octets.subarray(at));
}

/** The beginning of one, the end of another. */
function splice(octets, below, another) {
  const other = another().octets;
  return joined(octets.subarray(0, below(octets.length + 1)), other.subarray(below(other.length + 1)));
}

/** As large as frames get: one stretch of octets again and again, so that time that is not linear shows. */
function enlarge(octets, below) {
  if (octets.length === 0) return octets;
  const at = below(octets.length);
  const stretch = octets.subarray(at, at + 1 + below(64));
  const times = Math.floor((LARGEST - octets.length) / stretch.length);
  return joined(octets.subarray(0, at), ...new Array(times).fill(stretch), octets.subarray(at));
}

/** Any octet, those in front more often: there the headers are. */
function near(octets, below) {
  return below(3) === 0 ? below(octets.length) : below(Math.min(octets.length, 80));
}

function joined(...parts) {
  return new Uint8Array(Buffer.concat(parts)).slice(0, LARGEST);
}
