/** Columns and rows of the terminal. Where there is none, or it does not know (a pseudo-terminal has 0 of each): 80 and 24. */
export function terminal(): { readonly columns: number; readonly rows: number } {
  const { columns, rows } = process.stdout;
  return { columns: columns || 80, rows: rows || 24 };
}
