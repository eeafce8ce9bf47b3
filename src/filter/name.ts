/** Names of fields, as the tables of the headers have them: `tcp.flags.syn`, `tcp.options.maximumSegmentSize.size`. */
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import type { Content, Field } from "../wire/field.js";
import { nearest } from "../wire/nearest.js";

/** From one value to those inside: the entry of a list or variant that is of a kind, or a field. Lists are entered. */
export type Way = { readonly kind: string } | { readonly field: string };

/** What there is by a name. */
export interface Name {
  /** As it is written in full. */
  readonly text: string;
  readonly header: HeaderKind;
  /** The field of the header that it is, or is in; undefined for the header itself. */
  readonly field: Field | undefined;
  /** Of a set of flags, this one, counted from the lowest bit. */
  readonly flag?: number;
  /** From what the rest of a header holds to what is meant. */
  readonly way: readonly Way[];
  /** What a value may be compared with: a field's; nothing where there is only being there. */
  readonly value: Field | undefined;
  /** The only field of an option, which stands for the option in comparisons. */
  readonly only?: Name;
}

/** A name that there is not: where in the text it stops to make sense, and what may have been meant. */
export interface NoName {
  readonly at: number;
  readonly length: number;
  readonly why: string;
  readonly meant: string | undefined;
}

/** Of options, by what everybody calls them. */
const shorter: Readonly<Record<string, string>> = { mss: "maximumSegmentSize", wscale: "windowScale" };

/** Headers that follow that of IPv6, and may be called by what they belong to. */
const extensions: readonly string[] = [
  "hopByHopOptions",
  "destinationOptions",
  "routing",
  "fragment",
  "authentication",
  "esp",
  "mobility",
] satisfies HeaderKind[];

const kinds: ReadonlySet<string> = new Set(headers.map(({ kind }) => kind));

function isHeader(text: string): text is HeaderKind {
  return kinds.has(text);
}

/** What Wireshark asks of either end has words in tcpdump's language, and no field. */
const eitherEnd: Readonly<Record<string, string>> = {
  "ip.addr": "host",
  "ip.host": "host",
  "ipv6.addr": "host",
  "eth.addr": "ether host",
  "tcp.port": "tcp port",
  "udp.port": "udp port",
};

/** What `text` names. */
export function nameOf(text: string): Name | NoName {
  if (Object.hasOwn(eitherEnd, text))
    return { at: 0, length: text.length, why: `there is no field '${text}'`, meant: eitherEnd[text] };
  const segments = text.split(".");
  const [first, second] = segments;
  if (first === "ipv6" && second !== undefined && extensions.includes(second))
    return within(second as HeaderKind, segments.slice(2), text, first.length + 1);
  if (first !== undefined && isHeader(first)) return within(first, segments.slice(1), text, 0);
  if (second === undefined) {
    const common: HeaderKind[] = ["ipv4", "tcp", "udp", "ipv6", "icmp", "ethernet"];
    const names = [...common, ...headers.map(({ kind }) => kind)].flatMap(namesIn);
    const meant = names.find((name) => name.text.endsWith(`.${text}`))?.text;
    return { at: 0, length: text.length, why: `there is no field '${text}'`, meant: meant ?? likeliestHeader(text) };
  }
  const meant = likeliestHeader(first ?? "");
  const whole = meant === undefined ? undefined : corrected(meant, segments.slice(1));
  return { at: 0, length: first?.length ?? 0, why: `there is no header '${first}'`, meant: whole ?? meant };
}

export function isName(name: Name | NoName): name is Name {
  return "header" in name;
}

function within(header: HeaderKind, segments: readonly string[], text: string, start: number): Name | NoName {
  const whole: Name = { text: header, header, field: undefined, way: [], value: undefined };
  let name = whole;
  let at = start + header.length + 1;
  for (const segment of segments) {
    const found = inside(name, segment);
    if (found === undefined) {
      const why = `${name.text} has no '${segment}'`;
      return { at, length: Math.max(segment.length, 1), why, meant: corrected(header, segments) };
    }
    name = found;
    at += segment.length + 1;
  }
  return text.startsWith(`ipv6.${header}`) ? { ...name, text: `ipv6.${name.text}` } : name;
}

/** What `segment` is inside of `name`. */
function inside(name: Name, segment: string): Name | undefined {
  const { header } = name;
  const text = `${name.text}.${segment}`;
  if (name.field === undefined) {
    const field = headerOf(header).fields.find((one) => one.name === segment);
    return (
      field && { text, header, field, way: [], value: field.type === "rest" && field.codec.content ? undefined : field }
    );
  }
  if (name.field.type === "flags" && name.flag === undefined) {
    const flag = flagsOf(name.field).indexOf(segment);
    if (flag < 0) return undefined;
    return { text, header, field: name.field, flag, way: [], value: bit(segment) };
  }
  const here = contentOf(name);
  if (here === undefined) return undefined;
  if ("parts" in here) {
    const full = Object.hasOwn(shorter, segment) ? shorter[segment]! : segment;
    const part = here.parts.find(({ kind }) => kind === full);
    if (part !== undefined) {
      const found: Name = {
        text: `${name.text}.${full}`,
        header,
        field: name.field,
        way: [...name.way, { kind: full }],
        value: undefined,
      };
      const [only, ...others] = part.fields;
      return only === undefined || others.length > 0 ? found : { ...found, only: inside(found, only.name)! };
    }
    // Any of the kinds that has such a field
    const field = here.parts.flatMap(({ fields }) => fields).find((one) => one.name === segment);
    return field && step(name, field, text);
  }
  const field = here.fields.find((one) => one.name === segment);
  return field && step(name, field, text);
}

function step(name: Name, field: Field, text: string): Name {
  const value = field.type === "rest" && field.codec.content ? undefined : field;
  return { text, header: name.header, field: name.field, way: [...name.way, { field: field.name }], value };
}

/** What is inside of what `name` names. */
function contentOf({ field, way }: Name): Content | undefined {
  let content: Content | undefined = field?.type === "rest" ? field.codec.content : undefined;
  for (const one of way) {
    if (content === undefined) return undefined;
    if ("kind" in one) {
      const { kind } = one;
      const part: { fields: readonly Field[] } | undefined =
        "parts" in content ? content.parts.find((each) => each.kind === kind) : undefined;
      content = part && { fields: part.fields };
    } else {
      const fields: readonly Field[] =
        "parts" in content ? content.parts.flatMap((part) => part.fields) : content.fields;
      const found = fields.find((each) => each.name === one.field);
      content = found?.type === "rest" ? found.codec.content : undefined;
    }
  }
  return content;
}

function bit(name: string): Field {
  return { name, at: 0, size: 0, type: "bit", bit: 0 };
}

/** The names of a field's flags, lowest bit first. */
export function flagsOf(field: Field): readonly string[] {
  return field.type === "flags" ? Object.keys(field.sets[0]!) : [];
}

const known = new Map<HeaderKind, readonly Name[]>();

/** Every name of the fields of a header; those of options and messages by their kinds. */
export function namesIn(header: HeaderKind): readonly Name[] {
  const before = known.get(header);
  if (before !== undefined) return before;
  const whole: Name = { text: header, header, field: undefined, way: [], value: undefined };
  const found: Name[] = [whole];
  const visit = (name: Name): void => {
    for (const segment of segmentsIn(name)) {
      const one = inside(name, segment)!;
      found.push(one);
      visit(one);
    }
  };
  visit(whole);
  known.set(header, found);
  return found;
}

function segmentsIn(name: Name): readonly string[] {
  if (name.field === undefined) return headerOf(name.header).fields.map((field) => field.name);
  if (name.field.type === "flags") return name.flag === undefined ? flagsOf(name.field) : [];
  const content = contentOf(name);
  if (content === undefined) return [];
  return "parts" in content ? content.parts.map(({ kind }) => kind) : content.fields.map((field) => field.name);
}

/** What others call them, for suggestions: tcpdump, Wireshark, the C headers. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  ip: ["ipv4"],
  ip4: ["ipv4"],
  ip6: ["ipv6"],
  eth: ["ethernet"],
  ether: ["ethernet"],
  icmp6: ["icmpv6"],
  src: ["source", "sourcePort"],
  dst: ["destination", "destinationPort"],
  sport: ["sourcePort"],
  srcport: ["sourcePort"],
  dport: ["destinationPort"],
  dstport: ["destinationPort"],
  port: ["destinationPort"],
  seq: ["sequenceNumber"],
  ack: ["acknowledgmentNumber"],
  win: ["window"],
  len: ["length", "totalLength", "payloadLength"],
  length: ["totalLength", "payloadLength"],
  hlim: ["hopLimit"],
  ttl: ["hopLimit"],
  hoplimit: ["ttl"],
  proto: ["protocol", "nextHeader"],
  protocol: ["nextHeader"],
  nxt: ["nextHeader"],
  id: ["identification", "identifier"],
  tos: ["dscp"],
  df: ["dontFragment"],
  mf: ["moreFragments"],
  offset: ["fragmentOffset", "dataOffset"],
  reset: ["rst"],
  push: ["psh"],
  opcode: ["operation"],
  mtu: ["nextHopMtu"],
};

function othersFor(word: string): readonly string[] {
  const key = word.toLowerCase();
  return Object.hasOwn(synonyms, key) ? synonyms[key]! : [];
}

function likeliestHeader(word: string): HeaderKind | undefined {
  const [known] = othersFor(word);
  const found = known ?? nearestOf(word, [...kinds]);
  return found !== undefined && isHeader(found) ? found : undefined;
}

/** `segments` inside of a header as they may have been meant. */
function corrected(header: HeaderKind, segments: readonly string[]): string | undefined {
  if (segments.length === 0) return header;
  const names = namesIn(header).slice(1);
  const paths = names.map(({ text }) => text.slice(header.length + 1));
  const wanted = segments.join(".");
  const alike = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9.]/g, "");
  const last = segments.at(-1)!;
  const ends = [last, ...othersFor(last), ...(Object.hasOwn(shorter, last) ? [shorter[last]!] : [])].map(alike);
  const ending = (end: (text: string) => boolean): string | undefined =>
    paths.find((path) => end(alike(path.split(".").at(-1)!)));
  const found =
    paths.find((path) => alike(path) === alike(wanted)) ??
    segmentwise(header, segments) ??
    ends.map((end) => ending((text) => text === end)).find((path) => path !== undefined) ??
    nearestOf(wanted, paths) ??
    (last.length > 2 ? ending((text) => text.startsWith(alike(last))) : undefined);
  return found === undefined ? undefined : `${header}.${found}`;
}

/** Each segment as it may have been meant, where all can be told. */
function segmentwise(header: HeaderKind, segments: readonly string[]): string | undefined {
  let name: Name = { text: header, header, field: undefined, way: [], value: undefined };
  for (const segment of segments) {
    const others = segmentsIn(name);
    const meant = othersFor(segment).find((one) => others.includes(one));
    const one = inside(name, segment) ? segment : (meant ?? nearestOf(segment, others));
    const found = one === undefined ? undefined : inside(name, one);
    if (found === undefined) return undefined;
    name = found;
  }
  return name.text.slice(header.length + 1);
}

/** The word most like `word`, large and small letters being alike. */
function nearestOf(word: string, words: readonly string[]): string | undefined {
  const found = nearest(
    word,
    words.map((one) => one.toLowerCase()),
  );
  return words.find((one) => one.toLowerCase() === found);
}
