/** How often each line was run, by file; a line without code has no count. */
export type LinesByFile = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Code of so many lines has one that was run if any of it was. */
const MIN_KNOWN_LINES = 3;

/** Reads a report of `deno coverage --lcov`. @param root what the files' paths are shortened by */
export function readLcov(report: string, root: string): LinesByFile {
  const files = new Map<string, Map<number, number>>();
  let lines = new Map<number, number>();
  for (const entry of report.split("\n")) {
    if (entry.startsWith("SF:")) {
      const path = entry.slice("SF:".length);
      const file = path.startsWith(root) ? path.slice(root.length) : path;
      files.set(file, lines = files.get(file) ?? new Map());
    } else if (entry.startsWith("DA:")) {
      const [line, count] = entry.slice("DA:".length).split(",").map(Number);
      lines.set(line as number, (lines.get(line as number) ?? 0) + (count as number));
    }
  }
  return files;
}

/**
 * Whether some lines of a file were run, as far as the report can say. It says of a line that it was
 * not run if a part of it was not: of short pieces of code nothing is known but that of their file.
 */
export function runs(
  files: LinesByFile,
  file: string,
  [from, to]: readonly [from: number, to: number],
): boolean {
  const lines = files.get(file);
  if (lines === undefined) return false;
  const isShort = to - from < MIN_KNOWN_LINES;
  return [...lines].some(([line, count]) => count > 0 && (isShort || line >= from && line <= to));
}
