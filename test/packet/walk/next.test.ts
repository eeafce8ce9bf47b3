import { expect, test } from "vitest";
import { headers } from "../../../src/packet/headers.js";
import * as next from "../../../src/packet/walk/next.js";
import { END } from "../../../src/packet/walk/walk.js";

test.each([
  ["EtherType", next.etherType, next.etherTypeOf],
  ["type of cooked captures", next.cookedType, next.cookedTypeOf],
  ["address family", next.addressFamily, next.addressFamilyOf],
  ["protocol of PPP", next.pppProtocol, next.pppProtocolOf],
  ["IP protocol", next.ipProtocol, next.ipProtocolOf],
  ["protocol of IPv4", next.ipv4Protocol, next.ipv4ProtocolOf],
] as const)("the least %s that names a header is the one that is written for it", (_, idOf, numberOf) => {
  const least = new Map<number, number>();
  for (let number = 0xffff; number >= 0; number--) if (idOf(number) !== END) least.set(idOf(number), number);
  expect(headers.map((__, id) => numberOf(id))).toEqual(headers.map((__, id) => least.get(id) ?? END));
  expect(least.size).toBeGreaterThan(1);
});
