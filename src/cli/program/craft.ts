/** Commands that make packets, and those that take them apart octet by octet. */
import { type Commands, colorOption } from "./options.js";

const DRAFTS = `
A draft is headers with their fields, outermost first, and payloads, joined by /:
  ipv4(destination=192.0.2.1,ttl=9)/tcp(destinationPort=80,flags=syn,options=[windowScale(shift=7)])/"hello"
What is left out is computed. Names are those that 'sockinspect read -v' shows, without blanks; payloads are texts in
quotes, or octets as 0x00ff.`;

export const craftCommands: Commands = {
  hex(program) {
    program
      .command("hex")
      .description("show the octets of a packet made of a draft")
      .argument(
        "<draft>",
        "headers and payloads, such as 'ipv4(destination=127.0.0.1)/udp(destinationPort=9)/\"hello\"'",
      )
      .addOption(program.createOption("-x, --hex", "with offsets and ASCII").conflicts("raw"))
      .option("--raw", "the octets themselves")
      .addOption(colorOption())
      .addHelpText(
        "after",
        `${DRAFTS}

Examples:
  sockinspect hex 'ipv4(destination=127.0.0.1)/icmp(type=echoRequest,identifier=7)/"ping"' -x
  sockinspect hex 'ethernet/arp(targetProtocol=192.0.2.1)' | sockinspect explain -`,
      )
      .action(async (draft: string, options) => (await import("../hex.js")).hexCommand(draft, options));
  },

  explain(program) {
    program
      .command("explain")
      .description("say what the octets of packets mean")
      .argument("<hex...>", "hex digits, or dumps as tcpdump -xx, xxd and 'sockinspect read -x' print them; - is stdin")
      .addOption(
        program
          .createOption("--link <type>", "what it starts with (default: what makes most sense of it)")
          .choices(["ethernet", "ip", "sll", "sll2", "null", "loop"]),
      )
      .addOption(colorOption())
      .addHelpText(
        "after",
        `
Examples:
  sockinspect explain 450000281234400040062a9a7f0000017f0000019c40138800000000000000005002020000180000
  xxd -p packet.bin | sockinspect explain - --link ethernet`,
      )
      .action(async (words: string[], options) => (await import("../explain.js")).explainCommand(words, options));
  },
};
