import type { EventAttributes } from "./attributes.ts";
import { invalidDeclaration } from "./declaration.ts";
import type { MetricOptions } from "./metric_options.ts";

/** What decides with which series a metric begins. */
interface Start extends Pick<MetricOptions, "attributeValues" | "attributeNames"> {
  readonly maxAttributeSets: number;
  readonly hasAttributes: boolean;
  readonly startsAtZero: boolean;
}

/**
 * The attributes of the series that are there before the first event: each combination of the values
 * that were declared, or none at all where there are no attributes.
 *
 * @throws {TypeError} if the values are none, are not those of all attributes, or too many
 */
export function initialAttributesOf(what: string, start: Start): readonly EventAttributes[] {
  const { attributeValues, attributeNames = [], maxAttributeSets, hasAttributes } = start;
  if (attributeValues === undefined) {
    const hasNone = !hasAttributes || start.attributeNames?.length === 0;
    return start.startsAtZero && hasNone ? [Object.freeze({})] : [];
  }
  const argument = "attributeValues";
  if (
    typeof attributeValues !== "object" || attributeValues === null ||
    Array.isArray(attributeValues)
  ) {
    invalidDeclaration(what, argument, "lists of values by name", attributeValues);
  }
  const names = Object.keys(attributeValues);
  if (!hasAttributes) {
    invalidDeclaration(what, argument, "given with attributes or measurements", names);
  }
  if (names.length === 0 || names.toSorted().join() !== attributeNames.toSorted().join()) {
    invalidDeclaration(what, argument, "those of all attributes", names);
  }
  let sets: EventAttributes[] = [{}];
  for (const name of names) {
    const values = attributeValues[name];
    if (!Array.isArray(values) || values.length === 0 || !values.every(isValue)) {
      const rule = "a list of strings, finite numbers, booleans or undefined";
      invalidDeclaration(what, `${argument}.${name}`, rule, values);
    }
    const distinct = new Set(values as EventAttributes[string][]);
    // The overflow's series has a place of its own.
    if (sets.length * distinct.size > maxAttributeSets - 1) {
      const rule = `at most ${maxAttributeSets - 1} combinations (maxAttributeSets less one)`;
      invalidDeclaration(what, argument, rule, sets.length * distinct.size);
    }
    sets = sets.flatMap((set) =>
      [...distinct].map((value) => value === undefined ? set : { ...set, [name]: value })
    );
  }
  return Object.freeze(sets.map((set) => Object.freeze(set)));
}

function isValue(value: unknown): boolean {
  return value === undefined || typeof value === "string" || typeof value === "boolean" ||
    Number.isFinite(value);
}
