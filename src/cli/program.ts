/** The command line: what each command takes. What it does is loaded once it is asked for. */
import { Command, InvalidArgumentError, Option } from "commander";
import { exitCodes, report } from "./failure.js";
import { version } from "./version.js";

const program = new Command("sockinspect")
  .description("See what your sockets put on the wire.")
  .version(version)
  .showHelpAfterError("(--help shows how it is used)")
  .configureHelp({ sortSubcommands: false })
  .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : exitCodes.usage));

const capture = program
  .command("capture")
  .description("print or save packets as they come and go; needs root (sudo) or CAP_NET_RAW");
liveOptions(filterOptions(capture).option("-c, --count <n>", "end after n packets", positiveWhole))
  .option("-w, --write <file>", "save packets instead of printing them: pcapng, or pcap by its name; - is stdout")
  .option("--rotate-size <MiB>", "begin another file after so much; their names are numbered", positive)
  .option("--rotate-seconds <seconds>", "begin another file after so long", positive)
  .option("--files <n>", "keep only the n newest files", positiveWhole)
  .option("--print", "print packets that are saved, too");
showOptions(capture)
  .addHelpText(
    "after",
    `
Examples:
  sudo sockinspect capture --port 5000
  sudo sockinspect capture -i lo 'tcp and (port 80 or port 443)' -c 20
  sudo sockinspect capture --json udp port 53 | jq .time
  sudo sockinspect capture -w trace.pcapng.gz --rotate-size 100 --files 10

It runs as root only until its sockets and its file are open. Ctrl-C ends it with a summary on stderr.
Exit codes: 0 done, 64 wrong usage or filter, 69 not possible on this machine, 71 refused by the system,
73 file cannot be created, 74 cannot be written, 77 not permitted.`,
  )
  .action(async (filter: string[], options) => (await import("./capture.js")).captureCommand(filter, options));

const read = program
  .command("read")
  .description("print the packets of a capture file: pcapng or pcap, also compressed by gzip or zstd")
  .argument("<file>", "file to read; - is stdin");
showOptions(filterOptions(read).option("-c, --count <n>", "end after n packets", positiveWhole))
  .addHelpText(
    "after",
    `
Examples:
  sockinspect read trace.pcapng
  sockinspect read trace.pcap.gz --port 443 --time relative
  ssh host sudo tcpdump -w - -U | sockinspect read - tcp

Times of day are local; a date is in front of those that are not of the first packet's day.
Exit codes: 0 done, 64 wrong usage or filter, 65 the file is cut or wrong, 66 cannot be opened, 74 cannot be written.`,
  )
  .action(async (file: string, filter: string[], options) =>
    (await import("./read.js")).readCommand(file, filter, options),
  );

const flows = program
  .command("flows")
  .description("list conversations, of a capture file or of what comes and goes: TCP, UDP and ping")
  .argument("[file]", "file to read; - is stdin; live is the network", "live");
liveOptions(filterOptions(flows).option("-c, --count <n>", "end after n packets", positiveWhole))
  .addOption(
    new Option("--sort <by>", "what comes first (default: start; on a terminal that is refreshed: latest)").choices([
      "start",
      "latest",
      "duration",
      "packets",
      "octets",
    ]),
  )
  .option("--most <n>", "conversations remembered at once", positiveWhole, 65_536)
  .option("--json", "one JSON object a line")
  .addOption(colorOption())
  .addHelpText(
    "after",
    `
Examples:
  sockinspect flows trace.pcapng --sort octets
  sudo sockinspect flows
  sudo sockinspect flows live tcp port 443

Live, it needs root (sudo) or CAP_NET_RAW; Ctrl-C ends it. Exit codes are those of capture and read.`,
  )
  .action(async (file: string, filter: string[], options, command: Command) => {
    refuseLiveOptions(file, command);
    await (await import("./flows.js")).flowsCommand(file, filter, options);
  });

const follow = program
  .command("follow")
  .description("show what both sides of conversations say, of a capture file or live: TCP and UDP")
  .argument("<file>", "file to read; - is stdin; live is the network");
liveOptions(filterOptions(follow).option("-c, --count <n>", "end after n packets", positiveWhole))
  .option("--conversation <name>", "only this one, as 'sockinspect flows' calls it: tcp-0")
  .option("-x, --hex", "octets in hex and ASCII")
  .addOption(new Option("--raw <directory>", "a new file for each side there, instead of text").conflicts("hex"))
  .addOption(colorOption())
  .addHelpText(
    "after",
    `
Examples:
  sockinspect follow trace.pcapng --conversation tcp-0
  sudo sockinspect follow live port 5000
  sockinspect follow trace.pcapng --raw streams tcp port 80

→ is what the client sends, ← what the server does; ⇢ and ⇠ go on with a line begun further up.
Live, it needs root (sudo) or CAP_NET_RAW; Ctrl-C ends it. Exit codes are those of capture and read.`,
  )
  .action(async (file: string, filter: string[], options, command: Command) => {
    refuseLiveOptions(file, command);
    await (await import("./follow.js")).followCommand(file, filter, options);
  });

const convert = program
  .command("convert")
  .description("copy a capture file, or a part of it; between pcapng and pcap by the name of the copy")
  .argument("<in>", "file to read; - is stdin")
  .argument("<out>", "file to write: pcap for .pcap and .cap, else pcapng; with .gz or .zst compressed; - is stdout");
filterOptions(convert)
  .option("--from <time>", "only packets from then on: 2026-03-01T12:00, 12:00:01.5, +1.5 or @1700000000")
  .option("--to <time>", "only packets before then; +1.5 is so many seconds after the first packet")
  .option("-c, --count <n>", "end after n packets", positiveWhole)
  .option("--snaplen <octets>", "keep only so much of each packet", positiveWhole)
  .addHelpText(
    "after",
    `
Examples:
  sockinspect convert trace.pcapng trace.pcap
  sockinspect convert day.pcapng.gz lunch.pcapng --from 12:00 --to 13:00
  sockinspect convert trace.pcap headers.pcap --snaplen 96 tcp port 443

Times of day are local, and of the day of the first packet.
Exit codes: 0 done, 64 wrong usage or filter, 65 the file is cut or wrong, 66 cannot be opened,
73 copy cannot be created, 74 cannot be written.`,
  )
  .action(async (from: string, to: string, filter: string[], options) =>
    (await import("./convert.js")).convertCommand(from, to, filter, options),
  );

program
  .command("filter")
  .description("show the program that a filter is")
  .argument("<filter...>", "in the pcap-filter language")
  .option("--explain", "say in words what it selects")
  .option("--json", "the instructions as JSON")
  .option("--live", "for the kernel and every kind of device (default: for Ethernet files)")
  .action(async (filter: string[], options) => (await import("./filter-command.js")).filterCommand(filter, options));

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
  .addOption(colorOption())
  .action(async (scenario: string, options) => (await import("./demo.js")).demoCommand(scenario, options));

/** Which packets: the same words for every command. */
function filterOptions(command: Command): Command {
  return command
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
    );
}

/** What only live traffic has: the same for every command that takes it. */
function liveOptions(command: Command): Command {
  return command
    .option("-i, --interface <name>", "one network interface (default: all of them, loopback included)")
    .option("--duration <seconds>", "end after so long", positive)
    .option("--snaplen <octets>", "keep only so much of each packet", positiveWhole)
    .option("--buffer <MiB>", "ring the kernel writes packets to", positive, 32)
    .addOption(new Option("--direction <way>", "only what comes in or goes out").choices(["in", "out"]))
    .option("--no-promiscuous", "leave out what is addressed to other hosts")
    .option("--user <name>", "user to become once the sockets are open (default: who ran sudo, else nobody)");
}

/** An option that has no effect is a misunderstanding: of a file, everything is captured already. */
function refuseLiveOptions(file: string, command: Command): void {
  if (file === "live") return;
  for (const option of liveOptions(new Command()).options)
    if (command.getOptionValueSource(option.attributeName()) === "cli")
      command.error(`error: option '${option.flags}' is for live traffic, and FILE is not "live"`);
}

/** How packets are shown: the same for every command that does. */
function showOptions(command: Command): Command {
  return command
    .option("--json", "one JSON object a line")
    .option("--no-payload", "leave payloads out of JSON")
    .option("-v, --verbose", "every field of every header")
    .option("-x, --hex", "octets in hex and ASCII")
    .option("--no-reassemble", "show fragments of datagrams, but not the datagrams")
    .addOption(
      new Option("--time <format>", "time of day, or seconds since the first packet or the one before")
        .choices(["absolute", "relative", "delta", "none"])
        .default("absolute"),
    )
    .addOption(new Option("--explain", "say in a sentence what each packet means").conflicts("json"))
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

function colorOption(): Option {
  return new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto", "on a terminal");
}

function collect(value: string, earlier: string[] = []): string[] {
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

/** Does what the arguments of this process say. */
export async function runProgram(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    report(error);
  }
}
