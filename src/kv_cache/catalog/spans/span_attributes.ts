import type { EventAttributes } from "../../../catalog/attributes.ts";
import type { AnyEvent } from "../../../catalog/declaration.ts";
import { metadataAttributes } from "../../../catalog/span.ts";

/** How many names are remembered: there are no more fields than that. */
const MAX_NAMES = 1_000;
const names = new Map<string, string>();

/** The metadata's strings, numbers and booleans as LMCache names them: `retrieved_count`. */
export function snakeCased(event: AnyEvent): EventAttributes {
  const attributes: Record<string, EventAttributes[string]> = {};
  for (const [name, value] of Object.entries(metadataAttributes(event))) {
    attributes[snakeCase(name)] = value;
  }
  return attributes;
}

function snakeCase(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (names.size < MAX_NAMES) names.set(name, snake);
  return snake;
}

/** A share of a whole; 0 of none. */
export function rateOf(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
