/** Commands that open stream and datagram sockets of their own, for others to watch. */
import { type Command, Option } from "commander";
import { type Commands, colorOption, fromZero, port, positiveWhole, seconds, takeAny, userOption } from "./options.js";

export const socketCommands: Commands = {
  echo(program) {
    echoCommands(program.command("echo").description("host an echo server, and show its calls and packets"));
  },

  say(program) {
    sayCommands(program.command("say").description("send messages to a server, and print what comes back"));
  },

  demo(program) {
    program
      .command("demo")
      .description("watch sockets do something, in a private network namespace; needs no root")
      .argument("[name]", "which one; without it, they are listed")
      .addOption(
        new Option("--json", "one JSON object: calls, packets, whether it was as expected").conflicts("mermaid"),
      )
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
  },
};

function echoCommands(echo: Command): void {
  const stream = echo
    .command("stream")
    .description("TCP: a connection is served until the client has nothing more to say")
    .addOption(
      new Option("--serve <how>", "one connection after the other, many in one event loop, or many in threads")
        .choices(["single", "multi", "threads"])
        .default("multi"),
    )
    .option("--backlog <connections>", "connections that the kernel keeps until they are accepted", fromZero, 511)
    .option("--connections <limit>", "serve no more than so many at once", positiveWhole)
    .option("--idle <seconds>", "close a connection that is silent for so long", seconds)
    .addOption(
      new Option("--threads <count>", "how many threads (implies --serve threads; default: 2)")
        .argParser(positiveWhole)
        .implies({ serve: "threads" }),
    );
  serverOptions(stream).action(async (options) => (await import("../echo.js")).echoStreamCommand(options));
  serverOptions(echo.command("datagram").description("UDP: every datagram goes back to where it came from")).action(
    async (options) => (await import("../echo.js")).echoDatagramCommand(options),
  );
}

function serverOptions(command: Command): Command {
  return command
    .hook("preAction", takeAny)
    .option("-p, --port <port>", "where to listen; 0: the kernel chooses", port, 5000)
    .option("--host <address>", "who can reach it: 0.0.0.0 is everybody, :: everybody over IPv6, too", "127.0.0.1")
    .option("--capture", "show the packets, too, beneath the calls that caused them; needs root or CAP_NET_RAW")
    .addOption(
      new Option("-i, --interface <name>", "capture on one network interface, or any (default: all of them)").implies({
        capture: true,
      }),
    )
    .addOption(userOption())
    .option("--json", "one JSON object a line")
    .option("--quiet", "no calls")
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  sockinspect echo stream --port 5000
  sudo sockinspect echo stream --capture --serve single
  sockinspect echo datagram --host ::

Exit codes: 0 done, 64 not understood, 71 the system refuses (the port is taken), 77 not permitted.`,
    );
}

function sayCommands(say: Command): void {
  const stream = say
    .command("stream")
    .description("over one TCP connection")
    .option("--half-close", "say that nothing more will come (FIN), then receive until the server says so, too")
    .addOption(new Option("--abort", "end the connection by a reset (RST)").conflicts("halfClose"));
  clientOptions(stream).action(async (to: string, words: string[], options) =>
    (await import("../say.js")).sayStreamCommand(to, words, options),
  );
  clientOptions(say.command("datagram").description("in one UDP datagram each")).action(
    async (to: string, words: string[], options) => (await import("../say.js")).sayDatagramCommand(to, words, options),
  );
}

function clientOptions(command: Command): Command {
  return command
    .argument("<host:port>", "such as localhost:5000, 192.0.2.1:5000 or [2001:db8::1]:5000")
    .argument("[message...]", "what to send, each by itself (default: the lines of standard input)")
    .option("--source-port <port>", "the port to send from (default: an ephemeral one)", port)
    .option("--timeout <seconds>", "how long to wait for what comes back", seconds, 1)
    .option("--raw", "print what comes back as it is")
    .option("--quiet", "print no calls")
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  sockinspect say ${command.name()} localhost:5000 hello 'and again'
  sockinspect say ${command.name()} [::1]:5000 --source-port 4040 hello

Exit codes: 0 done, 64 not understood, 69 nobody answers, 77 not permitted.`,
    );
}
