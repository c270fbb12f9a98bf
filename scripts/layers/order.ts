/** The order of the folders of `src/`: each imports only what stands before it. */
export const ORDER: readonly (readonly string[])[] = [
  ["events"],
  ["library"],
  ["internal"],
  ["bus"],
  ["exit", "testing"],
  ["catalog"],
  ["subscribers", "batching", "context"],
  ["otel"],
  ["http"],
  ["instrumentation", "recording", "live", "threads", "kv_cache", "generate"],
  ["observability"],
  ["cli"],
];

/** `mod.ts` is the core, and imports no folder beyond this one. */
const LAST_OF_THE_CORE = "bus";

/** A position in {@linkcode ORDER}, or `undefined` for a folder that has none. */
function positionOf(folder: string): number | undefined {
  const position = ORDER.findIndex((folders) => folders.includes(folder));
  return position === -1 ? undefined : position;
}

/** The folder under `src/` that a file belongs to; `undefined` for a file that is in none. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** What is wrong with the place of a file, if anything. */
export function misplaced(path: string): string | undefined {
  if (!path.startsWith("src/")) return undefined;
  const folder = folderOf(path);
  if (folder === undefined) return "must be in a folder of src/";
  if (positionOf(folder) === undefined) return `is in ${folder}/, which has no place in the order`;
  return undefined;
}

/** What is wrong with one file of `src/`, or `mod.ts`, importing another, if anything. */
export function wrongArrow(from: string, to: string): string | undefined {
  const isCore = from === "mod.ts";
  if (!isCore && !from.startsWith("src/")) return undefined;
  if (to === "mod.ts") return "the core is imported file by file, not through mod.ts";
  const target = folderOf(to);
  if (target === undefined) return "the package is made of mod.ts and src/ alone";
  const source = isCore ? LAST_OF_THE_CORE : folderOf(from);
  if (source === undefined || (!isCore && source === target)) return undefined;
  const [sourcePosition, targetPosition] = [positionOf(source), positionOf(target)];
  // A folder without a place is reported for itself.
  if (sourcePosition === undefined || targetPosition === undefined) return undefined;
  if (targetPosition < sourcePosition || (isCore && targetPosition === sourcePosition)) {
    return undefined;
  }
  if (isCore) return `mod.ts has the core alone, up to ${LAST_OF_THE_CORE}`;
  return targetPosition === sourcePosition
    ? `${source} and ${target} stand side by side`
    : `${source} stands before ${target}`;
}
