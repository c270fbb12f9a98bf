/** The value of an attribute of a series, a span or a log record. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly boolean[];

/** Attributes by name. One that is `undefined` is omitted. */
export type EventAttributes = Readonly<Record<string, AttributeValue | undefined>>;
