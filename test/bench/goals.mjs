// What we want to be, as ratios of cases of one race. `of` is the figure, by default the race's first.

/** `atMost` or `atLeast`: what the ratio of `name` to `than` is to be. Without `than`: the figure itself. */
export const GOALS = [
  ...[64, 1442].flatMap((size) => {
    const race = `live-${size}`;
    return [
      { race, name: "sockinspect views", than: "C reader", atMost: 7 },
      { race, name: "sockinspect views", than: "gopacket afpacket", atMost: 1 },
      { race, name: "sockinspect views", than: "npm pcap", atMost: 1 / 8 },
      { race, name: "sockinspect views", than: "npm cap", atMost: 1 / 10 },
      { race, name: "sockinspect to pcapng", than: "tcpdump -w", atMost: 1.2 },
      { race, name: "sockinspect text", than: "tcpdump -nn", atMost: 1 },
      ...["views", "values", "to pcapng", "text"].map((what) => ({
        race,
        name: `sockinspect ${what}`,
        of: "lost",
        atMost: 0,
        where: "C reader",
      })),
    ];
  }),
  { race: "files-decode", name: "sockinspect views", than: "gopacket", atMost: 1 / 1.5 },
  { race: "files-decode", name: "sockinspect views", than: "npm pcap", atMost: 1 / 6 },
  { race: "files-decode", name: "sockinspect values", atMost: 400 },
  { race: "files-text", name: "sockinspect read", than: "tcpdump -nn", atMost: 1 / 3.5 },
  { race: "files-filter", name: "sockinspect convert", than: "tcpdump -w", atMost: 1 / 0.9 },
  { race: "start", name: "sockinspect --version", than: "node -e 0", atMost: 1.3 },
  { race: "start", name: "sockinspect read", than: "node -e 0", atMost: 2 },
  { race: "latency", name: "sockinspect capture", of: "p99", atMost: 20 },
  { race: "scaling-conversations", name: "10000", atMost: 250 },
  { race: "scaling-conversations", name: "10000", of: "memory", atMost: 1536 },
  { race: "filter-compile-short", name: "sockinspect", atMost: 1000 },
  { race: "filter-match-short", name: "sockinspect", atMost: 40 },
  { race: "craft", name: "sockinspect craft", atMost: 1.5 },
  { race: "flood-64", name: "sockinspect template, link", than: "C sendmmsg", atLeast: 0.9 },
  { race: "flood-64", name: "sockinspect template, link", than: "hping3 --flood", atLeast: 3.5 },
  { race: "flood-64", name: "sockinspect template, link", than: "Scapy send", atLeast: 100 },
  { race: "echo-stream", name: "sockinspect multi", than: "Node net", atLeast: 1.25 },
  { race: "echo-datagram", name: "sockinspect", than: "Node dgram", atLeast: 2.5 },
  { race: "echo-datagram", name: "sockinspect", than: "C recvmmsg", atLeast: 0.85 },
];
