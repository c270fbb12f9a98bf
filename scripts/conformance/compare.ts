import { type Expected, readNumber, seriesKey } from "./expected.ts";
import type { Reading } from "./readers.ts";

/** The formats of a scrape, with their content types. */
export const CONTENT_TYPES = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;

/** A format of a scrape. */
export type Format = keyof typeof CONTENT_TYPES;

/** The samples that a scrape in a format must hold. */
export function expectedSamples({ families }: Expected, format: Format): Map<string, number> {
  const all = new Map<string, number>();
  for (const { samples, textOnly } of families.values()) {
    for (const [key, value] of samples) {
      if (format === "prometheus" || !textOnly.has(key)) all.set(key, value);
    }
  }
  return all;
}

/** What differs between the samples that must be there and those that were found. */
export function compareSamples(
  expected: ReadonlyMap<string, number>,
  found: Reading["samples"],
): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { name, labels, value } of found) {
    const key = seriesKey(name, labels);
    if (seen.has(key)) problems.push(`twice: ${key}`);
    seen.add(key);
    const wanted = expected.get(key);
    const number = readNumber(value);
    if (wanted === undefined) problems.push(`not expected: ${key} ${value}`);
    else if (wanted !== number && !(Number.isNaN(wanted) && Number.isNaN(number))) {
      problems.push(`expected ${wanted}, found ${value}: ${key}`);
    }
  }
  for (const key of expected.keys()) if (!seen.has(key)) problems.push(`missing: ${key}`);
  return problems;
}

/** What differs between a scrape that must be and what a program found in it. */
export function compare(expected: Expected, format: Format, reading: Reading): string[] {
  if (reading.error !== undefined) return [`refused: ${reading.error}`];
  const problems = compareSamples(expectedSamples(expected, format), reading.samples);
  const names = new Set(Object.keys(reading.families));
  for (const [shown, { type, unit, help }] of expected.families) {
    const isOpen = format === "openmetrics";
    const name = isOpen && (type === "counter" || type === "info")
      ? shown.replace(/_(total|info)$/, "")
      : shown;
    const found = reading.families[name];
    names.delete(name);
    if (found === undefined) {
      problems.push(`missing family: ${name}`);
      continue;
    }
    const wantedType = type === "info" && !isOpen ? "gauge" : type;
    if (found.type !== wantedType) problems.push(`type of ${name}: ${found.type}`);
    const wantedUnit = isOpen && name.endsWith(`_${unit}`) ? unit : "";
    if (found.unit !== wantedUnit) problems.push(`unit of ${name}: ${found.unit}`);
    // Blanks around a help text are no part of it.
    if (found.help.trim() !== help.toWellFormed().trim()) {
      problems.push(`help of ${name}: ${JSON.stringify(found.help)}`);
    }
  }
  for (const name of names) problems.push(`not expected: family ${name}`);
  return problems;
}
