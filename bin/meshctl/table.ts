const GAP = "  ";

/** Widest output: what a terminal over SSH shows without wrapping. */
export const COLUMNS_MAX = 80;

/** Aligned columns under a header; the last column is cut to what is left of 80. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((row) => cell(row, column).length)),
  );
  return lines
    .map((row) => {
      const cells = header.map((_, column) => cell(row, column).padEnd(widths[column] ?? 0));
      return cut(cells.join(GAP).trimEnd());
    })
    .join("\n");
}

function cell(row: readonly string[], column: number): string {
  return row[column] ?? "";
}

function cut(line: string): string {
  return line.length <= COLUMNS_MAX ? line : `${line.slice(0, COLUMNS_MAX - 1)}…`;
}

/** Text broken at spaces to 80 columns, with what the first and the further lines begin with. */
export function wrap(text: string, first: string, further: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line);
      line = further;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}
