import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { compile } from "../../src/filter/compile.js";
import { disassemble } from "../../src/filter/disassemble.js";
import { octets } from "../../src/filter/program.js";
import { named } from "../filter/named.js";
import { parsePrograms } from "../filter/programs.js";
import { random } from "../filter/traffic.js";

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../fixtures/filter/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
const filters = linesOf("expressions.txt");
const withNames = [...linesOf("named.txt"), ...named(random(23), 400).map(({ source }) => source)];

/** Attaches each program of standard input, hex a line, to a packet socket of its own; says which the kernel refused. */
const attach = `
import ctypes, socket, struct, sys
for line in sys.stdin:
    program = bytes.fromhex(line)
    memory = ctypes.create_string_buffer(program)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(program) // 8, ctypes.addressof(memory)))
        print("taken")
    except OSError as error:
        print(error)
    s.close()
`;

test("the kernel takes the program of every filter, alone and with what a capture adds to it", () => {
  const programs: { source: string; hex: string }[] = [];
  const mixed = withNames.map((source, i) => `(${filters[i % filters.length]}) or not (${source})`);
  for (const source of ["", ...filters, ...withNames, ...mixed])
    for (const options of [{}, { loopbackIndex: 1, direction: "in" as const }])
      try {
        const program = octets(compile(source, { target: "live", ...options }));
        programs.push({ source, hex: Buffer.from(program).toString("hex") });
      } catch (error) {
        if (!isSockinspectError(error, "BAD_FILTER")) throw error;
      }
  const input = programs.map(({ hex }) => hex).join("\n");
  const verdicts = execFileSync("python3", ["-c", attach], { input, encoding: "utf8" }).trim().split("\n");
  expect(verdicts).toHaveLength(programs.length);
  expect(programs.filter((_, index) => verdicts[index] !== "taken").map(({ source }) => source)).toEqual([]);
  expect(programs.length).toBeGreaterThan(2500);
});

test("tcpdump writes its programs as we write them", () => {
  const sources = filters.filter((_, index) => index % 12 === 0);
  let compared = 0;
  for (const source of sources) {
    const dump = (flag: string): string | undefined => {
      try {
        return execFileSync("tcpdump", ["-y", "EN10MB", flag, "--", source], { encoding: "utf8", stdio: "pipe" });
      } catch {
        return undefined;
      }
    };
    const numbers = dump("-ddd");
    if (numbers === undefined) continue;
    const [{ program } = { program: undefined }] = parsePrograms(`1\t${source}\n${numbers}`);
    const lines = (text: string): string[] =>
      text
        .trim()
        .split("\n")
        .map((line) => line.trimEnd());
    expect(lines(disassemble(program!))).toEqual(lines(dump("-d")!));
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});
