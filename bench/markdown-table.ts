/** One table of a document. */
export interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/**
 * Returns the document with new cells in the table whose header begins with these cells. The first cell of each row, and
 * the cells that `newCells` leaves out, stay. Throws if there is no such table.
 */
export function withCells(
  document: string,
  beginning: readonly string[],
  newCells: (table: Table) => readonly (readonly (string | undefined)[])[],
): string {
  const lines = document.split('\n')
  const start = lines.findIndex((line) =>
    beginning.every((cell, index) => cellsOf(line)[index] === cell),
  )
  if (start < 0) throw new Error(`There is no table that begins with: ${beginning.join(', ')}`)
  const rest = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  const end = rest < 0 ? lines.length : start + rest
  const [header = [], , ...rows] = lines.slice(start, end).map(cellsOf)
  const cells = newCells({ header, rows })
  const newRows = rows.map((row, index) =>
    row.map((old, column) => cells[index]?.[column - 1] ?? old),
  )
  return [...lines.slice(0, start), ...aligned([header, ...newRows]), ...lines.slice(end)].join(
    '\n',
  )
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** Returns a table's lines as oxfmt writes them. */
function aligned([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...rows].map((cells) => cells[column]?.length ?? 0)),
  )
  const lineOf = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lineOf(header), rule, ...rows.map(lineOf)]
}
