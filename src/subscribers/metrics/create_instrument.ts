import type { MetricDeclaration } from "../../catalog/metric.ts";
import { HistogramInstrument } from "./histogram_instrument.ts";
import type { Instrument, InstrumentParts } from "./instrument.ts";
import { NumberInstrument } from "./number_instrument.ts";
import { ReadInstrument } from "./read_instrument.ts";

/** Creates the instrument of a declaration; with a meter, it reports to that. */
export function createInstrument(
  name: string,
  declared: MetricDeclaration<never>,
  parts: InstrumentParts,
): Instrument {
  if (declared.source === "read") return new ReadInstrument(name, declared, parts);
  return declared.kind === "histogram"
    ? new HistogramInstrument(name, declared, parts)
    : new NumberInstrument(name, declared, parts);
}
