/** Numbers from 0 up to `below`, the same every time. */
export type Random = (below: number) => number;

export function random(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const stations = [
  [2, 0, 0, 0, 0, 1],
  [2, 0, 0, 0, 0, 2],
  [255, 255, 255, 255, 255, 255],
  [1, 0, 0x5e, 0, 0, 0xfb],
];
const ipv4 = [
  [192, 0, 2, 1],
  [198, 51, 100, 2],
  [10, 0, 0, 1],
  [10, 0, 0, 2],
  [127, 0, 0, 1],
  [10, 1, 2, 3],
  [224, 0, 0, 251],
  [192, 168, 1, 1],
  [192, 9, 200, 1],
];
const ipv6 = [
  [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];
const ports = [80, 443, 53, 22, 123, 6081, 40000, 8080, 21, 6000];

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** Packets of every shape that the filter language knows, most of them whole, some cut; the same for the same seed. */
export function traffic(linkType: number, count: number, seed: number): { octets: Uint8Array; length: number }[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
  const some = (length: number): number[] => Array.from({ length }, () => next(256));

  function transport(depth: number): { number: number; octets: number[] } {
    switch (next(12)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const flags = pick([2, 18, 16, 24, 17, 4, 0, 0xc2, 0x29]);
        const options = pick([[], [], [2, 4, 5, 0xb4], [1, 1, 8, 10, ...some(8)]]);
        const payload = pick([[], some(8), [0x47, 0x45, 0x54, 0x20, 0x2f], [0x50, 0x4f, 0x53, 0x54]]);
        const offset = ((20 + options.length) / 4) << 4;
        const head = [...u16(pick(ports)), ...u16(pick(ports)), ...some(pick([8, 8])), offset, flags];
        return { number: 6, octets: [...head, ...some(6), ...options, ...payload] };
      }
      case 4:
      case 5:
      case 6: {
        const port = pick(ports);
        const inner = port === 6081 && depth < 2 ? geneve(depth) : pick([some(4), [0xde, 0xad, 0xbe, 0xef], some(20)]);
        return { number: 17, octets: [...u16(pick(ports)), ...u16(port), ...u16(8 + inner.length), 0, 0, ...inner] };
      }
      case 7:
        return { number: 132, octets: [...u16(pick([...ports, 3868])), ...u16(pick(ports)), ...some(12)] };
      case 8:
        return { number: 1, octets: [pick([0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 17]), next(6), ...some(10)] };
      case 9:
        return { number: 58, octets: [pick([128, 129, 133, 134, 135, 136, 143]), next(3), ...some(12)] };
      case 10:
        return { number: 51, octets: [pick([6, 17, 51]), 4, 0, 0, ...some(20), ...some(24)] };
      default:
        return { number: pick([2, 4, 9, 41, 47, 50, 89, 103, 112, 59]), octets: [pick([0x16, 0x20, 3]), ...some(12)] };
    }
  }

  function geneve(depth: number): number[] {
    const options = pick([0, 0, 1, 2]);
    const bridged = next(2) === 0;
    const head = [pick([0, 0, 0, 0x40]) | options, 0];
    const id = [...u16(0), pick([11, 10, 1]), 0];
    const inner = bridged ? { type: 0x6558, octets: ethernet(depth + 1) } : network(depth + 1);
    return [...head, ...u16(inner.type), ...id, ...some(options * 4), ...inner.octets];
  }

  function network(depth: number): { type: number; octets: number[] } {
    const kind = next(20);
    if (kind < 10) {
      const { number, octets } = transport(depth);
      const options = pick([0, 0, 0, 1, 3]);
      const fragment = pick([0, 0, 0, 0x4000, 0x2000, 0x2010, 185]);
      const head = [0x45 + options, pick([0, 0xb8]), ...u16(20 + options * 4 + octets.length), ...some(2)];
      const rest = [...u16(fragment), pick([1, 2, 64, 64, 128]), number, ...some(2), ...pick(ipv4), ...pick(ipv4)];
      return { type: 0x0800, octets: [...head, ...rest, ...some(options * 4), ...octets] };
    }
    if (kind < 16) {
      let { number, octets } = transport(depth);
      for (let headers = pick([0, 0, 0, 1, 2, 3]); headers > 0; headers--) {
        const type = pick([0, 43, 44, 60, 51]);
        const units = type === 44 ? 0 : next(2);
        octets = [number, units, ...some(type === 51 ? (units + 2) * 4 - 2 : units * 8 + 6), ...octets];
        number = type;
      }
      const head = [0x60, 0, 0, 0, ...u16(octets.length), number, pick([1, 64, 255])];
      return { type: 0x86dd, octets: [...head, ...pick(ipv6), ...pick(ipv6), ...octets] };
    }
    if (kind < 18) {
      const type = pick([0x0806, 0x8035]);
      const head = [...u16(1), ...u16(0x0800), 6, 4, ...u16(pick([1, 2, 3]))];
      return { type, octets: [...head, ...pick(stations), ...pick(ipv4), ...pick(stations), ...pick(ipv4)] };
    }
    if (kind === 18) {
      const flags = pick([[2], [6], [0x81, 2], [0x81, 6]]);
      return {
        type: 0x6003,
        octets: [
          ...some(2),
          ...flags,
          ...pick([
            [1, 4],
            [15, 40],
            [0, 0],
          ]),
          ...some(20),
        ],
      };
    }
    return { type: pick([0x809b, 0x80f3, 0x8137, 0x6001, 0x6002, 0x6004, 0x6007, 0x9000, 0x88cc]), octets: some(40) };
  }

  function mpls(depth: number): number[] {
    const labels = 1 + next(3);
    const stack = Array.from({ length: labels }, (_, index) =>
      u32(pick([100000, 1024, 16]) * 4096 + (index === labels - 1 ? 256 : 0) + 64),
    ).flat();
    return [...stack, ...network(depth).octets];
  }

  function pppoe(depth: number): number[] {
    const { type, octets } = network(depth);
    const protocol = type === 0x0800 ? 0x21 : type === 0x86dd ? 0x57 : pick([0x23, 0x27, 0x29, 0x31, 0xc021]);
    if (next(5) === 0) return [0x11, 0, ...u16(1), ...u16(octets.length + 2), ...u16(0x0281), ...mpls(depth)];
    return [0x11, 0, ...u16(pick([1, 0x27])), ...u16(octets.length + 2), ...u16(protocol), ...octets];
  }

  function llc(): number[] {
    const snap = [
      0xaa,
      0xaa,
      3,
      ...pick([
        [0, 0, 0],
        [8, 0, 7],
      ]),
      ...u16(pick([0x8137, 0x809b, 0x80f3])),
      ...some(20),
    ];
    const control = pick([0x01, 0x05, 0x09, 0x03, 0x63, 0x43, 0x0f, 0x6f, 0xe3, 0xaf, 0x87, 0x00, 0x02]);
    const saps = pick([
      [0x42, 0x42],
      [0xe0, 0xe0],
      [0xf0, 0xf0],
      [0x06, 0x06],
      [0xff, 0xff],
      [0xe0, 0x10],
    ]);
    const osi = [0xfe, 0xfe, 3, pick([0x81, 0x82, 0x83, 0x83]), ...some(3), pick([15, 16, 17, 18, 20, 24, 25, 26, 27])];
    return pick([snap, [...saps, control, ...some(20)], [...osi, ...some(20)], [...osi, ...some(20)]]);
  }

  function tagged(depth: number): { type: number; octets: number[] } {
    const kind = next(20);
    if (kind < 3) {
      const inner = tagged(depth);
      const tag = u16((next(8) << 13) | pick([100, 200, 300, 5, 7, 0]));
      return { type: pick([0x8100, 0x8100, 0x88a8, 0x9100]), octets: [...tag, ...u16(inner.type), ...inner.octets] };
    }
    if (kind < 5) return { type: 0x8847, octets: mpls(depth) };
    if (kind < 7) return { type: pick([0x8864, 0x8864, 0x8863]), octets: pppoe(depth) };
    if (kind < 9) {
      const octets = llc();
      return { type: octets.length, octets };
    }
    return network(depth);
  }

  function ethernet(depth: number): number[] {
    const { type, octets } = tagged(depth);
    return [...pick(stations), ...pick(stations), ...u16(type), ...octets];
  }

  function link(): number[] {
    switch (linkType) {
      case 1:
        return ethernet(0);
      case 113: {
        const { type, octets } = tagged(0);
        const place = type <= 1500 ? pick([4, 4, 1]) : type;
        return [...u16(pick([0, 1, 3, 4])), ...u16(1), ...u16(6), ...pick(stations), 0, 0, ...u16(place), ...octets];
      }
      case 276: {
        const { type, octets } = tagged(0);
        const place = type <= 1500 ? pick([4, 1, 0x42]) : type;
        return [
          ...u16(place),
          0,
          0,
          ...u32(1 + next(3)),
          ...u16(1),
          pick([0, 4]),
          6,
          ...pick(stations),
          0,
          0,
          ...octets,
        ];
      }
      default: {
        const { type, octets } = network(0);
        if (linkType !== 0 && linkType !== 108) return octets;
        const family = u32(type === 0x86dd ? pick([24, 28, 30, 10]) : type === 0x0800 ? 2 : 7);
        return [...(linkType === 0 ? family.reverse() : family), ...octets];
      }
    }
  }

  return Array.from({ length: count }, () => {
    const whole = link();
    const padding = next(4) === 0 ? some(next(20)) : [];
    const octets = Uint8Array.from([...whole, ...padding]);
    const kept = next(5) === 0 ? octets.slice(0, next(octets.length + 1)) : octets;
    return { octets: kept, length: octets.length + (next(20) === 0 ? 1500 : 0) };
  });
}
