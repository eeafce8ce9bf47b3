/** Demos in a private network namespace: what they show, and whether it is so. */

import { refusedArgument } from "../arguments.js";
import type { Scenario } from "../demo/scenario.js";
import { scenarios } from "../demo/scenarios.js";
import { Stage } from "../demo/stage.js";
import { durationText } from "../flow/explain.js";
import { json } from "../render/json.js";
import { type Ladder, SAMPLED } from "../render/ladder.js";
import { ladderMermaid } from "../render/ladder-mermaid.js";
import { ladderSvg } from "../render/ladder-svg.js";
import { LadderDrawing } from "../render/ladder-text.js";
import type { Paint } from "../render/paint.js";
import { count, wrap } from "../render/text.js";
import { binding } from "../socket/binding.js";
import { nearest } from "../wire/nearest.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { createText } from "./create.js";
import { Output, print, put } from "./output.js";
import { isInside, runInside } from "./private-namespace.js";
import { chooseUser, fileOwner } from "./privileges.js";
import { checkSaveOptions, Saving } from "./save.js";
import { teller } from "./tell.js";
import { terminal } from "./terminal.js";

export interface DemoOptions {
  readonly color: ColourChoice;
  readonly json?: boolean;
  readonly mermaid?: boolean;
  readonly svg?: string;
  readonly write?: string;
  readonly slow?: boolean;
}

/** Columns of a terminal, at least. */
const WIDTH = 80;

export async function demoCommand(name: string | undefined, options: DemoOptions): Promise<void> {
  check(name, options);
  if (name === undefined) return await list(options);
  const scenario = find(name);
  if (!isInside()) return await runInside();
  binding().setInterfaceUp("lo");
  await play(scenario, options);
}

/** Throws `BAD_ARGUMENT`. */
function check(name: string | undefined, { svg, write, slow, json: asJson, mermaid }: DemoOptions): void {
  const refuse = (argument: string, value: unknown, why: string): never => {
    throw refusedArgument(argument, value, `${argument} ${why}`);
  };
  const given = Object.entries({ "--svg": svg, "--write": write, "--slow": slow, "--mermaid": mermaid });
  for (const [option, value] of given)
    if (name === undefined && value !== undefined)
      refuse(option, value, "needs the name of a demo; 'sockinspect demo' lists them");
  if (svg === "" || write === "") refuse(svg === "" ? "--svg" : "--write", "", "takes the name of a file");
  const onOutput = [svg === "-", write === "-", asJson || mermaid].filter(Boolean);
  if (onOutput.length > 1)
    refuse("-", "-", "is standard output, which only one of --svg, --write, --json and --mermaid can have");
  checkSaveOptions({ ...(write !== undefined && { write }) });
}

async function list(options: DemoOptions): Promise<void> {
  if (options.json) {
    await print(scenarios.map(({ name, title, lesson }) => JSON.stringify({ demo: name, title, lesson })));
    return;
  }
  const paint = paintFor(process.stdout, options.color);
  const longest = Math.max(...scenarios.map((scenario) => scenario.name.length));
  const rows = scenarios.map(({ name, title }) => `${paint("title", name.padEnd(longest))}  ${title}`);
  await print([...rows, "", `sockinspect demo ${scenarios[0]!.name}   shows one; --help says how else`]);
}

/** Throws `BAD_ARGUMENT`, which names what may have been meant. */
function find(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  const near = nearest(
    name,
    scenarios.map((scenario) => scenario.name),
  );
  const hint = near === undefined ? "'sockinspect demo' lists them all" : `did you mean ${near}?`;
  throw refusedArgument("name", name, `there is no demo called ${name}: ${hint}`);
}

async function play(scenario: Scenario, options: DemoOptions): Promise<void> {
  const { write, svg, slow = false } = options;
  const owner = fileOwner(chooseUser(undefined));
  // Closing it says why
  const saving = write === undefined ? undefined : await Saving.open(write, { write }, owner, () => {});
  const image = svg === undefined ? undefined : await createText(svg, owner);
  const text =
    options.json || options.mermaid || svg === "-" || write === "-" ? undefined : new Telling(scenario, options.color);
  text?.begin();
  await using stage = new Stage(scenario, {
    slow,
    ...(saving && { save: (record) => saving.take(record) }),
    ...(text && { progress: (ladder) => text.rungs(ladder) }),
  });
  await stage.play();
  const ladder = stage.ladder();
  const { failures, clockError } = stage;
  if (options.json) {
    const { name, title, lesson } = scenario;
    const packets = stage.packets().map(({ packet }) => JSON.parse(json(packet)) as unknown);
    const passed = failures.length === 0;
    const seen = Object.fromEntries(stage.outlines());
    const told = { demo: name, title, lesson, passed, failures, seen, clockError, ladder, packets };
    await print([JSON.stringify(told)]);
  } else if (options.mermaid) await put(ladderMermaid(ladder));
  await image?.end(ladderSvg(ladder));
  const packets = stage.packets().length;
  await saving?.close({ captured: packets, received: packets, unmatched: 0, dropped: 0, freezes: 0 });
  await text?.end(ladder, clockError, failures, packets);
  const tell = teller(options.color);
  if (saving) tell(saving.text);
  if (image && svg !== "-") tell(`drawn in ${svg}`);
  if (failures.length > 0) process.exitCode = 1;
}

/** A demo as text: the lesson, the ladder, whether it was as expected. */
class Telling {
  readonly #scenario: Scenario;
  readonly #paint: Paint;
  readonly #width = Math.max(WIDTH, terminal().columns);
  readonly #drawing: LadderDrawing;
  readonly #output = new Output();
  #drawn = 0;

  constructor(scenario: Scenario, color: ColourChoice) {
    this.#scenario = scenario;
    this.#paint = paintFor(process.stdout, color);
    this.#drawing = new LadderDrawing({ width: this.#width, paint: this.#paint });
  }

  begin(): void {
    const { name, title, lesson } = this.#scenario;
    this.#print(`${this.#paint("title", name)}: ${title}`, "");
    for (const line of wrap(lesson, WIDTH - 4)) this.#print(`  ${line}`);
    this.#print("");
    this.#show();
  }

  /** What of the ladder was not drawn yet. */
  rungs(ladder: Ladder): void {
    if (this.#drawn === 0) this.#print(...this.#drawing.ends(ladder));
    for (const rung of ladder.rungs.slice(this.#drawn)) this.#print(...this.#drawing.rung(rung));
    this.#drawn = ladder.rungs.length;
    this.#show();
  }

  /** Resolves when all is written. Throws `SYSTEM`. */
  async end(ladder: Ladder, clockError: number, failures: readonly string[], packets: number): Promise<void> {
    this.rungs(ladder);
    this.#print("");
    if (ladder.rungs.some(({ states }) => states?.sampled))
      this.#quiet(`${SAMPLED} the kernel's state when a call returned; the others are by the packets`);
    if (ladder.rungs.some(({ kind }) => kind === "call"))
      this.#quiet(`Times: calls by the program, packets by the kernel; clocks within ${durationText(clockError)}`);
    for (const failure of failures) this.#print(this.#paint("problem", `✗ ${failure}`));
    if (failures.length === 0) this.#print(this.#paint("payload", `✓ ${count(packets, "packet")}, as expected`));
    await this.#output.flush();
  }

  /** While the demo goes on. */
  #show(): void {
    this.#output.flush().catch(() => {}); // the end says it
  }

  #quiet(text: string): void {
    for (const line of wrap(text, WIDTH - 4)) this.#print(this.#paint("quiet", `  ${line}`));
  }

  #print(...lines: readonly string[]): void {
    for (const line of lines) this.#output.print(line);
  }
}
