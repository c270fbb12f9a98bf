/** One value as OTLP has it, under the name of its kind: `intValue` in JSON, `int` as decoded. */
type AnyValue = Record<string, unknown>;

/** Attributes as a receiver reads them, by name. */
export function toAttributes(pairs: readonly { key: string; value: AnyValue }[]) {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, toValue(value)]));
}

function toValue(value: AnyValue): unknown {
  const [kind = "", inner] = Object.entries(value)[0] ?? [];
  return kind.startsWith("array") ? (inner as { values: AnyValue[] }).values.map(toValue) : inner;
}
