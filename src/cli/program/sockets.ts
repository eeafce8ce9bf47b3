/** Commands that open stream and datagram sockets of their own, for others to watch. */
import type { Command } from "commander";
import { colorOption } from "./options.js";

export function socketCommands(program: Command): void {
  program
    .command("demo")
    .description("watch real traffic in a private network namespace; needs no root")
    .addArgument(
      program.createArgument("<scenario>", "handshake: a TCP connection from SYN to FIN").choices(["handshake"]),
    )
    .addOption(colorOption())
    .action(async (scenario: string, options) => (await import("../demo.js")).demoCommand(scenario, options));
}
