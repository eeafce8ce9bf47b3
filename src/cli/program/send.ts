/** Commands that put packets of our own making on the wire. */
import { type Command, Option } from "commander";
import {
  type Commands,
  collect,
  colorOption,
  filterOptions,
  fromZero,
  jsonOption,
  positive,
  positiveWhole,
  seconds,
  userOption,
  whole,
} from "./options.js";

const DRAFT = "headers and payloads, such as 'ipv4(destination=127.0.0.1)/tcp(destinationPort=5000,flags=syn)'";
const ROOT = "needs root (sudo) or CAP_NET_RAW";
const EXIT = `64 wrong usage or draft, 68 no route or nobody there,
69 not possible on this machine, 71 refused by the system, 77 not permitted.`;

export const sendCommands: Commands = {
  send(program) {
    wayOptions(
      program.command("send").description(`send packets that drafts make; ${ROOT}`).argument("<draft...>", DRAFT),
    )
      .addOption(new Option("-c, --count <n>", "send all of them n times").argParser(positiveWhole).conflicts("flood"))
      .option("--rate <n>", "packets a second (default: as fast as the kernel takes them)", positive)
      .option("--flood", "again and again, until Ctrl-C")
      .option("--quiet", "do not show the packets")
      .addHelpText(
        "after",
        `
Examples:
  sudo sockinspect send 'ipv4(destination=127.0.0.1)/udp(destinationPort=5000)/"hello"'
  sudo sockinspect send 'ipv4(destination=192.0.2.1,ttl=3)/icmp(type=echoRequest)' -c 5 --rate 1
  sudo sockinspect send 'ethernet(destination=ff:ff:ff:ff:ff:ff)/arp(targetProtocol=192.0.2.1)' -i eth0

'sockinspect hex' tells more about drafts. What a raw socket would not send as it is goes by the link layer.
Exit codes: 0 the kernel has taken all, ${EXIT}`,
      )
      .action(async (drafts: string[], options) => (await import("../craft-and-send.js")).sendCommand(drafts, options));
  },

  ask(program) {
    wayOptions(
      program
        .command("ask")
        .description(`send packets that drafts make, and show what answers; ${ROOT}`)
        .argument("<draft...>", DRAFT),
    )
      .option("-W, --timeout <seconds>", "how long an answer is waited for, each time", seconds, 1)
      .option("--retries <n>", "how often a packet is sent again that nobody answers", fromZero, 0)
      .option("--no-guard", "let the kernel answer what comes back, as with RST to a SYN ACK it knows nothing of")
      .addHelpText(
        "after",
        `
Examples:
  sudo sockinspect ask 'ipv4(destination=127.0.0.1)/tcp(destinationPort=22,flags=syn)'
  sudo sockinspect ask 'ipv4(destination=192.0.2.1)/icmp(type=echoRequest,identifier=7)/"hello"' -v
  sudo sockinspect ask 'ethernet(destination=ff:ff:ff:ff:ff:ff)/arp(targetProtocol=192.0.2.1)' -i eth0

Exit codes: 0 all were answered, 1 not all, ${EXIT}`,
      )
      .action(async (drafts: string[], options) => (await import("../craft-and-send.js")).askCommand(drafts, options));
  },

  ping(program) {
    hostOptions(program.command("ping").description(`ask a host for echoes, as ping(8) does; ${ROOT}`))
      .option("-c, --count <n>", "end after n requests", positiveWhole)
      .option("-i, --interval <seconds>", "time between requests", seconds, 1)
      .option("-s, --size <octets>", "data of a request", dataSize, 56)
      .option("-W, --timeout <seconds>", "how long a reply is waited for", seconds, 1)
      .option("-t, --ttl <hops>", "hops a request may take", hops)
      .option("-I, --interface <name>", "only by this network interface")
      .option("-q, --quiet", "only the summary")
      .addHelpText(
        "after",
        `
Examples:
  sudo sockinspect ping -c 3 127.0.0.1
  sudo sockinspect ping -c 3 ::1

Exit codes: 0 there were replies, 1 there were none, ${EXIT}`,
      )
      .action(async (host: string, options) => (await import("../ping.js")).pingCommand(host, options));
  },

  traceroute(program) {
    hostOptions(
      program
        .command("traceroute")
        .description(`find the routers on the way to a host, as traceroute(8) does; ${ROOT}`),
    )
      .addOption(new Option("--method <name>", "what is sent").choices(["udp", "tcp", "icmp"]).default("udp"))
      .addOption(new Option("-T, --tcp", "send TCP SYNs").implies({ method: "tcp" }))
      .addOption(new Option("-I, --icmp", "send ICMP echo requests").implies({ method: "icmp" }))
      .option("-p, --port <port>", "destination port (default: 33434 and up for udp, 80 for tcp)", destinationPort)
      .option("-f, --first-hop <n>", "begin with this hop", hops, 1)
      .option("-m, --max-hops <n>", "end after this hop", hops, 30)
      .option("-q, --queries <n>", "questions for each hop, 32 at most", queries, 3)
      .option("-w, --wait <seconds>", "how long an answer is waited for", seconds, 3)
      .option("-n, --no-names", "addresses only")
      .option("-i, --interface <name>", "only by this network interface")
      .addHelpText(
        "after",
        `
Examples:
  sudo sockinspect traceroute -n 127.0.0.1
  sudo sockinspect traceroute --tcp -p 443 example.net

* is no answer in time; behind a time, !H is host, !N network, !P protocol unreachable, !X forbidden, !F needs fragments.
Exit codes: 0 the host was reached, 1 it was not, ${EXIT}`,
      )
      .action(async (host: string, options) => (await import("../traceroute.js")).tracerouteCommand(host, options));
  },

  replay(program) {
    filterOptions(
      program
        .command("replay")
        .description(`send the packets of a capture file again, at the times they have there; ${ROOT}`)
        .argument("<file>", "file to read; - is stdin"),
    )
      .addOption(new Option("--speed <factor>", "so many times as fast").argParser(positive).conflicts(["top", "rate"]))
      .addOption(new Option("--top", "as fast as the kernel takes them").conflicts("rate"))
      .option("--rate <n>", "packets a second", positive)
      .option("--rewrite <old=new>", "replace an IP or hardware address wherever it stands; may be repeated", collect)
      .addOption(viaOption())
      .option("-i, --interface <name>", "the network interface they go by (default: what the routing table says)")
      .addOption(userOption())
      .addOption(colorOption())
      .addHelpText(
        "after",
        `
Examples:
  sudo sockinspect replay capture.pcapng -i eth0
  sudo sockinspect replay capture.pcapng --via raw --speed 10 udp
  sudo sockinspect replay capture.pcapng -i eth0 --rewrite 192.0.2.1=198.51.100.7

Ethernet frames go out as they are; packets of loopback and of other links without their link layer. Checksums that were
left to the network card are computed. Exit codes: 0 done, 65 the file is cut or wrong, 66 cannot be opened,
${EXIT}`,
      )
      .action(async (file: string, filter: string[], options) =>
        (await import("../replay.js")).replayCommand(file, filter, options),
      );
  },
};

function viaOption(): Option {
  return new Option("--via <way>", "by a raw IP socket or the link layer (default: what the packet needs)").choices([
    "raw",
    "link",
  ]);
}

function wayOptions(command: Command): Command {
  return command
    .addOption(viaOption())
    .option("-i, --interface <name>", "only by this network interface (default: what the routing table says)")
    .addOption(jsonOption())
    .option("-v, --verbose", "every field of every header")
    .option("-x, --hex", "octets in hex and ASCII")
    .addOption(userOption())
    .addOption(colorOption());
}

function hostOptions(command: Command): Command {
  return command
    .argument("<host>", "name, IPv4 or IPv6 address")
    .addOption(new Option("-4, --ipv4", "only IPv4").conflicts("ipv6"))
    .option("-6, --ipv6", "only IPv6")
    .addOption(userOption());
}

function hops(text: string): number {
  return whole(text, 1, 255);
}

/** So many that each has a source port of its own, 255 hops away. */
function queries(text: string): number {
  return whole(text, 1, 32);
}

function destinationPort(text: string): number {
  return whole(text, 1, 65_535);
}

/** The largest datagram of IPv4 holds no more. */
function dataSize(text: string): number {
  return whole(text, 0, 65_507);
}
