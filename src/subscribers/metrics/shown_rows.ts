import type { EventAttributes } from "../../catalog/attributes.ts";
import type { Attributes } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import { Cells } from "./cells.ts";
import type { InstrumentMirror, MetricsMirror, MirroredInstrument } from "./mirror.ts";
import { ShownSeries } from "./shown_series.ts";

/** A value that was read. */
interface Row {
  readonly value: number;
  readonly attributes?: EventAttributes | Attributes | undefined;
}

/** Values that are read, rather than counted, as others are shown them. */
export class ShownRows {
  readonly #cells = new Cells(1);
  readonly #sets: AttributeSets<ShownSeries>;
  readonly #mirror: InstrumentMirror;
  readonly #leaves: boolean;

  /** @param limit how many series it has */
  constructor(mirror: MetricsMirror, instrument: MirroredInstrument, limit: number) {
    this.#mirror = mirror.add(instrument);
    this.#leaves = instrument.kind === "gauge";
    this.#sets = new AttributeSets(
      limit,
      (attributes, isOverflow) => {
        const place = this.#cells.take();
        const mirrored = this.#mirror.add(attributes, place, isOverflow);
        if (mirrored !== undefined) return new ShownSeries(attributes, place, mirrored);
        this.#cells.giveBack();
        return undefined;
      },
      () => {},
    );
  }

  /** Shows these in the place of the last ones; a gauge that is not among them has no value. */
  show(rows: Iterable<Row>): void {
    if (this.#leaves) {
      for (const series of this.#sets.series) this.#set(series, NaN);
    }
    for (const { value, attributes } of rows) {
      this.#set(this.#sets.seriesOf(attributes as EventAttributes), value);
    }
  }

  #set(series: ShownSeries, value: number): void {
    if (Object.is(series.value, value)) return;
    series.value = value;
    if (!series.mirrored.dirty) this.#mirror.touch(series.mirrored);
  }
}
