import { labelName } from "../../catalog/scrape_name.ts";
import type { Attributes } from "../../subscribers/otel_api.ts";
import { escapeLabelValue } from "./escape.ts";
import { labelValue } from "./label_value.ts";

/** A label of the format's own, and what it is called before it becomes one. */
export type FixedLabel = readonly [name: string, value: string];

/** Attributes as labels of a series. */
export interface LabelledText {
  /** The labels in braces, in the attributes' order; `""` if there are none. */
  readonly text: string;
  /** What tells series apart: order does not, and to Prometheus an empty label is a missing one. */
  readonly key: string;
}

/** Writes attributes as labels. */
export class LabelFormatter {
  readonly #reserved: string | undefined;
  readonly #fixed: readonly FixedLabel[];

  /**
   * A `reserved` label is the format's own: an attribute of that name gets `exported_` before it.
   * `fixed` labels stand on each series, after its attributes.
   */
  constructor(reserved?: string, fixed: readonly FixedLabel[] = []) {
    this.#reserved = reserved;
    this.#fixed = fixed;
  }

  /** The attributes as labels. */
  write(attributes: Attributes): LabelledText {
    const names: string[] = [];
    const values: string[] = [];
    let shared: string[] | undefined;
    for (const attribute of Object.keys(attributes)) {
      const value = attributes[attribute];
      if (value === undefined || value === null) continue;
      const name = this.#nameOf(attribute);
      if (names.includes(name)) {
        (shared ??= []).push(name);
      } else {
        names.push(name);
        values.push(labelValue(value));
      }
    }
    for (const [attribute, value] of this.#fixed) {
      const name = this.#nameOf(attribute);
      if (names.includes(name)) {
        (shared ??= []).push(name);
      } else {
        names.push(name);
        values.push(value);
      }
    }
    for (const name of shared ?? []) values[names.indexOf(name)] = this.#joined(attributes, name);
    const labels = names.map((name, i) => `${name}="${escapeLabelValue(values[i] as string)}"`);
    // Joined at once: a text that is put together later keeps its pieces.
    const text = labels.length === 0 ? "" : ["{", labels.join(), "}"].join("");
    return { text, key: keyOf(labels, names, values, text) };
  }

  /** Values that share a name, in an order that does not depend on the attributes'. */
  #joined(attributes: Attributes, name: string): string {
    const entries: (readonly [string, unknown])[] = Object.entries(attributes);
    return [...entries, ...this.#fixed]
      .filter(([attribute, value]) =>
        value !== undefined && value !== null && this.#nameOf(attribute) === name
      )
      .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
      .map(([, value]) => labelValue(value))
      .join(";");
  }

  #nameOf(attribute: string): string {
    const name = knownLabelName(attribute);
    return name === this.#reserved ? `exported_${name}` : name;
  }
}

/** In most series the labels as they stand are the key. */
function keyOf(
  labels: readonly string[],
  names: readonly string[],
  values: readonly string[],
  text: string,
): string {
  let isKey = true;
  for (let i = 0; i < names.length; i++) {
    if (values[i] === "" || (i > 0 && (names[i - 1] as string) > (names[i] as string))) {
      isKey = false;
    }
  }
  if (isKey) return text;
  const shown = names.map((name, i): [string, number] => [name, i])
    .filter(([, i]) => values[i] !== "")
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([, i]) => labels[i]);
  return shown.length === 0 ? "" : `{${shown.join()}}`;
}

const KNOWN_NAMES_LIMIT = 1_000;
const knownNames = new Map<string, string>();

/** Each name is worked out once: the same few come with every series. */
function knownLabelName(attribute: string): string {
  let name = knownNames.get(attribute);
  if (name !== undefined) return name;
  name = labelName(attribute);
  // There are few attribute names; should there be many after all, they are not remembered.
  if (knownNames.size < KNOWN_NAMES_LIMIT) knownNames.set(attribute, name);
  return name;
}
