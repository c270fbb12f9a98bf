import type { Attributes } from "@opentelemetry/api";
import type { EventAttributes } from "../../catalog/attributes.ts";
import type { AnyEvent } from "../../catalog/declaration.ts";
import {
  boundedText,
  boundedValue,
  type CutCount,
  MAX_TEXT_LENGTH,
} from "../../internal/bounded_values.ts";
import { metadataAttributes, OPERATION_ID, type SpanDeclaration } from "../../catalog/span.ts";

/** Where attributes go: a span, or the attributes of one that is about to start. */
export interface AttributeSink {
  setAttribute(name: string, value: string | number | boolean): unknown;
}

/** The attributes of a span that is about to start. */
export class NewAttributes implements AttributeSink {
  readonly attributes: Attributes = {};

  setAttribute(name: string, value: string | number | boolean): void {
    this.attributes[name] = value;
  }

  /** Sets what somebody has asked for, if there is one. */
  setId(name: string | undefined, id: string, cuts: CutCount): void {
    if (name !== undefined && id !== "") this.attributes[name] = boundedAttribute(id, cuts);
  }
}

/** A value whose texts are as long as those of a span may be. */
export function boundedAttribute<Value>(value: Value, cuts: CutCount): Value {
  return boundedValue(value, MAX_TEXT_LENGTH, cuts) as Value;
}

/**
 * Adds what an event says, with nothing built in between, but what has to be cut; gives what was
 * thrown, wrapped.
 */
export function addAttributes(
  sink: AttributeSink,
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  declaration: Pick<SpanDeclaration<any>, "attributes">,
  event: AnyEvent,
  cuts: CutCount,
): { readonly error: unknown } | undefined {
  try {
    if (declaration.attributes === metadataAttributes) addScalars(sink, event.metadata, cuts);
    else addDefined(sink, declaration.attributes(event), cuts);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Adds what `metadataAttributes` would give. */
function addScalars(sink: AttributeSink, metadata: unknown, cuts: CutCount): void {
  if (typeof metadata !== "object" || metadata === null) return;
  for (const name of Object.keys(metadata)) {
    if (name === OPERATION_ID) continue;
    const value = (metadata as Record<string, unknown>)[name];
    if (typeof value === "string") {
      sink.setAttribute(nameOf(name, cuts), boundedAttribute(value, cuts));
    } else if (typeof value === "number" || typeof value === "boolean") {
      sink.setAttribute(nameOf(name, cuts), value);
    }
  }
}

/** Adds attributes that were given, but for what is undefined among them. */
export function addDefined(sink: AttributeSink, given: EventAttributes, cuts: CutCount): void {
  for (const name of Object.keys(given)) {
    const value = given[name];
    // Lists are attributes too; the API's types want them mutable.
    if (value !== undefined) {
      sink.setAttribute(nameOf(name, cuts), boundedAttribute(value, cuts) as string);
    }
  }
}

function nameOf(name: string, cuts: CutCount): string {
  return boundedText(name, MAX_TEXT_LENGTH, cuts);
}
