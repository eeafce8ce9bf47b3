/** Commands about this machine. */
import type { Commands } from "./options.js";

export const machineCommands: Commands = {
  interfaces(program) {
    program
      .command("interfaces")
      .description("list the network interfaces")
      .option("--json", "one JSON object a line")
      .action(async (options) => (await import("../interfaces.js")).interfacesCommand(options));
  },

  doctor(program) {
    program
      .command("doctor")
      .description("say what this machine allows, and how to get the rest")
      .action(async () => (await import("../doctor.js")).doctorCommand());
  },
};
