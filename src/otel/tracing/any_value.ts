/**
 * Whether a value is one of OpenTelemetry's `AnyValue` (opentelemetry.io/docs/specs/otel/common/#anyvalue):
 * a scalar, bytes, nothing (`null`), a list or a plain object of these, not within itself.
 */
export function isAnyValue(value: unknown): boolean {
  return isAny(value, []);
}

function isAny(value: unknown, around: readonly object[]): boolean {
  if (isScalar(value) || value === null) return true;
  if (typeof value !== "object") return false;
  if (value instanceof Uint8Array) return true;
  if (around.includes(value)) return false;
  const within = [...around, value];
  const isInner = (inner: unknown) => inner === undefined || isAny(inner, within);
  if (Array.isArray(value)) return value.every(isInner);
  const { constructor } = value;
  return (constructor === Object || constructor === undefined) &&
    Object.values(value).every(isInner);
}

/** Whether it is a scalar, or a list of one kind of scalars, which may have holes. */
export function isSimpleValue(value: unknown): boolean {
  if (!Array.isArray(value)) return isScalar(value);
  const items = value.filter((item) => item !== undefined && item !== null);
  return items.every((item) => isScalar(item) && typeof item === typeof items[0]);
}

/** A copy of such a value, whose texts and bytes are cut to a length. */
export function copyAnyValue(value: unknown, maxLength: number): unknown {
  if (typeof value === "string") {
    return value.length > maxLength ? value.slice(0, maxLength) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return value.length > maxLength ? value.slice(0, maxLength) : value;
  }
  if (Array.isArray(value)) return value.map((item) => copyAnyValue(item, maxLength));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, copyAnyValue(inner, maxLength)]),
  );
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
