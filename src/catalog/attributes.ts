/** A value that tells series, spans or log records apart. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly boolean[];

/** Attributes by name; one that is `undefined` is left out. */
export type EventAttributes = Readonly<Record<string, AttributeValue | undefined>>;
