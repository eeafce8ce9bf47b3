import { addressesOf, compile, type Target } from "../filter/compile.js";
import { disassemble } from "../filter/disassemble.js";
import { explain } from "../filter/explain.js";
import { printable } from "../render/text.js";
import { interfaces } from "../socket/interfaces.js";
import { linkTypes } from "../wire/numbers.js";
import { resolveHost } from "./filter.js";

export interface FilterCommandOptions {
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly live?: boolean;
}

/** Shows the program of classic BPF that a filter is, for Ethernet files or for the kernel. */
export async function filterCommand(words: readonly string[], options: FilterCommandOptions): Promise<void> {
  const source = words.join(" ");
  if (options.explain) {
    const lines = explain(source).split("\n").map(printable);
    process.stdout.write(`${lines.join("\n")}\n`);
    return;
  }
  const target: Target = options.live ? "live" : { linkType: linkTypes.ethernet };
  const program = compile(source, {
    target,
    addresses: await addressesOf(source, resolveHost),
    interfaceOf: (name) => interfaces().find((device) => device.name === name)?.index,
  });
  process.stdout.write(options.json ? `${JSON.stringify(program)}\n` : `${disassemble(program)}\n`);
}
