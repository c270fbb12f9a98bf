import type { EventAttributes } from "./attributes.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertOptions,
  invalidDeclaration,
} from "./declaration.ts";
import type { EventMetric } from "./metric.ts";
import type { EventMetricOptions } from "./metric_options.ts";

type Attributes = ((event: AnyEvent) => EventAttributes) | undefined;
/** What makes values of an event. */
type Values<Events extends object> = Pick<
  EventMetric<Events>,
  "value" | "attributes" | "measurements"
>;

/** Checks counts, and makes one measurement of each. */
export function countsOf(
  what: string,
  counts: NonNullable<EventMetricOptions<AnyEvent>["counts"]>,
  attributes: Attributes,
): Pick<EventMetric<object>, "attributes" | "measurements"> {
  assertOptions(`${what}'s counts`, counts, ["attribute", "of"]);
  const { attribute, of } = counts;
  if (typeof attribute !== "string" || attribute === "") {
    invalidDeclaration(what, "counts.attribute", "a name", attribute);
  }
  assertFunctions(what, { "counts.of": of });
  if (of === undefined) invalidDeclaration(what, "counts.of", "a function", of);
  return {
    // For documents, which want to know the names.
    attributes: (event) => ({ ...attributes?.(event), [attribute]: "" }),
    measurements: (event) => {
      const found = of(event);
      if (found === undefined || found === null) return [];
      const shared = attributes?.(event);
      const entries = found instanceof Map ? [...found] : Object.entries(found);
      return entries.map(([name, value]) => ({
        value,
        attributes: { ...shared, [attribute]: name },
      }));
    },
  };
}

/** The same values, but for the events of some types, whose values all are 0. */
export function zeroed<Events extends object>(
  zeroAt: readonly string[],
  given: Values<Events>,
): Values<Events> {
  if (zeroAt.length === 0) return given;
  const types = new Set(zeroAt);
  const { value, attributes, measurements } = given;
  return {
    value: measurements
      ? undefined
      : (event, now) => types.has(event.type) ? 0 : value?.(event, now) ?? 1,
    attributes,
    measurements: measurements &&
      ((event, now) =>
        types.has(event.type)
          ? Array.from(measurements(event, now), ({ attributes }) => ({ value: 0, attributes }))
          : measurements(event, now)),
  };
}
