import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";

/**
 * Lets scrapes that overlap share one collection, so that they show the same moment and cost one
 * collection, whatever their formats. The first text that is done, or a failure, ends the sharing:
 * a scrape never shows a moment longer ago than a scrape takes.
 *
 * Where requests are kept apart each has its own: the request that collects may end before it is
 * done, and nobody else would learn of it.
 */
export class SharedScrape<Collected, Format> {
  readonly #collect: () => Promise<Collected>;
  readonly #write: (collected: Collected, format: Format) => Promise<string>;
  #inProgress: { collected: Promise<Collected>; texts: Map<Format, Promise<string>> } | undefined;

  /** How to collect, and how to write what was collected. */
  constructor(
    collect: () => Promise<Collected>,
    write: (collected: Collected, format: Format) => Promise<string>,
  ) {
    this.#collect = collect;
    this.#write = write;
  }

  /** The text of a collection that is in progress, or else of a new one. */
  scrape(format: Format): Promise<string> {
    if (REQUESTS_ARE_APART) {
      return this.#collect().then((collected) => this.#write(collected, format));
    }
    const shared = this.#inProgress ??= { collected: this.#collect(), texts: new Map() };
    let text = shared.texts.get(format);
    if (text === undefined) {
      text = shared.collected
        .then((collected) => this.#write(collected, format))
        .finally(() => {
          if (this.#inProgress === shared) this.#inProgress = undefined;
        });
      shared.texts.set(format, text);
    }
    return text;
  }
}
