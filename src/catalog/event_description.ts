import { assertOptions, assertType, invalidDeclaration } from "./declaration.ts";

/** What a metadata field means. */
export interface FieldDescription {
  /** What it means. */
  readonly description: string;
  /** Its unit, such as `"By"`. Default: none. */
  readonly unit?: string | undefined;
}

/** What an event means, for generated documents. */
export interface EventDescription<Metadata = unknown> {
  /** What happened when it is published. */
  readonly description: string;
  /** The metadata's fields. */
  readonly metadata?:
    | Readonly<
      Partial<Record<Metadata extends object ? keyof Metadata & string : never, FieldDescription>>
    >
    | undefined;
}

/** Checks what a type is described as. */
export function assertDescription(type: string, described: unknown): void {
  const what = `the description of ${JSON.stringify(type)}`;
  assertType(what, "its type", type);
  assertDescribed(what, described, ["description", "metadata"]);
  const { metadata } = described as EventDescription<Record<string, unknown>>;
  if (metadata === undefined) return;
  assertOptions(what, metadata, Object.keys(metadata));
  for (const [field, meaning] of Object.entries(metadata)) {
    const whatOfField = `${what}, field ${JSON.stringify(field)}`;
    if (meaning !== undefined) assertDescribed(whatOfField, meaning, ["description", "unit"]);
  }
}

function assertDescribed(what: string, described: unknown, known: readonly string[]): void {
  assertOptions(what, described, known);
  const { description } = described as { readonly description?: unknown };
  if (typeof description !== "string") {
    invalidDeclaration(what, "description", "a string", description);
  }
}
