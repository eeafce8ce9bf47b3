/** Options that several commands take, in the same words. */
import { Command, InvalidArgumentError, Option } from "commander";
import { explainTcpdump } from "./tcpdump.js";

/** By its name, what adds a command to the program. */
export type Commands = Readonly<Record<string, (program: Command) => void>>;

/** Which packets, and how many of them: the same words for every command. */
export function filterOptions(command: Command): Command {
  return explainTcpdump(command)
    .argument("[filter...]", "which packets, in the pcap-filter language: tcp port 5000 and host 192.0.2.1")
    .option("-p, --port <port>", "only this port or range, such as 5000 or 5000-5010; may be repeated", collect)
    .option("--host <address>", "only from or to this host; may be repeated", collect)
    .addOption(
      new Option("--protocol <name>", "only this protocol").choices([
        "tcp",
        "udp",
        "icmp",
        "icmp6",
        "arp",
        "ip",
        "ip6",
      ]),
    )
    .option("-c, --count <n>", "end after n packets", positiveWhole);
}

/** What only live traffic has: the same for every command that takes it. */
export function liveOptions(command: Command): Command {
  return command
    .hook("preAction", takeAny)
    .option("-i, --interface <name>", "one network interface, or any (default: all of them, loopback included)")
    .option("--duration <seconds>", "end after so long", seconds)
    .option("--snaplen <octets>", "keep only so much of each packet", positiveWhole)
    .option("--buffer <MiB>", "ring the kernel writes packets to", positive, 32)
    .addOption(new Option("--direction <way>", "only what comes in or goes out").choices(["in", "out"]))
    .option("--no-promiscuous", "leave out what is addressed to other hosts")
    .addOption(userOption());
}

/** For `hook("preAction")`: the interface any, as tcpdump's users write it, is all of them. */
export function takeAny(_: Command, command: Command): void {
  if (command.opts()["interface"] === "any") command.setOptionValue("interface", undefined);
}

/** An option that has no effect is a misunderstanding: of a file, everything is captured already. */
export function refuseLiveOptions(file: string, command: Command): void {
  if (file === "live") return;
  for (const option of liveOptions(new Command()).options)
    if (command.getOptionValueSource(option.attributeName()) === "cli")
      command.error(`error: option '${option.flags}' is for live traffic, and FILE is not "live"`);
}

/** How packets are shown: the same for every command that does. */
export function showOptions(command: Command): Command {
  return command
    .addOption(jsonOption())
    .option("--no-payload", "leave payloads out of JSON")
    .option("-v, --verbose", "every field of every header")
    .option("-x, --hex", "octets in hex and ASCII")
    .option("--no-reassemble", "show fragments of datagrams, but not the datagrams")
    .addOption(
      new Option("--time <format>", "time of day, or seconds since the first packet or the one before")
        .choices(["absolute", "relative", "delta", "none"])
        .default("absolute"),
    )
    .option("--explain", "say in a sentence what each packet means")
    .addOption(
      new Option("--ladder", "draw each conversation, once the packets are there").conflicts([
        "json",
        "verbose",
        "hex",
      ]),
    )
    .addOption(
      new Option("--format <name>", "draw ladders so (implies --ladder; default: text)")
        .choices(["text", "mermaid", "svg"])
        .implies({ ladder: true }),
    )
    .option("--quiet", "no packets, only how many")
    .addOption(colorOption());
}

/** It has every field and octet already. */
export function jsonOption(): Option {
  return new Option("--json", "one JSON object a line").conflicts(["verbose", "hex"]);
}

export function colorOption(): Option {
  return new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto", "on a terminal");
}

export function userOption(): Option {
  return new Option("--user <name>", "user to become once the sockets are open (default: who ran sudo, else nobody)");
}

export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("It takes a number above 0.");
  return value;
}

/** Timers take up to 2^31 - 1 milliseconds. */
const LONGEST = 2_147_483;

/** For timers. */
export function seconds(text: string): number {
  const value = positive(text);
  if (value > LONGEST) throw new InvalidArgumentError(`It takes up to ${LONGEST} seconds, 24 days.`);
  return value;
}

export function positiveWhole(text: string): number {
  const value = positive(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("It takes a whole number above 0.");
  return value;
}

export function port(text: string): number {
  return whole(text, 0, 65_535);
}

export function fromZero(text: string): number {
  return whole(text, 0, Number.MAX_SAFE_INTEGER);
}

/** A whole number in digits. */
export function whole(text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new InvalidArgumentError(`It takes a whole number ${range}.`);
}
