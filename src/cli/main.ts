#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { exitCodes, report } from "./failure.js";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("sockinspect")
  .description("See what your sockets put on the wire.")
  .version(version)
  .showHelpAfterError("(--help shows how it is used)")
  .configureHelp({ sortSubcommands: false })
  .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : exitCodes.usage));

program
  .command("capture")
  .description("print packets as they come and go; needs root (sudo) or CAP_NET_RAW")
  .argument("[filter...]", "which packets, in the pcap-filter language: tcp port 5000 and host 192.0.2.1")
  .option("-i, --interface <name>", "one network interface (default: all of them, loopback included)")
  .option("-p, --port <port>", "only this port or range, such as 5000 or 5000-5010; may be repeated", collect, [])
  .option("--host <address>", "only from or to this host; may be repeated", collect, [])
  .addOption(
    new Option("--protocol <name>", "only this protocol").choices(["tcp", "udp", "icmp", "icmp6", "arp", "ip", "ip6"]),
  )
  .option("-c, --count <n>", "end after n packets", positiveWhole)
  .option("--duration <seconds>", "end after so long", positive)
  .option("--json", "one JSON object a line")
  .option("--no-payload", "leave payloads out of JSON")
  .option("-v, --verbose", "every field of every header")
  .option("-x, --hex", "octets in hex and ASCII")
  .addOption(
    new Option("--time <format>", "time of day, or seconds since the first packet or the one before")
      .choices(["absolute", "relative", "delta", "none"])
      .default("absolute"),
  )
  .option("--snaplen <octets>", "keep only so much of each packet", positiveWhole)
  .option("--buffer <MiB>", "ring the kernel writes packets to", positive, 32)
  .addOption(new Option("--direction <way>", "only what comes in or goes out").choices(["in", "out"]))
  .option("--no-promiscuous", "leave out what is addressed to other hosts")
  .option("--quiet", "no packets, only how many")
  .addOption(
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto", "on a terminal"),
  )
  .option("--user <name>", "user to become once the sockets are open (default: who ran sudo, else nobody)")
  .addHelpText(
    "after",
    `
Examples:
  sudo sockinspect capture --port 5000
  sudo sockinspect capture -i lo 'tcp and (port 80 or port 443)' -c 20
  sudo sockinspect capture --json udp port 53 | jq .time

It runs as root only until its sockets are open. Ctrl-C ends it with a summary on stderr.
Exit codes: 0 done, 64 wrong usage or filter, 69 not possible on this machine, 71 refused by the system, 77 not permitted.`,
  )
  .action(async (filter: string[], options) => (await import("./capture.js")).captureCommand(filter, options));

program
  .command("interfaces")
  .description("list the network interfaces")
  .option("--json", "one JSON object a line")
  .action(async (options) => (await import("./interfaces.js")).interfacesCommand(options));

program
  .command("doctor")
  .description("say what this machine allows, and how to get the rest")
  .action(async () => (await import("./doctor.js")).doctorCommand());

program
  .command("demo")
  .description("watch real traffic in a private network namespace; needs no root")
  .addArgument(
    new Command().createArgument("<scenario>", "handshake: a TCP connection from SYN to FIN").choices(["handshake"]),
  )
  .addOption(
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto", "on a terminal"),
  )
  .action(async (scenario: string, options) => (await import("./demo.js")).demoCommand(scenario, options));

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("It takes a number above 0.");
  return value;
}

function positiveWhole(text: string): number {
  const value = positive(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("It takes a whole number above 0.");
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  report(error);
}
