/** Commands about packets that others send: live, and in files. */
import { type Command, Option } from "commander";
import {
  type Commands,
  colorOption,
  filterOptions,
  liveOptions,
  positive,
  positiveWhole,
  refuseLiveOptions,
  showOptions,
} from "./options.js";

export const packetCommands: Commands = {
  capture(program) {
    const capture = program
      .command("capture")
      .description("print or save packets as they come and go; needs root (sudo) or CAP_NET_RAW");
    liveOptions(filterOptions(capture))
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
      .action(async (filter: string[], options) => (await import("../capture.js")).captureCommand(filter, options));
  },

  read(program) {
    const read = program
      .command("read")
      .description("print the packets of a capture file: pcapng or pcap, also compressed by gzip or zstd")
      .argument("<file>", "file to read; - is stdin");
    showOptions(filterOptions(read))
      .addOption(
        new Option(
          "-w, --write <file>",
          "save packets instead of printing them: pcapng, or pcap by its name; - is stdout",
        ).conflicts(["json", "payload", "verbose", "hex", "reassemble", "time", "explain", "ladder", "format"]),
      )
      .addHelpText(
        "after",
        `
Examples:
  sockinspect read trace.pcapng
  sockinspect read trace.pcap.gz --port 443 --time relative
  sockinspect read trace.pcapng 'tcp.flags.syn and ipv4.ttl < 64'
  sockinspect read trace.pcap host 192.0.2.1 -w part.pcap
  ssh host sudo tcpdump -w - -U | sockinspect read - tcp

Times of day are local; a date is in front of those that are not of the first packet's day.
With --write it does what convert does, which can also cut by time.
Exit codes: 0 done, 64 wrong usage or filter, 65 the file is cut or wrong, 66 cannot be opened,
73 copy cannot be created, 74 cannot be written.`,
      )
      .action(async (file: string, filter: string[], options) =>
        options.write === undefined
          ? (await import("../read.js")).readCommand(file, filter, options)
          : (await import("../convert.js")).convertCommand(file, options.write, filter, options),
      );
  },

  flows(program) {
    const flows = program
      .command("flows")
      .description("list conversations, of a capture file or of what comes and goes: TCP, UDP and ping")
      .argument("[file]", "file to read; - is stdin; live is the network", "live");
    liveOptions(filterOptions(flows))
      .addOption(
        new Option("--sort <by>", "what comes first (default: start; on a terminal that is refreshed: latest)").choices(
          ["start", "latest", "duration", "packets", "octets"],
        ),
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
        await (await import("../flows.js")).flowsCommand(file, filter, options);
      });
  },

  follow(program) {
    const follow = program
      .command("follow")
      .description("show what both sides of conversations say, of a capture file or live: TCP and UDP")
      .argument("<file>", "file to read; - is stdin; live is the network");
    liveOptions(filterOptions(follow))
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
        await (await import("../follow.js")).followCommand(file, filter, options);
      });
  },

  convert(program) {
    const convert = program
      .command("convert")
      .description("copy a capture file, or a part of it; between pcapng and pcap by the name of the copy")
      .argument("<in>", "file to read; - is stdin")
      .argument(
        "<out>",
        "file to write: pcap for .pcap and .cap, else pcapng; with .gz or .zst compressed; - is stdout",
      );
    filterOptions(convert)
      .option("--from <time>", "only packets from then on: 2026-03-01T12:00, 12:00:01.5, +1.5 or @1700000000")
      .option("--to <time>", "only packets before then; +1.5 is so many seconds after the first packet")
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
        (await import("../convert.js")).convertCommand(from, to, filter, options),
      );
  },

  filter(program) {
    program
      .command("filter")
      .description("show what a filter is: its program, or its meaning")
      .argument("[filter...]", "in the pcap-filter language, with named fields: tcp.flags.syn and ipv4.ttl < 64")
      .addOption(
        new Option("--explain", "say in words what it selects, and what of it the kernel asks").conflicts("json"),
      )
      .option("--json", "the instructions, and what they cannot ask, as JSON")
      .option("--live", "for the kernel and every kind of device (default: for Ethernet files)")
      .addOption(
        new Option("--fields [header]", "list the names of headers, or of a header's fields").conflicts([
          "explain",
          "json",
          "live",
        ]),
      )
      .addHelpText(
        "after",
        `
Examples:
  sockinspect filter tcp port 443 and not host 192.0.2.1
  sockinspect filter --explain 'udp or tcp and port 80'
  sockinspect filter --fields tcp
  sockinspect filter --live 'tcp.options.mss > 1400'`,
      )
      .action(async (filter: string[], options) =>
        (await import("../filter-command.js")).filterCommand(filter, options),
      );
  },
};
