/**
 * What a program has running beyond its calls, found by all copies of the package in one process: a
 * server that watches files loads a program anew in the process that the older one still runs in, and
 * what that has started has to end.
 *
 * @module
 */

/** Something that runs until it is ended. */
export interface Running {
  /** What only one can have at a time, as texts that say so; see {@linkcode endOlder}. */
  readonly claims: readonly string[];
  /** Whether it is ending by itself already. */
  isEnding(): boolean;
  /** Ends it, and gives its claims up. */
  end(): Promise<unknown>;
}

/** One of them, as it stands in the shared list. */
interface Entry extends Running {
  /** The evaluation of this module that it was registered with, and the module's file. */
  readonly program: object;
  readonly file: string | undefined;
  /** Resolves when it has ended; there once somebody has asked for it. */
  ended?: Promise<void>;
}

const KEY = Symbol.for("@busbar/busbar/running");

/** This evaluation. */
const PROGRAM = {};

let own: Set<Entry> | undefined;

function entries(): Set<Entry> {
  try {
    return own ?? ((globalThis as { [KEY]?: Set<Entry> })[KEY] ??= new Set());
  } catch {
    // `globalThis` is frozen.
    return own = new Set();
  }
}

interface HotRuntime {
  readonly Bun?: unknown;
  readonly process?: { readonly execArgv?: readonly string[] };
}

/** Whether the runtime evaluates all modules anew when a file changes, without ending what they did. */
function isHot(): boolean {
  const { Bun, process } = globalThis as HotRuntime;
  return Bun !== undefined && process?.execArgv?.includes("--hot") === true;
}

/** The file of this module, where stacks tell it: two copies of the package are two files. */
function thisFile(): string | undefined {
  return /([^\s(]+):\d+:\d+\)?$/m.exec(new Error().stack ?? "")?.[1];
}

/** Whether an entry is of the same program, before it was loaded anew. */
function isReplaced({ program, file }: Entry): boolean {
  return program !== PROGRAM && isHot() && file === thisFile();
}

/** Puts something into the list, until it is disposed of. */
export function register(running: Running): Disposable {
  const entry: Entry = { ...running, program: PROGRAM, file: thisFile() };
  entries().add(entry);
  return { [Symbol.dispose]: () => void entries().delete(entry) };
}

/** How many have a claim in this process. */
export function countClaimants(claim: string): number {
  return [...entries()].filter(({ claims }) => claims.includes(claim)).length;
}

function findOlder(claims: readonly string[]): Entry[] {
  return [...entries()].filter((entry) =>
    isReplaced(entry) || entry.claims.some((claim) => claims.includes(claim))
  );
}

/** Whether {@linkcode endOlder} has something to do. */
export function hasOlder(claims: readonly string[]): boolean {
  return findOlder(claims).length > 0;
}

/**
 * Ends what stands in the way of a newer one: what has one of its claims, and what an earlier
 * evaluation of the program has started. What fails meanwhile is the older one's matter.
 *
 * @param onTaken called with each claim that is taken over
 */
export async function endOlder(
  claims: readonly string[],
  onTaken: (claim: string) => void,
): Promise<void> {
  // Another one may have been started while these ended.
  for (let older = findOlder(claims); older.length > 0; older = findOlder(claims)) {
    await Promise.all(older.map((entry) => {
      if (entry.ended === undefined && !isReplaced(entry) && !entry.isEnding()) {
        entry.claims.filter((claim) => claims.includes(claim)).forEach(onTaken);
      }
      return entry.ended ??= end(entry);
    }));
  }
}

async function end(entry: Entry): Promise<void> {
  try {
    await entry.end();
  } catch {
    // It has been told where it happened.
  } finally {
    entries().delete(entry);
  }
}
