import { invalidArgument } from "../internal/arguments.ts";

/** One step of a path: the name of a field or an index, folded; or {@linkcode ANY}. */
export type RedactStep = string | typeof ANY;

/** Stands for any field and any index: `*`. */
export const ANY = Symbol("*");

const PATHS = "paths such as password, user.email, users[*].email, users[0].email or " +
  'headers["x-key"]';

/** What a name holds that stands in quotes where it is meant: others use it to say something else. */
const UNCLEAR = /[*?"'`\\\]]|^[/$@]|^\s|\s$/;
const INDEX = /^\d+$/;

/** Refuses what is no list of names and paths, or holds one that could not be obeyed. */
export function assertRedact(action: string, paths: unknown): void {
  if (!Array.isArray(paths)) invalidArgument(TypeError, action, "redact", "a list of names", paths);
  for (const path of paths) {
    if (parseRedactPath(path) === undefined) {
      invalidArgument(TypeError, action, "redact", PATHS, path);
    }
  }
}

/**
 * Reads a path such as `user.email`, `users[*].email` or `headers["x-key"]` into its steps.
 *
 * @returns `undefined` if it says something that could not be obeyed
 */
export function parseRedactPath(path: unknown): readonly RedactStep[] | undefined {
  if (typeof path !== "string") return undefined;
  const steps: RedactStep[] = [];
  let at = 0;
  while (at < path.length) {
    if (path[at] === "[") {
      const bracket = readBracket(path, at + 1);
      if (bracket === undefined) return undefined;
      steps.push(...bracket.steps);
      at = bracket.end;
      // After a bracket comes a dot, another bracket, or nothing.
      if (at < path.length && path[at] !== "." && path[at] !== "[") return undefined;
    } else {
      const end = endOfName(path, at);
      const name = path.slice(at, end);
      if (name === "*") steps.push(ANY);
      else if (name === "" || UNCLEAR.test(name)) return undefined;
      else steps.push(...stepsOfName(name));
      at = end;
    }
    if (path[at] === ".") {
      at++;
      // A name comes next, and there is one.
      if (at === path.length || path[at] === "[") return undefined;
    }
  }
  return steps.length === 0 ? undefined : steps;
}

/**
 * The steps that the name of a field is made of: `user.email` and `user[email]`, in one name, are
 * redacted as the field of a field is.
 */
export function stepsOfName(name: string): readonly string[] {
  const folded = fold(name);
  const steps = folded.split(/[.[\]]+/).filter((step) => step !== "");
  return steps.length === 0 ? [folded] : steps;
}

/** The same for all spellings of a name that differ in case alone, or in how accents are encoded. */
function fold(name: string): string {
  const folded = name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFD");
  // Which of the two it is depends on what follows.
  return folded.replaceAll("ς", "σ");
}

function endOfName(path: string, start: number): number {
  let end = start;
  while (end < path.length && path[end] !== "." && path[end] !== "[") end++;
  return end;
}

/** What stands in a bracket: an index, `*`, or a name in quotes, as JSON writes it or in single ones. */
function readBracket(
  path: string,
  start: number,
): { steps: readonly RedactStep[]; end: number } | undefined {
  const quote = path[start];
  if (quote !== '"' && quote !== "'") {
    const close = path.indexOf("]", start);
    const text = path.slice(start, close);
    if (close === -1 || text !== "*" && !INDEX.test(text)) return undefined;
    return { steps: [text === "*" ? ANY : String(BigInt(text))], end: close + 1 };
  }
  const quoted = quote === '"' ? /"(?:[^"\\]|\\.)*"/y : /'[^'\\]*'/y;
  quoted.lastIndex = start;
  const [text] = quoted.exec(path) ?? [];
  if (text === undefined || path[start + text.length] !== "]") return undefined;
  const name = quote === '"' ? parseName(text) : text.slice(1, -1);
  return name === undefined
    ? undefined
    : { steps: stepsOfName(name), end: start + text.length + 1 };
}

function parseName(text: string): string | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
