import { ANY, parseRedactPath, type RedactStep, stepsOfName } from "../../catalog/redact_path.ts";

/** The text that replaces a redacted value. */
export const REDACTED = "[redacted]";

/** So many names of fields are remembered with what may redact them, then the first ones again. */
const MAX_REMEMBERED_NAMES = 1_000;
/** Longer names are not remembered. */
const MAX_REMEMBERED_LENGTH = 100;
const NUMBER = /^\d+$/;

type Path = readonly RedactStep[];

/** The way to a value: names of fields, and indexes of lists. */
export type Way = readonly (string | number)[];

/** A step of a way, with its name taken apart at its dots. */
interface Step {
  readonly text: string;
  readonly isIndex: boolean;
  /** Whether the step before it is a part of the same name. */
  readonly isJoined: boolean;
}

/**
 * Decides which values are redacted. A path matches the end of the way to a value; indexes on that
 * way are passed over, unless the path names them. Neither case matters, nor whether a name contains
 * dots or is a field of a field.
 */
export class Redaction {
  readonly #paths: readonly Path[];
  /** Those that may cover an item of a list, for its index. */
  readonly #itemPaths: readonly Path[];
  /** Those that end as a name does: none for most names. */
  readonly #byName = new Map<string, readonly Path[]>();
  /** Names of a record's fields in which nothing has to be looked for: those of the next are the same. */
  plainNames: readonly string[] = [];

  /** @param paths that have been checked: what is no path covers nothing */
  constructor(paths: Iterable<string>) {
    this.#paths = [...new Set(paths)].map(parseRedactPath).filter((path) => path !== undefined);
    this.#itemPaths = this.#paths.filter((path) => {
      const last = path.at(-1) as Path[number];
      return last === ANY || NUMBER.test(last);
    });
  }

  /** Whether there is anything to redact, so that ways are worth following. */
  get active(): boolean {
    return this.#paths.length > 0;
  }

  /** Whether the field of that name is not to be shown, in the object that `way` leads to. */
  coversField(way: Way, name: string): boolean {
    const paths = this.#byName.get(name) ?? this.#endingAs(name);
    return paths.length > 0 && covers(paths, [...way, name]);
  }

  /** Whether the item at that index is not to be shown, in the list that `way` leads to. */
  coversItem(way: Way, index: number): boolean {
    return this.#itemPaths.length > 0 && covers(this.#itemPaths, [...way, index]);
  }

  #endingAs(name: string): readonly Path[] {
    const last = stepsOfName(name).at(-1);
    const paths = this.#paths.filter((path) => path.at(-1) === ANY || path.at(-1) === last);
    if (name.length <= MAX_REMEMBERED_LENGTH) {
      if (this.#byName.size >= MAX_REMEMBERED_NAMES) this.#byName.clear();
      this.#byName.set(name, paths);
    }
    return paths;
  }
}

function covers(paths: readonly Path[], way: Way): boolean {
  const steps = way.flatMap((step): Step[] =>
    typeof step === "number"
      ? [{ text: String(step), isIndex: true, isJoined: false }]
      : stepsOfName(step).map((text, i) => ({ text, isIndex: false, isJoined: i > 0 }))
  );
  return paths.some((path) => matches(path, steps));
}

/** Whether a path matches the end of a way; in proportion to their lengths, whatever they hold. */
function matches(path: Path, steps: readonly Step[]): boolean {
  /** Up to which steps of the path it may be that all of the way after the step at hand is matched. */
  let ends = new Set([path.length - 1]);
  for (let at = steps.length - 1; at >= 0 && ends.size > 0; at--) {
    const step = steps[at] as Step;
    const next = new Set<number>();
    for (const end of ends) {
      const wanted = path[end];
      if (wanted === ANY || wanted === step.text) {
        if (end === 0) return true;
        next.add(end - 1);
      }
      // It stands for a part of a name, or for all of it.
      if (wanted === ANY && step.isJoined) next.add(end);
      // An index that the path does not name; the last step is the value's own.
      if (step.isIndex && at < steps.length - 1) next.add(end);
    }
    ends = next;
  }
  return false;
}
