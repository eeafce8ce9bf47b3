// Whether two runs of a race put its cases into the same order.
import { main, number, summary } from "./report.mjs";

/**
 * Two cases changed places where each run tells them apart, every round of one beside every round of the other, and the
 * runs do not agree on which comes first. What a run does not tell apart has no order in it.
 */
export function compare(before, after) {
  const { name, figure } = main(after);
  const places = (race) =>
    new Map(race.cases.map((each) => [each.name, summary(each, name, figure)]).filter(([, place]) => place));
  const [earlier, later] = [places(before), places(after)];
  const names = [...later.keys()].filter((each) => earlier.has(each));
  const result = { pairs: 0, apart: 0, changed: [] };
  for (const [i, a] of names.entries())
    for (const b of names.slice(i + 1)) {
      const [was, is] = [order(earlier.get(a), earlier.get(b)), order(later.get(a), later.get(b))];
      result.pairs++;
      if (was !== 0 && is !== 0) result.apart++;
      if (was * is < 0) result.changed.push([a, b]);
    }
  return result;
}

/** -1 where every round of `a` is below every one of `b`, 1 where it is above, 0 where they overlap. */
function order(a, b) {
  if (a.most < b.least) return -1;
  return b.most < a.least ? 1 : 0;
}

/** For the terminal; what `compare` says of every race that both runs have. */
export function orderText(before, after) {
  const lines = [];
  for (const race of after) {
    const earlier = before.find(({ id }) => id === race.id);
    if (!earlier) continue;
    const { pairs, apart, changed } = compare(earlier, race);
    const { name, figure } = main(race);
    lines.push(
      `${race.id}: ${pairs} pairs, ${apart} told apart by both runs, ${changed.length} of them in another order`,
    );
    for (const pair of changed)
      for (const [when, { cases }] of [
        ["before", earlier],
        ["now", race],
      ])
        lines.push(
          `  ${when}: ${pair
            .map((each) => {
              const { least, most } = summary(
                cases.find((one) => one.name === each),
                name,
                figure,
              );
              return `${each} ${number(least, figure.digits)}–${number(most, figure.digits)}`;
            })
            .join(", ")}`,
        );
  }
  return lines.join("\n");
}
