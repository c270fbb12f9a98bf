/**
 * Units as Prometheus writes them: the table of "Metric Metadata" in OpenTelemetry's compatibility
 * specification (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics). `KBy`
 * is not in it, but is what older tables had for `kBy`.
 */
const UNIT_SUFFIXES: Readonly<Record<string, string>> = {
  "d": "days",
  "h": "hours",
  "min": "minutes",
  "s": "seconds",
  "ms": "milliseconds",
  "us": "microseconds",
  "ns": "nanoseconds",
  "By": "bytes",
  "KiBy": "kibibytes",
  "MiBy": "mebibytes",
  "GiBy": "gibibytes",
  "TiBy": "tebibytes",
  "kBy": "kilobytes",
  "KBy": "kilobytes",
  "MBy": "megabytes",
  "GBy": "gigabytes",
  "TBy": "terabytes",
  "m": "meters",
  "V": "volts",
  "A": "amperes",
  "J": "joules",
  "W": "watts",
  "g": "grams",
  "Cel": "celsius",
  "Hz": "hertz",
  "%": "percent",
  "1": "",
};

/** What stands behind the `/` of a rate. */
const PER: Readonly<Record<string, string>> = {
  "s": "second",
  "m": "minute",
  "min": "minute",
  "h": "hour",
  "d": "day",
  "w": "week",
  "mo": "month",
  "y": "year",
};

/** An OpenTelemetry unit as it stands at the end of a Prometheus name; `""` if it does not. */
export function unitSuffix(unit: string): string {
  // What is in braces says what is counted, and a count has no unit.
  const plain = unit.replace(/\{[^}]*\}?/g, "");
  const known = named(UNIT_SUFFIXES, plain);
  if (known !== undefined) return known;
  const [whole = "", per = "", ...others] = plain.split("/");
  if (others.length > 0) return suffixText(plain);
  const counted = named(UNIT_SUFFIXES, whole) ?? suffixText(whole);
  if (per === "") return counted;
  const rate = `per_${named(PER, per) ?? suffixText(per)}`;
  return counted === "" ? rate : `${counted}_${rate}`;
}

function named(names: Readonly<Record<string, string>>, unit: string): string | undefined {
  return Object.hasOwn(names, unit) ? names[unit] : undefined;
}

function suffixText(unit: string): string {
  return plainName(unit).replace(/^_|_$/g, "");
}

/** What a name cannot have becomes `_`, runs of it one. */
export function plainName(text: string): string {
  return text.replace(/[^a-zA-Z0-9]+/g, "_");
}

/**
 * The name of a metric family: the instrument's and its unit, in characters that a name may have,
 * and without the `_total` that a counter's samples end in. The unit is not repeated where the name
 * ends in it. `""` if nothing is left.
 */
export function familyName(instrument: string, unit: string, isCounter: boolean): string {
  let name = instrument.replace(/[^a-zA-Z0-9:]+/g, "_");
  // What is appended begins with a `_` of its own.
  if (isCounter) name = name.replace(/_$/, "").replace(/_total$/, "").replace(/_$/, "");
  if (name === "" || name === "_") return "";
  const suffix = unitSuffix(unit);
  if (suffix !== "" && name !== suffix && !name.endsWith(`_${suffix}`)) {
    name = `${name.replace(/_$/, "")}_${suffix}`;
  }
  return /^\d/.test(name) ? `_${name}` : name;
}

/** The types of metric families in a scrape. */
export type FamilyType = "counter" | "gauge" | "histogram" | "info";

/**
 * What a type's series are called after the family's name, beyond what every family claims.
 * OpenMetrics keeps all of these for the type, also what is not written.
 */
const SERIES_SUFFIXES: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [],
  histogram: ["_bucket", "_sum", "_count", "_created"],
  info: ["_info"],
};

/** The names that a family takes, which no other may have. */
export function seriesNames(family: string, type: FamilyType): readonly string[] {
  return [family, ...SERIES_SUFFIXES[type].map((suffix) => family + suffix)];
}

/**
 * An attribute's name as a label's. Names that Prometheus keeps for itself, with `__` in front, do
 * not come out.
 */
export function labelName(attribute: string): string {
  const name = plainName(attribute);
  return /^\d/.test(name) || name === "" ? `_${name}` : name;
}
