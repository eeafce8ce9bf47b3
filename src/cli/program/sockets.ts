/** Commands that open stream and datagram sockets of their own, for others to watch. */
import { type Command, Option } from "commander";
import { colorOption } from "./options.js";

export function socketCommands(program: Command): void {
  program
    .command("demo")
    .description("watch sockets do something, in a private network namespace; needs no root")
    .argument("[name]", "which one; without it, they are listed")
    .addOption(new Option("--json", "one JSON object: calls, packets, whether it was as expected").conflicts("mermaid"))
    .option("--mermaid", "draw it as a Mermaid diagram")
    .option("--svg <file>", "draw it as an image, too; - is stdout")
    .option("-w, --write <file>", "save the packets, too: pcapng, or pcap by its name; - is stdout")
    .option("--slow", "pause between the steps, to read along")
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  sockinspect demo
  sockinspect demo handshake
  sockinspect demo nagle --slow
  sockinspect demo zero-window --svg zero-window.svg --write zero-window.pcapng

Each checks itself: exit code 1 says that the packets were not those expected.
Other exit codes: 0 done, 64 no such demo, 69 not possible on this machine, 73 a file cannot be created, 77 not permitted.`,
    )
    .action(async (name: string | undefined, options) => (await import("../demo.js")).demoCommand(name, options));
}
