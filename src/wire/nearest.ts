/** What somebody may have meant. */

/** The word out of `words` that `word` most likely was meant to be, if one is near enough. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > 32) return undefined;
  let best: string | undefined;
  let bestDistance = word.length <= 2 ? 2 : word.length <= 5 ? 2.5 : 3.5;
  for (const candidate of words) {
    const distance = distanceBetween(word.toLowerCase(), candidate.toLowerCase());
    // Of two equally near, the one that begins alike.
    const weighed = distance + (candidate[0]?.toLowerCase() === word[0]?.toLowerCase() ? 0 : 0.5);
    if (weighed < bestDistance) {
      bestDistance = weighed;
      best = candidate;
    }
  }
  return best;
}

/** Letters to insert, drop, replace or swap with their neighbour to turn `a` into `b`. */
function distanceBetween(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(current[column - 1]! + 1, previous[column]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
