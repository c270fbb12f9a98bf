import type { EventDescription, FieldDescription } from "../../../catalog/event_description.ts";

/** A description of every event, and of every field of it. */
export type Descriptions<Events extends object> = {
  readonly [Type in keyof Events & string]: EventDescription<Events[Type]> & {
    readonly metadata: Readonly<
      Record<keyof NonNullable<Events[Type]> & string, FieldDescription>
    >;
  };
};

/** The units of fields. */
export const CHUNKS = "chunks";
export const TOKENS = "tokens";
export const BYTES = "By";

/** The fields that several events have. */
export const operation = {
  operationId: {
    description:
      "Distinguishes operations of one kind in one session, where the event has no id of its own",
  },
};
export const keys = {
  keys: {
    description: "The chunks: chunk hash, model name and cache salt of each, rank and object group",
    unit: CHUNKS,
  },
};
export const keyCountPerSalt = {
  keyCountPerSalt: { description: "The same by cache salt; absent if there are none" },
};
export const modelName = { modelName: { description: "The model's name" } };
export const cacheSalt = { cacheSalt: { description: "Separates tenants" } };
