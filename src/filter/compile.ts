import { badArgument, requireType } from "../arguments.js";
import { always, and, type Condition, equal, never, not, or } from "./condition.js";
import type { Context, Stage } from "./context.js";
import { fault } from "./fault.js";
import { generate } from "./generate.js";
import { graph } from "./graph.js";
import type { Graph } from "./graph-steps.js";
import { ethernet, headerless, type Layout, layoutOf, networkRelative } from "./layout.js";
import { parse } from "./parse.js";
import { ancillary, type Program } from "./program.js";
import type { Expression } from "./syntax.js";
import { translate } from "./translate.js";
import { type Value, type Values, values } from "./value.js";

/**
 * What runs the program: a packet socket of this kernel, for any kind of device and every device at once; or packets of
 * a file, by its LINKTYPE_ number. `swapped` says that the file was written by a machine of the other octet order, which
 * LINKTYPE_NULL (0) shows.
 */
export type Target = "live" | { readonly linkType: number; readonly swapped?: boolean };

export interface CompileOptions {
  readonly target: Target;
  /** What the program returns for a packet that it accepts, in octets; 262144 unless told, as tcpdump has it. */
  readonly snapLength?: number | undefined;
  /** The index of an interface by its name, for `ifname`. */
  readonly interfaceOf?: ((name: string) => number | undefined) | undefined;
  /** For `ip broadcast`: 0xffffff00 for a /24; without one only 255.255.255.255 and 0.0.0.0 are broadcasts. */
  readonly netmask?: number | undefined;
  /** Live only: the interface on which each packet is seen twice, going out and coming in; the first is dropped. */
  readonly loopbackIndex?: number | undefined;
  /** Live only: packets that come in, or that go out. */
  readonly direction?: "in" | "out" | undefined;
  /** The addresses of hosts that the filter names, as {@link addressesOf} looks them up. */
  readonly addresses?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Live only: the ARPHRD_ numbers of the devices listened to, which makes the program shorter; any unless told. */
  readonly hardwareTypes?: readonly number[] | undefined;
}

/** Resolves with the addresses of a host, IPv4 and IPv6 as text; rejects, or gives none, where it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * A filter as a program of classic BPF, optimised. An empty one accepts every packet. Named fields are asked for as far as
 * a program can: see {@link compileStage}. Throws `BAD_FILTER`, also for a name of a host that is not among the addresses.
 */
export function compile(source: string, options: CompileOptions): Program {
  return compileStage(source, options).program;
}

/** A program, and whether it selects just what the filter asks for; else it selects that and some more. */
export interface ProgramStage {
  readonly program: Program;
  readonly complete: boolean;
}

/**
 * The program of a filter, as {@link compile}. Where it is not complete, what it selects has to be asked the rest by a
 * predicate. Throws `BAD_FILTER`.
 */
export function compileStage(source: string, options: CompileOptions): ProgramStage {
  const stock = values();
  const { graph, complete } = graphOf(source, options, stock, "prefilter");
  return { program: generate(graph, stock, options.snapLength ?? 262144, source), complete };
}

/** The addresses of every host that a filter names, for {@link compile}. Rejects with `BAD_FILTER`. */
export async function addressesOf(source: string, resolve: Resolve): Promise<ReadonlyMap<string, readonly string[]>> {
  requireType("resolve", resolve, "function");
  const found = new Map<string, readonly string[]>();
  for (const { text, at, length } of hostNames(parse(source))) {
    if (found.has(text)) continue;
    let addresses: readonly string[] = [];
    try {
      addresses = (await resolve(text)) ?? [];
    } catch {
      // What a resolver rejects with says no more than that there is no such host.
    }
    if (addresses.length === 0) throw fault(source, { at, length }, `the host '${text}' is not known`);
    found.set(text, addresses);
  }
  return found;
}

function hostNames(expression: Expression | undefined): { text: string; at: number; length: number }[] {
  if (expression === undefined) return [];
  switch (expression.kind) {
    case "chain":
      return [expression.first, ...expression.rest.map((part) => part.expression)].flatMap(hostNames);
    case "not":
      return hostNames(expression.of);
    case "address": {
      const { type, protocol } = expression.qualifiers;
      const { operand } = expression;
      const host = (type === undefined || type === "host") && protocol !== "link" && protocol !== "decnet";
      return host && operand.kind === "name"
        ? [{ text: operand.text, at: expression.at, length: expression.length }]
        : [];
    }
    default:
      return [];
  }
}

/** The steps of a filter, from which the program and the predicate are made; `complete` tells whether they ask all of it. */
export function graphOf(
  source: string,
  options: CompileOptions,
  stock: Values,
  wanted: Stage,
): { readonly graph: Graph; readonly complete: boolean } {
  check(options);
  const { target, addresses = new Map<string, readonly string[]>() } = options;
  const expression = parse(source);
  const stage = expression !== undefined && asksNamed(expression) ? wanted : "exact";
  const told = { incomplete: false };
  const inLayout = (layout: Layout, live: boolean, mixed = false, tagStripped = false): Condition => {
    if (expression === undefined) return { kind: "constant", value: true };
    const { netmask, interfaceOf } = options;
    const context: Context = {
      source,
      stock,
      layout,
      live,
      mixed,
      tagStripped,
      netmask,
      interfaceOf,
      addresses,
      registers: 0,
      stage,
      outermost: layout,
      most: true,
      told,
    };
    return translate(context, expression);
  };
  const done = (condition: Condition) => ({ graph: graph(condition, source), complete: !told.incomplete });
  if (target === "live") {
    // What the kernel has asked already
    const direction: Condition = stage === "rest" ? always : wantedDirection(stock, options);
    if (expression === undefined) return done(direction);
    return done(and(direction, onAnyDevice(stock, options, usesVlan(expression), inLayout)));
  }
  const unknown: Layout = { ...headerless, link: "other", type: undefined };
  return done(inLayout(layoutOf(target.linkType, target.swapped ?? false) ?? unknown, false));
}

/** Throws `BAD_ARGUMENT`. */
function check(options: CompileOptions): void {
  requireType("options", options, "object");
  const { target, direction, interfaceOf, addresses, hardwareTypes } = options;
  if (target !== "live" && !isWhole(target?.linkType, 0xffff))
    throw badArgument("target", target, '"live" or an object with the number of a linkType');
  for (const name of ["snapLength", "netmask", "loopbackIndex"] as const)
    if (options[name] !== undefined && !isWhole(options[name], 0xffffffff))
      throw badArgument(name, options[name], "a whole number of 32 bits");
  if (direction !== undefined && direction !== "in" && direction !== "out")
    throw badArgument("direction", direction, '"in" or "out"');
  if (interfaceOf !== undefined) requireType("interfaceOf", interfaceOf, "function");
  if (addresses !== undefined && !(addresses instanceof Map))
    throw badArgument("addresses", addresses, "a Map, as addressesOf() makes it");
  if (hardwareTypes !== undefined && !Array.isArray(hardwareTypes))
    throw badArgument("hardwareTypes", hardwareTypes, "a list of numbers");
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function asksNamed(expression: Expression): boolean {
  if (expression.kind === "chain")
    return asksNamed(expression.first) || expression.rest.some((part) => asksNamed(part.expression));
  return expression.kind === "not" ? asksNamed(expression.of) : expression.kind === "named";
}

/** `sll_pkttype` of a packet on its way out; linux/if_packet.h. */
const outgoing = 4;

function wantedDirection(stock: Values, { loopbackIndex, direction }: CompileOptions): Condition {
  const goesOut = equal(stock.load(2, ancillary.packetType), stock.constant(outgoing));
  const conditions: Condition[] = [];
  if (loopbackIndex !== undefined)
    conditions.push(not(and(equal(stock.load(4, ancillary.interfaceIndex), stock.constant(loopbackIndex)), goesOut)));
  if (direction !== undefined) conditions.push(direction === "out" ? goesOut : not(goesOut));
  return conditions.length === 0 ? { kind: "constant", value: true } : and(...conditions);
}

/** ARPHRD_ numbers of devices whose frames have an Ethernet header: Ethernet and loopback; linux/if_arp.h. */
const withEthernetHeader = [1, 772];

/** And of those on which a packet begins with the IP header: PPP, tunnels, and none at all, as tun and WireGuard. */
const withoutHeader = [512, 768, 769, 776, 65534];

/**
 * The filter for each kind of device, and the choice between them. Where the network header is at a constant place it is
 * read from there, because loads relative to it reach only the part of a large packet that the kernel has in one piece.
 */
function onAnyDevice(
  stock: Values,
  { hardwareTypes }: CompileOptions,
  vlans: boolean,
  inLayout: (layout: Layout, live: boolean, mixed: boolean, tagStripped?: boolean) => Condition,
): Condition {
  const among = (types: readonly number[]): readonly number[] =>
    types.filter((type) => hardwareTypes === undefined || hardwareTypes.includes(type));
  const others =
    hardwareTypes === undefined ||
    hardwareTypes.some((type) => !withEthernetHeader.includes(type) && !withoutHeader.includes(type));
  const is = (value: Value, number: number): Condition => equal(value, stock.constant(number));
  const onEthernet = (mixed: boolean): Condition => {
    if (!vlans) return inLayout(ethernet, true, mixed);
    return {
      kind: "choose",
      when: is(stock.load(1, ancillary.vlanTagPresent), 1),
      met: inLayout(ethernet, true, mixed, true),
      otherwise: inLayout(ethernet, true, mixed),
    };
  };
  const kinds = [
    { types: among(withEthernetHeader), condition: onEthernet },
    { types: among(withoutHeader), condition: (mixed: boolean) => inLayout(headerless, true, mixed) },
  ].filter(({ types }) => types.length > 0);
  const mixed = kinds.length + (others ? 1 : 0) > 1;
  const last = others ? inLayout(networkRelative, true, mixed) : kinds.pop();
  const rest: Condition = last === undefined ? never : "types" in last ? last.condition(mixed) : last;
  return kinds.reduceRight<Condition>(
    (otherwise, { types, condition }) => ({
      kind: "choose",
      when: or(...types.map((type) => is(stock.load(2, ancillary.hardwareType), type))),
      met: condition(mixed),
      otherwise,
    }),
    rest,
  );
}

function usesVlan(expression: Expression): boolean {
  if (expression.kind === "chain")
    return usesVlan(expression.first) || expression.rest.some((part) => usesVlan(part.expression));
  if (expression.kind === "not") return usesVlan(expression.of);
  if (expression.kind !== "named") return expression.kind === "vlan";
  const { subject } = expression;
  // The tag is kept beside the frame, and the type in the frame is then that of what it is on.
  return typeof subject !== "string" && (subject.header === "vlan" || subject.field?.name === "type");
}
