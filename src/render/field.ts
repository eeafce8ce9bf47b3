/** Field values as text, by their row of the header's table. */
import type { Field, Format } from "../wire/field.js";
import { hex, words } from "./text.js";

/** A number as its format says: decimal, hex, or with the name it has. */
export function numberText(value: number, as: Format | undefined, size: number): string {
  if (as === "hex") return hex(value, size * 2);
  if (typeof as !== "object") return String(value);
  const name = as[value];
  const number = size > 1 && value > 255 ? hex(value, size * 2) : String(value);
  return name === undefined ? number : `${number} ${name}`;
}

/** The name of a number, or the number where it has none. */
export function nameOf(value: number, names: Readonly<Record<number, string>>): string {
  return names[value] ?? String(value);
}

/** The names of the flags that are on, in capitals. */
function flagText(flags: Readonly<Record<string, boolean>>): string {
  const on = Object.keys(flags).filter((name) => flags[name]);
  return on.length === 0 ? "none" : on.join(" ").toUpperCase();
}

/** How the numbers of a field are shown. */
export function formatOf(field: Field | undefined): Format | undefined {
  return field && "as" in field ? field.as : undefined;
}

export function fieldText(field: Field, value: unknown): string {
  if (field.type === "flags") return flagText(value as Readonly<Record<string, boolean>>);
  if (field.type === "bit") return value ? "yes" : "no";
  if (typeof value === "number") return numberText(value, formatOf(field), field.size);
  return briefly(value);
}

/** Any value of a layer in one line: its kind in words, then what it says; the name of a part that the kind ends with goes without saying. */
export function briefly(value: unknown): string {
  if (Array.isArray(value)) return value.map(briefly).join(", ") || "none";
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (typeof value !== "object" || value === null) return value === "" ? "none" : String(value);
  const { kind, ...rest } = value as { readonly kind?: string };
  const title = kind === undefined ? "" : words(kind);
  const said = Object.entries(rest).map(([name, part]) =>
    ` ${title}`.endsWith(` ${words(name)}`) ? briefly(part) : sayPart(name, part),
  );
  return [title, ...said].filter((text) => text !== "").join(" ");
}

function sayPart(name: string, part: unknown): string {
  if (part === "" || part === false || (Array.isArray(part) && part.length === 0)) return "";
  if (part === true) return words(name);
  const said = briefly(part);
  if (said === "") return "";
  return `${words(name)} ${Array.isArray(part) ? `[${said}]` : said}`;
}
