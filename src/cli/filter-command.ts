import { refusedArgument } from "../arguments.js";
import { addressesOf, compileStage, type Target } from "../filter/compile.js";
import { disassemble } from "../filter/disassemble.js";
import { explain } from "../filter/explain.js";
import { fieldLines, headerLines } from "../filter/field-list.js";
import { type Stage, stagesOf } from "../filter/stages.js";
import { printable } from "../render/text.js";
import { interfaces } from "../socket/interfaces.js";
import { linkTypes } from "../wire/numbers.js";
import { resolveHost } from "./filter.js";
import { print } from "./output.js";

export interface FilterCommandOptions {
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly live?: boolean;
  readonly fields?: string | true;
}

/** Shows the program of classic BPF that a filter is, for Ethernet files or for the kernel, or what it means. */
export async function filterCommand(words: readonly string[], options: FilterCommandOptions): Promise<void> {
  const source = words.join(" ");
  if (options.fields !== undefined) {
    await print(options.fields === true ? headerLines() : fieldLines(options.fields));
    return;
  }
  if (words.length === 0)
    throw refusedArgument("filter", "", "name a filter, or ask for the names of fields by --fields");
  const stages = stagesOf(source);
  if (options.explain) {
    await refuseMeaningless(source);
    await print([
      ...explain(source).split("\n").map(printable),
      ...(stages.length > 0 ? ["", ...askedWhere(stages)] : []),
    ]);
    return;
  }
  const target: Target = options.live ? "live" : { linkType: linkTypes.ethernet };
  const { program, complete } = compileStage(source, {
    target,
    addresses: await addressesOf(source, resolveHost),
    interfaceOf: (name) => interfaces().find((device) => device.name === name)?.index,
  });
  if (options.json) {
    const behind = complete ? [] : stages.filter(({ by }) => by !== "kernel" || !options.live);
    await print([JSON.stringify({ program, complete, behind })]);
    return;
  }
  await print([disassemble(program), ...(complete ? [] : ["", PREFILTER, ...askedWhere(stages)])]);
}

/** Throws `BAD_FILTER` for what is a filter by its grammar only, of packets in files and live; hosts need not exist. */
async function refuseMeaningless(source: string): Promise<void> {
  const addresses = await addressesOf(source, async () => ["192.0.2.1", "2001:db8::1"]);
  const compileFor = (target: Target): unknown => compileStage(source, { target, addresses, interfaceOf: () => 1 });
  try {
    compileFor({ linkType: linkTypes.ethernet });
  } catch {
    compileFor("live");
  }
}

const PREFILTER = "This program selects every packet that matches, and some that do not: the rest is asked behind it.";

/** Who asks the named fields, a line each. */
function askedWhere(stages: readonly Stage[]): string[] {
  const width = Math.max(...stages.map(({ text }) => text.length));
  const who = {
    kernel: "the kernel",
    both: "the kernel; sockinspect behind it where the header is in a tunnel or behind extension headers",
    here: "sockinspect, of what the kernel has selected",
  };
  return [
    "Who asks of live packets (of files, sockinspect asks everything; what is not named here, the kernel asks):",
    ...stages.map(({ text, by }) => `  ${printable(text.padEnd(width))}  ${who[by]}`),
  ];
}
