import { describe, expect, it } from "vitest";
import { isBigEndianNull, loop, nullLoopback } from "../../src/wire/loopback.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(nullLoopback, {
  samples: [
    // IP 127.0.0.1.51009 > 127.0.0.1.8000: Flags [P.], seq 462905074:462905243, ack 1881063790, win 6379, options [n
    "02000000",
    // IP6 ::1.53584 > ::1.35729: Flags [S], seq 145836789, win 65535, options [mss 16324,nop,wscale 6,nop,nop,TS val
    "1e000000",
  ],
});

battery(loop, { samples: ["00000002", "00000018"] });

describe("the byte order of a NULL frame", () => {
  it("is told by the half that is zero", () => {
    const little = dataOf(octetsOf("1e000000"));
    const big = dataOf(octetsOf("0000001e"));
    expect(isBigEndianNull(little, 0)).toBe(false);
    expect(isBigEndianNull(big, 0)).toBe(true);
    expect(nullLoopback.decode(little, 0, 4).family).toBe(30);
    expect(loop.decode(big, 0, 4).family).toBe(30);
  });
});
