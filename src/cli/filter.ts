import { refusedArgument } from "../arguments.js";

export interface FilterOptions {
  readonly port?: readonly string[];
  readonly host?: readonly string[];
  readonly protocol?: string;
}

/** What packets are chosen by. */
export interface Filter {
  readonly filter: string;
  /** Of the hosts that it names, by the system's resolver. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/** The filter that the words and the `--port --host --protocol` of a command line mean together. */
export async function filterOf(words: readonly string[], options: FilterOptions): Promise<Filter> {
  const filter = await filterText(words, options);
  return { filter, addresses: await addressesIn(filter) };
}

async function filterText(words: readonly string[], options: FilterOptions): Promise<string> {
  const typed = words.join(" ").trim();
  const parts = [
    ...(options.protocol === undefined ? [] : [options.protocol]),
    ...anyOf((options.host ?? []).map((host) => `host ${oneWord("--host", host)}`)),
    ...anyOf(await Promise.all((options.port ?? []).map(portOrRange))),
  ];
  if (parts.length === 0) return typed;
  return [...(typed === "" ? [] : [`(${typed})`]), ...parts].join(" and ");
}

function anyOf(choices: readonly string[]): string[] {
  if (choices.length < 2) return [...choices];
  return [`(${choices.join(" or ")})`];
}

/** A hyphen makes a range, but for the names of services that have one. */
async function portOrRange(port: string): Promise<string> {
  const word = oneWord("--port", port);
  const isRange = word.includes("-") && !(await isService(word));
  return `${isRange ? "portrange" : "port"} ${word}`;
}

async function isService(name: string): Promise<boolean> {
  const { services } = await import("../filter/services.js");
  return Object.hasOwn(services, name);
}

/** An option's value stays one word of the filter: it is no place for a filter of its own. */
function oneWord(option: string, value: string): string {
  if (/^[\w.:/-]+$/.test(value)) return value;
  throw refusedArgument(option, value, `${option} takes a name or a number, not ${JSON.stringify(value)}`);
}

const nothing: Filter["addresses"] = new Map();

async function addressesIn(filter: string): Promise<Filter["addresses"]> {
  if (filter === "") return nothing;
  // The language is loaded where it is used
  const { addressesOf } = await import("../filter/compile.js");
  return await addressesOf(filter, resolveHost);
}

/** Every address of a host, by the system's resolver. */
export async function resolveHost(name: string): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
