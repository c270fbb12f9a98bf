import type { FamilyType } from "../../catalog/scrape_name.ts";
import type { LabelledText } from "./label_formatter.ts";
import type { Steps } from "../../internal/slices.ts";
import { addHistograms, type ExplicitHistogram } from "./buckets.ts";

/** How many labels are looked at between two looks at the clock. */
const LABELS_PER_STEP = 256;

/** A metric family: all series of one name. */
export class Family {
  /** The name as OpenMetrics has it: a counter's and an info's ends before its suffix. */
  readonly name: string;
  /** What it is. */
  readonly type: FamilyType;
  /** The unit as it stands at the end of the name, `""` if none does. */
  readonly unit: string;
  /** The help text, `""` if nobody gave one. */
  help: string;
  /**
   * Whether what several series of the same labels hold can be added up: not so for gauges, nor for
   * what comes from several scopes.
   */
  additive = true;
  /** The value of each series: a number, or of histograms a histogram. */
  readonly values: (number | ExplicitHistogram)[] = [];
  /** Of each series, once they differ from the last collection's; these are each another. */
  #labels: LabelledText[] | undefined;
  readonly #lastLabels: readonly LabelledText[];
  readonly #indices = new Map<string, number>();
  /** The scopes that series came from, by what their labels say. */
  readonly #scopes = new Map<string, string>();

  /**
   * A family without series.
   *
   * @param lastLabels the labels that it had at the last collection
   */
  constructor(
    name: string,
    type: FamilyType,
    unit: string,
    help: string,
    lastLabels: readonly LabelledText[] = [],
  ) {
    this.#lastLabels = lastLabels;
    this.name = name;
    this.type = type;
    this.unit = unit;
    this.help = help;
  }

  /** Says from which scope the series that follow come: what it is, and what its labels say. */
  enter({ identity, labels }: { readonly identity: string; readonly labels: string }): void {
    const known = this.#scopes.get(labels);
    if (known === undefined) this.#scopes.set(labels, identity);
    else if (known !== identity) this.additive = false;
  }

  /** The labels of each series. */
  get labels(): readonly LabelledText[] {
    if (this.#labels !== undefined) return this.#labels;
    const { length } = this.values;
    return this.#lastLabels.length === length
      ? this.#lastLabels
      : this.#lastLabels.slice(0, length);
  }

  /** Whether a series with these labels stands where it stood at the last collection. */
  isKnown(labels: LabelledText): boolean {
    return this.#labels === undefined && this.#lastLabels[this.values.length] === labels;
  }

  /** Makes ready for series that were not there at the last collection. */
  *open(): Steps<void> {
    if (this.#labels !== undefined) return;
    this.#labels = this.labels.slice();
    for (let i = 0; i < this.#labels.length; i++) {
      this.#indices.set((this.#labels[i] as LabelledText).key, i);
      if (i % LABELS_PER_STEP === LABELS_PER_STEP - 1) yield;
    }
  }

  /**
   * Adds a series; one that is not known, after `open`. One that is there already, by another
   * attribute or instrument that has the same name now, is added up where the family is `additive`,
   * and otherwise replaced.
   *
   * @returns false if it was replaced
   */
  add(labels: LabelledText, value: number | ExplicitHistogram): boolean {
    // As long as they are those of the last collection, no two can be the same.
    if (this.#labels === undefined) {
      this.values.push(value);
      return true;
    }
    const known = this.#indices.get(labels.key);
    if (known === undefined) {
      this.#indices.set(labels.key, this.values.length);
      this.#labels.push(labels);
      this.values.push(value);
      return true;
    }
    const sum = this.additive ? add(this.values[known], value) : undefined;
    this.values[known] = sum ?? value;
    return sum !== undefined;
  }
}

function add(
  a: number | ExplicitHistogram | undefined,
  b: number | ExplicitHistogram,
): number | ExplicitHistogram | undefined {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "object" && typeof b === "object") return addHistograms(a, b);
  return undefined;
}
