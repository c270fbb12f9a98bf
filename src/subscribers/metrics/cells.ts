/** How many series the first block of cells holds, and any block at most; each is twice the last. */
const FIRST_BLOCK_SERIES = 4;
const MAX_BLOCK_SERIES = 256;

/** Where the numbers of one series stand. */
export interface Place {
  readonly cells: Float64Array;
  readonly offset: number;
}

/**
 * The numbers of all series of an instrument, in blocks: 8 bytes each, added to without making
 * anything, and copied at once for a collection.
 */
export class Cells {
  readonly #perSeries: number;
  readonly #blocks: Float64Array[] = [];
  /** Where the next series begins in the last block, once there is one. */
  #offset = NaN;

  /** @param perSeries how many numbers a series has */
  constructor(perSeries: number) {
    this.#perSeries = perSeries;
  }

  /** Makes room for one more series, whose numbers are 0. */
  take(): Place {
    let cells = this.#blocks.at(-1);
    if (cells === undefined || this.#offset >= cells.length) {
      const series = Math.min(FIRST_BLOCK_SERIES * 2 ** this.#blocks.length, MAX_BLOCK_SERIES);
      this.#blocks.push(cells = new Float64Array(series * this.#perSeries));
      this.#offset = 0;
    }
    const place = { cells, offset: this.#offset };
    this.#offset += this.#perSeries;
    return place;
  }

  /** Takes the room back that was made last. */
  giveBack(): void {
    this.#offset -= this.#perSeries;
  }

  /** A copy of all there are now. */
  copy(): CellsCopy {
    return new CellsCopy(this.#perSeries, this.#blocks.map((block) => block.slice()));
  }
}

/** A copy, to be read from the first series to the last one. */
export class CellsCopy {
  readonly #perSeries: number;
  readonly #blocks: readonly Float64Array[];
  #block = 0;
  #offset = 0;

  /** See {@linkcode Cells.copy}. */
  constructor(perSeries: number, blocks: readonly Float64Array[]) {
    this.#perSeries = perSeries;
    this.#blocks = blocks;
  }

  /** Where the numbers of the next series stand. */
  next(): Place {
    let cells = this.#blocks[this.#block] as Float64Array;
    if (this.#offset >= cells.length) {
      cells = this.#blocks[++this.#block] as Float64Array;
      this.#offset = 0;
    }
    const place = { cells, offset: this.#offset };
    this.#offset += this.#perSeries;
    return place;
  }
}
