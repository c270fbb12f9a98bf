/** What has no fields, but entries. */
export interface EntriesLike {
  readonly names: readonly string[];
  /** Reads the value of an entry. */
  readonly read: (name: string, index: number) => unknown;
}

/** What the standards have beside `Map`; of other realms and of packages too. */
const STANDARD = ["Headers", "URLSearchParams", "FormData"];

interface Standard {
  keys(): Iterable<string>;
  get(name: string): unknown;
  getAll?(name: string): unknown[];
}

/** The entries of a `Map`, or of one of the standards' like; none of their values is read yet. */
export function entriesLike(object: object): EntriesLike | undefined {
  if (object instanceof Map) {
    const keys = [...object.keys()];
    return { names: keys.map(String), read: (_, index) => object.get(keys[index]) };
  }
  const kind: unknown = Reflect.get(object, Symbol.toStringTag);
  if (!STANDARD.includes(kind as string)) return undefined;
  const entries = object as Standard;
  return {
    // A name that comes several times has a list of values.
    names: [...new Set(entries.keys())],
    read: (name) => {
      // Bun's headers have the method for cookies alone.
      const values = kind === "Headers" ? [] : entries.getAll?.(name) ?? [];
      return values.length > 1 ? values : entries.get(name);
    },
  };
}
