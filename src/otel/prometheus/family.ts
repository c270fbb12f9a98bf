import type { FamilyType } from "../../catalog/scrape_name.ts";
import type { LabelledText } from "./label_formatter.ts";
import { addHistograms, type ExplicitHistogram } from "./buckets.ts";

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
  /** Whether what several series of the same labels hold can be added up: not so for gauges. */
  additive = true;
  /** The labels of each series. */
  readonly labels: LabelledText[] = [];
  /** The value of each series: a number, or of histograms a histogram. */
  readonly values: (number | ExplicitHistogram)[] = [];
  readonly #indices = new Map<string, number>();

  /** A family without series. */
  constructor(name: string, type: FamilyType, unit: string, help: string) {
    this.name = name;
    this.type = type;
    this.unit = unit;
    this.help = help;
  }

  /**
   * Adds a series. One that is there already, by another attribute or instrument that has the same
   * name now, is added up where the family is `additive`, and otherwise replaced.
   *
   * @returns false if it was replaced
   */
  add(labels: LabelledText, value: number | ExplicitHistogram): boolean {
    const known = this.#indices.get(labels.key);
    if (known === undefined) {
      this.#indices.set(labels.key, this.values.length);
      this.labels.push(labels);
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
