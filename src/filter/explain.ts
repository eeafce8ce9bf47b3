import { parse } from "./parse.js";
import type { Arithmetic, Expression, Operand, Qualifiers } from "./syntax.js";
import type { Protocol } from "./words.js";

/** Protocols whose usual names are not their words in capitals. */
const names: Partial<Record<Protocol, string>> = {
  ip: "IPv4",
  ip6: "IPv6",
  icmp6: "ICMPv6",
  link: "the link layer",
  atalk: "AppleTalk",
  decnet: "DECnet",
  moprc: "MOP remote console",
  mopdl: "MOP dump/load",
  iso: "OSI",
  esis: "ES-IS",
  isis: "IS-IS",
  l1: "IS-IS level 1",
  l2: "IS-IS level 2",
  iih: "IS-IS hello",
  lsp: "IS-IS link state",
  snp: "IS-IS sequence numbers",
  csnp: "IS-IS complete sequence numbers",
  psnp: "IS-IS partial sequence numbers",
  stp: "spanning tree",
  netbeui: "NetBEUI",
};

const nameOf = (protocol: Protocol): string => names[protocol] ?? protocol.toUpperCase();

/**
 * What a filter asks, in words, a part a line and deeper ones indented by two spaces; implied qualifiers are spelled out.
 * Throws `BAD_FILTER` where it is no filter.
 */
export function explain(source: string): string {
  const expression = parse(source);
  if (expression === undefined) return "every packet";
  return lines(expression, "packets ").join("\n");
}

function lines(expression: Expression, lead = ""): string[] {
  switch (expression.kind) {
    case "chain":
      return chain(expression, lead);
    case "not": {
      const inner = lines(expression.of);
      if (inner.length === 1) return [`${lead}not ${inner[0]}`];
      return [`${lead}not:`, ...inner.map((line) => `  ${line}`)];
    }
    default:
      return [lead + phrase(expression)];
  }
}

/** Operands with `and` and `or` between them bind from the left, which is shown by indenting whatever came before. */
function chain({ first, rest }: Expression & { kind: "chain" }, lead: string): string[] {
  let gathered = lines(first);
  let joined: "and" | "or" | undefined;
  const heading = (operator: "and" | "or"): string => (operator === "and" ? "all of:" : "any of:");
  const indented = (text: string[]): string[] => text.map((line) => `  ${line}`);
  for (const { operator, expression } of rest) {
    if (joined === undefined) gathered = indented(gathered);
    else if (joined !== operator) gathered = indented([heading(joined), ...gathered]);
    joined = operator;
    gathered = [...gathered, ...indented(lines(expression))];
  }
  return [lead + heading(joined ?? "and"), ...gathered];
}

function phrase(expression: Exclude<Expression, { kind: "chain" | "not" }>): string {
  switch (expression.kind) {
    case "address":
      return addressed(expression.qualifiers, expression.operand);
    case "protocol":
      return `with ${nameOf(expression.protocol)}`;
    case "relation": {
      const sign = { "=": "is", "!=": "is not", ">": ">", ">=": ">=", "<": "<", "<=": "<=" }[expression.operator];
      return `where ${number(expression.left)} ${sign} ${number(expression.right)}`;
    }
    case "broadcast":
    case "multicast":
      return `sent as a ${expression.kind} of ${nameOf(expression.protocol ?? "link")}`;
    case "less":
      return `of at most ${expression.value} octets`;
    case "greater":
      return `of at least ${expression.value} octets`;
    case "byte":
      return `where octet ${expression.index} of the link layer ${expression.operator} ${expression.value}`;
    case "inbound":
      return "that come in";
    case "outbound":
      return "that go out";
    case "ifindex":
      return `on the interface with index ${expression.value}`;
    case "ifname":
      return `on the interface ${expression.name}`;
    case "vlan":
      return inside("a VLAN tag", expression.value);
    case "mpls":
      return inside("an MPLS label", expression.value);
    case "pppoes":
      return inside("a PPPoE session", expression.value);
    case "geneve":
      return inside("a Geneve network", expression.value);
    case "pppoed":
      return "with PPPoE discovery";
    case "llc":
      return `with an 802.2 header${expression.type === undefined ? "" : ` of type ${expression.type}`}`;
    case "named":
      return expression.test.kind === "there" ? `with ${expression.text}` : `where ${expression.text}`;
    default:
      return expression satisfies never;
  }
}

function inside(what: string, value: number | undefined): string {
  return `with ${what}${value === undefined ? "" : ` ${value}`} (what follows is asked of what is inside it)`;
}

const ends = {
  src: "from",
  dst: "to",
  "src or dst": "from or to",
  "src and dst": "from and to",
} as const;

function addressed({ protocol, direction, type }: Qualifiers, operand: Operand): string {
  const where = ends[direction ?? "src or dst"];
  const of = protocol === undefined ? "" : ` of ${nameOf(protocol)}`;
  switch (type) {
    case "port":
      return `${where} port ${text(operand)} of ${protocol === undefined ? "TCP, UDP or SCTP" : nameOf(protocol)}`;
    case "portrange":
      return `${where} ports ${text(operand)} of ${protocol === undefined ? "TCP, UDP or SCTP" : nameOf(protocol)}`;
    case "proto":
      return `in which ${protocol === undefined ? "IPv4 or IPv6" : nameOf(protocol)} carries protocol ${text(operand)}`;
    case "protochain":
      return `with protocol ${text(operand)} anywhere in the chain of headers${of}`;
    case "net":
      return `${where} the network ${text(operand)}${of}`;
    case "gateway":
      return `through the gateway ${text(operand)}`;
    default:
      return `${where} ${text(operand)}${of}`;
  }
}

function text(operand: Operand): string {
  switch (operand.kind) {
    case "number":
      return String(operand.value);
    case "ipv4":
    case "ipv6": {
      const mask = operand.kind === "ipv4" ? operand.mask : undefined;
      if (mask !== undefined) return `${operand.text} mask ${mask}`;
      return operand.prefix === undefined ? operand.text : `${operand.text}/${operand.prefix}`;
    }
    default:
      return operand.text;
  }
}

function number(arithmetic: Arithmetic): string {
  switch (arithmetic.kind) {
    case "number":
      return arithmetic.value > 255 ? `0x${arithmetic.value.toString(16)}` : String(arithmetic.value);
    case "length":
      return "the length of the packet";
    case "negate":
      return `-${number(arithmetic.of)}`;
    case "field": {
      const octets = arithmetic.size === 1 ? "octet" : `the ${arithmetic.size} octets at`;
      return `${octets} ${number(arithmetic.index)} of ${nameOf(arithmetic.protocol)}`;
    }
    case "operation":
      return `(${number(arithmetic.left)} ${arithmetic.operator} ${number(arithmetic.right)})`;
    default:
      return arithmetic satisfies never;
  }
}
