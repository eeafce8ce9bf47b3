/** The command line: what each command takes. What it does is loaded once it is asked for. */
import { Command } from "commander";
import { exitCodes, report } from "./failure.js";
import { craftCommands } from "./program/craft.js";
import { machineCommands } from "./program/machine.js";
import type { Commands } from "./program/options.js";
import { packetCommands } from "./program/packets.js";
import { sendCommands } from "./program/send.js";
import { socketCommands } from "./program/sockets.js";

const program = new Command("sockinspect")
  .description("See what your sockets put on the wire.")
  .showHelpAfterError("(--help shows how it is used)")
  .configureHelp({ sortSubcommands: false })
  .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : exitCodes.usage));

const commands: Commands = {
  ...packetCommands,
  ...craftCommands,
  ...sendCommands,
  ...machineCommands,
  ...socketCommands,
};
const [, , name = ""] = process.argv;
// Who names one does not wait for the others to be described
const asked = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
for (const add of asked) add(program);

/** Does what the arguments of this process say. */
export async function runProgram(version: string): Promise<void> {
  program.version(version);
  try {
    await program.parseAsync();
  } catch (error) {
    report(error);
  }
}
