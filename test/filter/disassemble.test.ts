import { expect, test } from "vitest";
import { compile } from "../../src/filter/compile.js";
import { disassemble } from "../../src/filter/disassemble.js";

const text = (source: string): string => disassemble(compile(source, { target: { linkType: 1 } }));

test("a program is written as tcpdump -d writes it", () => {
  expect(text("tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420 or len > 60")).toBe(
    `
(000) ldh      [12]
(001) jeq      #0x800           jt 2	jf 14
(002) ldb      [23]
(003) jeq      #0x6             jt 4	jf 14
(004) ldh      [20]
(005) jset     #0x1fff          jt 14	jf 6
(006) ldxb     4*([14]&0xf)
(007) ldb      [x + 26]
(008) and      #0xf0
(009) rsh      #2
(010) add      x
(011) tax
(012) ld       [x + 14]
(013) jeq      #0x47455420      jt 16	jf 14
(014) ld       #pktlen
(015) jgt      #0x3c            jt 16	jf 17
(016) ret      #262144
(017) ret      #0
`.trim(),
  );
});

test("what only the kernel knows has the names of its own assembler", () => {
  const live = disassemble(compile("vlan 5", { target: "live", hardwareTypes: [1], loopbackIndex: 1 }));
  expect(live).toContain("ld       [ifidx]");
  expect(live).toContain("ldb      [vlan_avail]");
  expect(live).toContain("ldh      [vlan_tci]");
  expect(disassemble(compile("ip", { target: "live", hardwareTypes: [32] }))).toContain("ldh      [proto]");
  expect(disassemble(compile("ip[0] = 1", { target: "live", hardwareTypes: [32] }))).toContain("ldb      [net + 0]");
});

test("registers, scratch memory and every operation are written", () => {
  const program = compile("-ip[8] = (ip[0] * ip[1]) / (ip[2] - ip[3]) or ip[0] % 3 ^ 1 = 0", {
    target: { linkType: 1 },
  });
  const words = new Set(
    disassemble(program)
      .split("\n")
      .map((line) => line.split(/\s+/)[1]),
  );
  for (const word of ["neg", "mul", "div", "sub", "st", "ldx", "tax"]) expect(words).toContain(word);
});
