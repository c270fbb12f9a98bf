import type { Family } from "./family.ts";
import type { LabelFormatter, LabelledText } from "./label_formatter.ts";
import { type KnownLabels, LabelReader } from "./label_reader.ts";

/** What is kept from one collection to the next, so that what has not changed is not made anew. */
export class KnownSeries {
  readonly #instruments = new Map<string, readonly KnownLabels[]>();
  readonly #families = new Map<string, readonly LabelledText[]>();

  /** The labels of an instrument; several may have the same key. */
  labelsOf(key: string, occurrence: number): KnownLabels | undefined {
    return this.#instruments.get(key)?.[occurrence];
  }

  /** The labels of a family's series, each another. */
  familyLabels(name: string): readonly LabelledText[] | undefined {
    return this.#families.get(name);
  }

  /** What a collection has found out, and nothing of those before it. */
  static of(
    readers: ReadonlyMap<string, readonly LabelReader[]>,
    families: readonly Family[],
  ): KnownSeries {
    const known = new KnownSeries();
    for (const [key, list] of readers) {
      known.#instruments.set(key, list.map((reader) => reader.known));
    }
    for (const family of families) known.#families.set(family.name, family.labels);
    return known;
  }
}

/** The readers of a collection that is under way. */
export class LabelReaders {
  readonly #last: KnownSeries;
  readonly #readers = new Map<string, LabelReader[]>();

  /** @param last what the last collection has found out */
  constructor(last: KnownSeries) {
    this.#last = last;
  }

  /** Another reader, for an instrument of that key. */
  add(key: string, formatter: LabelFormatter): LabelReader {
    let readers = this.#readers.get(key);
    if (readers === undefined) this.#readers.set(key, readers = []);
    const reader = new LabelReader(formatter, this.#last.labelsOf(key, readers.length));
    readers.push(reader);
    return reader;
  }

  /** What was found out; all have read what there was. */
  end(families: readonly Family[]): KnownSeries {
    return KnownSeries.of(this.#readers, families);
  }
}
