import type { AnyEvent } from "../../catalog/declaration.ts";
import type { SpanDeclaration } from "../../catalog/span.ts";
import { cut } from "../../internal/reporting.ts";

/** What an event calls its span, and what was thrown instead, wrapped. */
export interface NameBy {
  readonly name: string | undefined;
  readonly thrown: { readonly error: unknown } | undefined;
}

const NO_NAME: NameBy = Object.freeze({ name: undefined, thrown: undefined });

/** Asks a declaration what an event calls its span; a name of no characters is none. */
export function nameBy(
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  declaration: SpanDeclaration<any>,
  event: AnyEvent,
): NameBy {
  if (declaration.name === undefined) return NO_NAME;
  try {
    const name: unknown = declaration.name(event);
    return typeof name === "string" && name !== ""
      ? { name: cut(name), thrown: undefined }
      : NO_NAME;
  } catch (error) {
    return { name: undefined, thrown: { error } };
  }
}
