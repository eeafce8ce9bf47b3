/** The names of fields as a reference to read. */
import { refusedArgument } from "../arguments.js";
import { headerOf, headers } from "../packet/headers.js";
import { type Field, largest } from "../wire/field.js";
import { flagsOf, isName, type Name, nameOf, namesIn } from "./name.js";
import { namesOfValues } from "./parse-named.js";

/** Every header, a line each. */
export function headerLines(): readonly string[] {
  const width = Math.max(...headers.map(({ kind }) => kind.length));
  const others = [
    ["direction", "in, out, or other: to another host; where it is known"],
    ["device", "the name of the network interface, where it is known"],
  ] as const;
  return [...headers.map(({ kind, title }) => [kind, title] as const), ...others].map(
    ([name, what]) => `${name.padEnd(width)}  ${what}`,
  );
}

/** Every field of a header, with what it is compared with. Throws `BAD_ARGUMENT`. */
export function fieldLines(header: string): readonly string[] {
  const found = nameOf(header);
  if (!isName(found)) {
    const hint = found.meant === undefined ? "" : `; did you mean '${found.meant}'?`;
    throw refusedArgument("fields", header, `there is no header '${header}'${hint} (--fields alone lists them)`);
  }
  const own = found.header === "ipv6" ? found.text : found.text.replace(/^ipv6\./, "");
  const names = namesIn(found.header).filter(({ text }) => text === own || text.startsWith(`${own}.`));
  const lines = names.map((name) => [name.text, meaning(name)] as const);
  const width = Math.max(...lines.map(([text]) => text.length));
  return lines.map(([text, what]) => `${text.padEnd(width)}  ${what}`.trimEnd());
}

function meaning({ header, field, value, only }: Name): string {
  if (field === undefined) return `is there: ${headerOf(header).title}`;
  if (value === undefined) return only?.value === undefined ? "is there" : `is there; or ${valueText(only.value)}`;
  return valueText(value);
}

const most = 5;

function valueText(field: Field): string {
  switch (field.type) {
    case "bit":
      return "true or false";
    case "flags":
      return `number to ${field.sets.length - 1}, or ${flagsOf(field).join(", ")}`;
    case "ipv4":
    case "ipv6":
      return `${field.type === "ipv4" ? "IPv4" : "IPv6"} address or network`;
    case "mac":
      return "Ethernet address";
    case "octets":
      return field.size > 0 ? `${field.size} octets in hex` : "address, or octets in hex";
    case "rest":
      return "number, address, or octets in hex";
    default: {
      const names = namesOfValues(field).map(([name]) => name);
      const some = names.length > most ? [...names.slice(0, most), "…"] : names;
      return [`number to ${largest(field)}`, ...(some.length > 0 ? [some.join(", ")] : [])].join(", or ");
    }
  }
}
