import type { Exemplar } from "../../subscribers/metrics/series.ts";

/** How many characters OpenMetrics allows for the labels of an exemplar, names and values. */
const MAX_LABEL_CHARACTERS = 128;
const NAME_CHARACTERS = "trace_id".length + "span_id".length;
const HEX = /^[0-9a-f]+$/i;
const NONE: readonly Exemplar[] = [];

/**
 * The exemplars that a data point carries in a field of its own, `exemplars`: the SDK's data points
 * have none. One that OpenMetrics cannot carry (ids that are no hexadecimal digits or too long, a
 * value or a time that is no number) is left out: an exemplar is a sample of what happened, not a
 * count.
 */
export function exemplarsOf(point: object): readonly Exemplar[] {
  const { exemplars } = point as { exemplars?: readonly Exemplar[] };
  if (!Array.isArray(exemplars) || exemplars.length === 0) return NONE;
  return exemplars.filter(isEncodable);
}

function isEncodable(exemplar: Exemplar | undefined): boolean {
  return typeof exemplar?.value === "number" && !Number.isNaN(exemplar.value) &&
    Number.isFinite(exemplar.timestampMs) &&
    HEX.test(exemplar.traceId) && HEX.test(exemplar.spanId) &&
    NAME_CHARACTERS + exemplar.traceId.length + exemplar.spanId.length <= MAX_LABEL_CHARACTERS;
}
