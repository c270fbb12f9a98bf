import type { Attributes } from "../../subscribers/otel_api.ts";
import type { LabelFormatter, LabelledText } from "./label_formatter.ts";

const NONE: KnownLabels = { attributes: [], texts: [] };

/** The attributes of an instrument's series, and their labels. */
export interface KnownLabels {
  readonly attributes: readonly Attributes[];
  readonly texts: readonly LabelledText[];
}

/**
 * Writes the labels of an instrument's series, one after the other. A source hands over the same
 * attributes objects in the same order at each collection: what stands where it stood at the last
 * one is not written again, and nothing is made for it.
 */
export class LabelReader {
  readonly #formatter: LabelFormatter;
  readonly #last: KnownLabels;
  /** Only what differs from the last time; until then that is all there is to know. */
  #attributes: Attributes[] | undefined;
  #texts: LabelledText[] | undefined;
  #read = 0;

  /** @param last what the reader of the last collection knew */
  constructor(formatter: LabelFormatter, last: KnownLabels = NONE) {
    this.#formatter = formatter;
    this.#last = last;
  }

  /** The labels of the next series. */
  next(attributes: Attributes): LabelledText {
    const place = this.#read++;
    const isKnown = this.#last.attributes[place] === attributes;
    const text = isKnown
      ? this.#last.texts[place] as LabelledText
      : this.#formatter.write(attributes);
    if (this.#attributes === undefined || this.#texts === undefined) {
      if (isKnown) return text;
      this.#attributes = this.#last.attributes.slice(0, place);
      this.#texts = this.#last.texts.slice(0, place);
    }
    this.#attributes.push(attributes);
    this.#texts.push(text);
    return text;
  }

  /** What it knows now. */
  get known(): KnownLabels {
    if (this.#attributes !== undefined && this.#texts !== undefined) {
      return { attributes: this.#attributes, texts: this.#texts };
    }
    // Those that are gone are not to be kept.
    const { attributes, texts } = this.#last;
    return attributes.length === this.#read
      ? this.#last
      : { attributes: attributes.slice(0, this.#read), texts: texts.slice(0, this.#read) };
  }
}
