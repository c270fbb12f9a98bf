import type { DeclaredInstrument } from "../../catalog/metric.ts";
import { HistogramInstrument } from "./histogram_instrument.ts";
import type { Instrument, InstrumentParts } from "./instrument.ts";
import { NumberInstrument } from "./number_instrument.ts";

/** Creates the instrument of a declaration; with a meter, it reports to that. */
export function createInstrument(
  name: string,
  declared: DeclaredInstrument,
  parts: InstrumentParts,
): Instrument {
  return declared.kind === "histogram"
    ? new HistogramInstrument(name, declared, parts)
    : new NumberInstrument(name, declared, parts);
}
