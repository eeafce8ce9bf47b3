/** Parts of a stream that were passed over: pairs of where each starts and ends, in order, as 32-bit integers. */

/** More than real connections have at once; the oldest are forgotten. */
const MOST = 64;

/** Notes that octets from `start` to `end` were passed over. */
export function open(holes: number[] | undefined, start: number, end: number): number[] {
  if (!holes) return [start, end];
  if (holes.length === 2 * MOST) holes.splice(0, 2);
  holes.push(start, end);
  return holes;
}

/** Takes the octets from `start` to `end` out; how many of them were missing. */
export function fill(holes: number[] | undefined, start: number, end: number): number {
  if (!holes) return 0;
  let filled = 0;
  for (let i = 0; i < holes.length; ) {
    const left = holes[i]!;
    const right = holes[i + 1]!;
    const from = ((start - left) | 0) > 0 ? start : left;
    const to = ((end - right) | 0) < 0 ? end : right;
    const size = (to - from) | 0;
    if (size <= 0) {
      i += 2;
      continue;
    }
    filled += size;
    const rest: number[] = [];
    if (from !== left) rest.push(left, from);
    if (to !== right) rest.push(to, right);
    holes.splice(i, 2, ...rest);
    i += rest.length;
  }
  return filled;
}
