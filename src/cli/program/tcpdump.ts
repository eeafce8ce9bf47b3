/** Options of tcpdump(1) and tshark(1), for whoever types them here. */
import type { Command } from "commander";

/** What does the same here, by the option's letter. */
const HERE: Readonly<Record<string, string>> = {
  A: "-x shows ASCII beside hex, 'sockinspect follow' what was said",
  B: "--buffer MiB",
  C: "--rotate-size MiB",
  D: "'sockinspect interfaces'",
  G: "--rotate-seconds SECONDS",
  Q: "--direction in or out",
  S: "-v shows sequence numbers as they are on the wire",
  T: "--json",
  U: "nothing: packets are written within half a second",
  W: "--files N",
  X: "-x",
  Y: "the filter stands by itself: 'tcp.flags.syn and ipv4.ttl < 64'",
  Z: "--user NAME",
  e: "-v shows the link layer, too",
  f: "the filter stands by itself: 'tcp port 80'",
  l: "nothing: lines are handed on as they come",
  n: "nothing: names are never looked up",
  q: "nothing: lines are short (--quiet prints no packets at all)",
  r: "'sockinspect read FILE'",
  s: "--snaplen OCTETS (without it, all are kept)",
  t: "--time none, relative or delta",
};

/** Says behind an option of theirs that is unknown here what does the same. */
export function explainTcpdump(command: Command): Command {
  return command.configureOutput({
    outputError(text, write) {
      write(text);
      const letters = /unknown option '-(\w+)'/.exec(text)?.[1] ?? "";
      for (const letter of new Set(letters))
        if (Object.hasOwn(HERE, letter)) write(`instead of -${letter}: ${HERE[letter]}\n`);
    },
  });
}
