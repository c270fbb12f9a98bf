import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Meter } from "../otel_api.ts";
import { HistogramInstrument } from "./histogram_instrument.ts";
import type { Instrument } from "./instrument.ts";
import { NumberInstrument } from "./number_instrument.ts";

/** Creates the instrument of a declaration; with a meter, it reports to that. */
export function createInstrument(
  name: string,
  declared: DeclaredInstrument,
  meter: Meter | undefined,
  startTimeMs: number,
): Instrument {
  return declared.kind === "histogram"
    ? new HistogramInstrument(name, declared, meter, startTimeMs)
    : new NumberInstrument(name, declared, meter, startTimeMs);
}
