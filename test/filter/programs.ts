import type { Program } from "../../src/filter/program.js";

/** A filter and what libpcap makes of it; undefined where it refuses it. */
export interface Case {
  readonly linkType: number;
  readonly filter: string;
  readonly program: Program | undefined;
}

/** The cases of programs.txt, as fixtures/filter/make.mjs describes it. */
export function parsePrograms(text: string): Case[] {
  const lines = text.split("\n");
  const cases: Case[] = [];
  for (let at = 0; at < lines.length - 1; ) {
    const [linkType, filter] = lines[at++]!.split("\t");
    const count = lines[at++]!;
    let program: Program | undefined;
    if (count !== "-") {
      program = lines.slice(at, at + Number(count)).map((line) => {
        const [code, jt, jf, k] = line.split(" ").map(Number);
        return { code: code!, jt: jt!, jf: jf!, k: k! };
      });
      at += Number(count);
    }
    cases.push({ linkType: Number(linkType), filter: filter!, program });
  }
  return cases;
}

/**
 * Whether a program of libpcap may read octets for a question that makes no difference: some do, and those behind
 * `geneve` are not optimised at all.
 */
export function asksIdly(filter: string, program: Program): boolean {
  if (filter.includes("geneve")) return true;
  return program.some(({ code, jt, jf }) => (code & 7) === 5 && code !== 5 && jt === jf);
}
