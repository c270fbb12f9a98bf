import type { Attributes } from "../../subscribers/otel_api.ts";
import { escapeLabelValue } from "./escape.ts";

/** Attributes as labels of a series. */
export interface LabelText {
  /** The labels in braces, in the attributes' order; `""` if there are none. */
  readonly braced: string;
  /** The labels with a comma behind them, for one more to follow; `""` if there are none. */
  readonly leading: string;
  /** What tells series apart: order does not, and Prometheus takes an empty label for a missing one. */
  readonly key: string;
}

/**
 * Writes attributes as labels, each attributes object once: the SDK hands the same objects over at
 * each collection.
 */
export class LabelTexts {
  readonly #known = new WeakMap<Attributes, LabelText>();
  readonly #reserved: string | undefined;

  /** A `reserved` label is the format's own: an attribute of that name gets `exported_` before it. */
  constructor(reserved?: string) {
    this.#reserved = reserved;
  }

  /** The attributes as labels. */
  of(attributes: Attributes): LabelText {
    let text = this.#known.get(attributes);
    if (text === undefined) {
      text = this.#write(attributes);
      this.#known.set(attributes, text);
    }
    return text;
  }

  #write(attributes: Attributes): LabelText {
    const values = new Map<string, string>();
    // Sorted, so that values which share a name are joined in an order that does not change.
    const shared = new Map<string, string[]>();
    for (const [attribute, value] of Object.entries(attributes)) {
      if (value === undefined || value === null) continue;
      let name = labelName(attribute);
      if (name === this.#reserved) name = `exported_${name}`;
      const attributesOfName = shared.get(name);
      if (attributesOfName === undefined) {
        shared.set(name, [attribute]);
        values.set(name, valueText(value));
      } else {
        attributesOfName.push(attribute);
        attributesOfName.sort();
        values.set(name, attributesOfName.map((key) => valueText(attributes[key])).join(";"));
      }
    }
    const labels: string[] = [];
    const telling: string[] = [];
    for (const [name, value] of values) {
      const label = `${name}="${escapeLabelValue(value)}"`;
      labels.push(label);
      if (value !== "") telling.push(label);
    }
    const text = labels.join();
    return {
      braced: text === "" ? "" : `{${text}}`,
      leading: text === "" ? "" : `${text},`,
      key: telling.sort().join(),
    };
  }
}

/**
 * An attribute's name as a label's: what labels cannot have becomes `_`, and names that Prometheus
 * keeps for itself, those with `__` in front, do not come out.
 */
function labelName(attribute: string): string {
  const name = attribute.replace(/[^a-zA-Z0-9]+/g, "_");
  return /^\d/.test(name) || name === "" ? `_${name}` : name;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
