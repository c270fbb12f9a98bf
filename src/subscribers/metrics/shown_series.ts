import type { Attributes } from "../otel_api.ts";
import type { Place } from "./cells.ts";
import type { MirroredSeries } from "./mirror.ts";
import { NumberSeries } from "./series.ts";

/** One that others are shown. */
export class ShownSeries extends NumberSeries {
  readonly mirrored: MirroredSeries;

  constructor(attributes: Attributes, place: Place, mirrored: MirroredSeries) {
    super(attributes, place);
    this.mirrored = mirrored;
  }
}
