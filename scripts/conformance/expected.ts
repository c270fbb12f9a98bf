import type { Attributes } from "@busbar/busbar/otel";

/** What a scrape must hold, by OpenTelemetry's specification, written down apart from src/. */
export interface Expected {
  /** From the name in Prometheus text. */
  readonly families: Map<string, ExpectedFamily>;
}

/** One metric family. */
export interface ExpectedFamily {
  readonly type: "counter" | "gauge" | "histogram" | "info";
  readonly unit: string;
  readonly help: string;
  /** From name and labels, as `seriesKey` writes them, to the value. */
  readonly samples: Map<string, number>;
  /** Those that OpenMetrics does not allow, since values may be negative. */
  readonly textOnly: Set<string>;
}

/** The units of the specification's table that catalogs here are in, and others. */
export const UNITS: Readonly<Record<string, string>> = {
  "": "",
  "1": "",
  "s": "seconds",
  "ms": "milliseconds",
  "By": "bytes",
  "kBy": "kilobytes",
  "%": "percent",
  "{packet}": "",
  "{packet}/s": "per_second",
  "By/s": "bytes_per_second",
  "m/s": "meters_per_second",
  "GB/s": "GB_per_second",
  "chunks": "chunks",
  "tokens/s": "tokens_per_second",
  "Cel": "celsius",
};

/** The family's name: characters, the unit once, no `_total`. */
export function familyNameOf(name: string, unit: string, isCounter: boolean): string {
  let plain = "";
  for (const character of name) {
    plain += /[a-zA-Z0-9:]/.test(character) ? character : plain.endsWith("_") ? "" : "_";
  }
  if (isCounter) {
    if (plain.endsWith("_")) plain = plain.slice(0, -1);
    if (plain.endsWith("_total")) plain = plain.slice(0, -"_total".length);
  }
  const word = UNITS[unit] as string;
  if (word !== "" && plain !== word && !plain.endsWith(`_${word}`)) {
    plain = `${plain.endsWith("_") ? plain.slice(0, -1) : plain}_${word}`;
  }
  return /^[0-9]/.test(plain) ? `_${plain}` : plain;
}

/** A label's name. */
export function labelNameOf(attribute: string): string {
  let plain = "";
  for (const character of attribute) {
    plain += /[a-zA-Z0-9]/.test(character) ? character : plain.endsWith("_") ? "" : "_";
  }
  return plain === "" || /^[0-9]/.test(plain) ? `_${plain}` : plain;
}

/** A label's value. */
export function labelValueOf(value: unknown): string {
  if (typeof value === "string") return value.toWellFormed();
  if (!Array.isArray(value)) return String(value);
  return JSON.stringify(
    value.map((one) => typeof one === "number" && !Number.isFinite(one) ? String(one) : one),
  ).toWellFormed();
}

/** The labels of attributes and a scope; what becomes one name is joined in the attributes' order. */
export function labelsOf(
  attributes: Attributes,
  scope: Readonly<Record<string, string>>,
  isHistogram: boolean,
): Record<string, string> {
  const given = [...Object.entries(attributes), ...Object.entries(scope)]
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  const labels: Record<string, string> = Object.create(null);
  for (const [attribute, value] of given) {
    const plain = labelNameOf(attribute);
    const name = isHistogram && plain === "le" ? "exported_le" : plain;
    const text = labelValueOf(value);
    labels[name] = name in labels ? `${labels[name]};${text}` : text;
  }
  return labels;
}

/** Name and labels as one text, whatever their order; an empty label is a missing one. */
export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const shown = Object.entries(labels).filter(([, value]) => value !== "")
    .map(([label, value]) => [
      label,
      label === "le" && name.endsWith("_bucket") ? String(readNumber(value)) : value,
    ])
    .sort(([a], [b]) => (a as string) < (b as string) ? -1 : 1);
  return `${name}${JSON.stringify(shown)}`;
}

/** A number as Go and Python write it. */
export function readNumber(text: string): number {
  const known: Record<string, number> = {
    "+Inf": Infinity,
    "Inf": Infinity,
    "inf": Infinity,
    "-Inf": -Infinity,
    "-inf": -Infinity,
    "nan": NaN,
    "NaN": NaN,
  };
  return text in known ? known[text] as number : Number(text);
}
