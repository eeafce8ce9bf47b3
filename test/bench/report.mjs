// What was measured, as text: tables for the terminal and for the documentation.

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Of a figure of a case, over all rounds; `worst` figures tell the worst round, not the usual one. */
export function summary(each, name, { worst = false }) {
  const numbers = each.runs.map((run) => run[name]).filter((number) => Number.isFinite(number));
  if (numbers.length === 0) return undefined;
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return { value: worst ? most : median(numbers), least, most };
}

/** The figure that a race is about: its first. */
export function main({ figures }) {
  const [name, figure] = Object.entries(figures)[0];
  return { name, figure };
}

/** How a case compares with the race's reference, by its main figure; undefined where one of both is not there. */
export function ratio(race, name, reference = race.reference, of = main(race).name) {
  const value = (wanted) => {
    const each = race.cases.find((one) => one.name === wanted);
    return each && summary(each, of, race.figures[of])?.value;
  };
  const [own, other] = [value(name), value(reference)];
  return own === undefined || !other ? undefined : own / other;
}

export function number(value, digits = 0) {
  if (value === undefined || Number.isNaN(value)) return "–";
  const text = value.toFixed(digits);
  return value >= 10_000 ? text.replace(/\B(?=(\d{3})+(?!\d))/g, " ") : text;
}

/** Its columns and rows, text throughout. */
export function rows(race) {
  const { figures, reference, cases } = race;
  const { name: first, figure } = main(race);
  const compared = cases.some(({ name }) => name === reference);
  const versions = cases.some(({ version, settings }) => version || settings);
  const columns = ["", figure.title, "spread", ...(compared ? [`× ${reference}`] : [])];
  for (const [name, { title }] of Object.entries(figures)) if (name !== first) columns.push(title);
  if (versions) columns.push("version, settings");
  const body = cases.map((each) => {
    const { value, least, most } = summary(each, first, figure) ?? {};
    const row = [
      each.name,
      number(value, figure.digits),
      `${number(least, figure.digits)}–${number(most, figure.digits)}`,
    ];
    if (compared) {
      const times = ratio(race, each.name);
      row.push(number(times, times < 10 ? 2 : times < 100 ? 1 : 0));
    }
    for (const [name, other] of Object.entries(figures))
      if (name !== first) row.push(number(summary(each, name, other)?.value, other.digits));
    if (versions) row.push([each.version, each.settings].filter(Boolean).join(", "));
    return row;
  });
  return { columns, body };
}

/** For a terminal. */
export function table(race) {
  const { columns, body } = rows(race);
  const widths = columns.map((column, at) => Math.max(column.length, ...body.map((row) => row[at].length)));
  const last = columns.length - 1;
  const text = (row) =>
    row
      .map((cell, at) =>
        at === 0 || columns[at].startsWith("version")
          ? cell.padEnd(at === last ? 0 : widths[at])
          : cell.padStart(widths[at]),
      )
      .join("  ")
      .trimEnd();
  const { processors, memory, kernel, node } = race.machine;
  return [
    "",
    `${race.title}${race.quick ? " (tiny input: the figures mean nothing)" : ""}`,
    [race.note, race.rounds > 1 && `${race.rounds} rounds in turn, medians`].filter(Boolean).join("; "),
    `${processors}, ${memory} GiB, Linux ${kernel}, Node ${node}, ${race.date.slice(0, 16).replace("T", " ")} UTC`,
    text(columns),
    ...body.map(text),
    ...race.missing.map(({ name, why }) => `${name}: not raced: ${why}`),
  ].join("\n");
}
