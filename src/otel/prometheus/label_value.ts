/**
 * The value of an attribute as text, by "AnyValue representation for non-OTLP protocols" of
 * OpenTelemetry's common specification: text as it is, bytes in base64, all else as JSON, where NaN
 * and the infinities stand by their names.
 */
export function labelValue(value: unknown): string {
  // Half a character becomes U+FFFD when the text is encoded: series that differ in it are one.
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return base64(value);
  try {
    return (JSON.stringify(value, elementText) ?? String(value)).toWellFormed();
  } catch {
    return textOf(value);
  }
}

/** JSON has neither NaN nor infinities, and would write bytes as an object. */
function elementText(this: unknown, _name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? base64(value) : value;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function textOf(value: unknown): string {
  try {
    return String(value).toWellFormed();
  } catch {
    return typeof value;
  }
}
