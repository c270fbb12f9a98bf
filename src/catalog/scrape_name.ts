/**
 * Units as Prometheus writes them, from OpenTelemetry's compatibility specification
 * (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics). `GB/s` is an
 * exception to it: the specification would write `gigabytes_per_second`.
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
  "GB/s": "GBs",
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
  const plain = unit.replace(/[{}]/g, "");
  const known = named(UNIT_SUFFIXES, plain);
  if (known !== undefined) return known;
  const [whole = "", per = "", ...others] = plain.split("/");
  if (per === "" || others.length > 0) return suffixText(plain);
  const counted = named(UNIT_SUFFIXES, whole) ?? suffixText(whole);
  const rate = `per_${named(PER, per) ?? suffixText(per)}`;
  return counted === "" ? rate : `${counted}_${rate}`;
}

function named(names: Readonly<Record<string, string>>, unit: string): string | undefined {
  return Object.hasOwn(names, unit) ? names[unit] : undefined;
}

function suffixText(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9]+/g, "_").replace(/^_+|_+$/g, "");
}

/** Appends the unit to an instrument's name, once: before a `_total`, and not if it is there. */
function nameWithUnit(name: string, unit: string): string {
  const suffix = unitSuffix(unit);
  if (suffix === "") return name;
  const base = name.replace(/[._]total$/, "");
  if (base === suffix || base.endsWith(`_${suffix}`) || base.endsWith(`.${suffix}`)) return name;
  return `${base}_${suffix}${name.slice(base.length)}`;
}

/** What a name cannot have becomes `_`, runs of it one. */
export function plainName(text: string): string {
  return text.replace(/[^a-zA-Z0-9]+/g, "_");
}

/**
 * The name of a metric family: the instrument's and its unit, in characters that a name may have,
 * and without the `_total` that a counter's samples end in. `""` if nothing is left.
 */
export function familyName(instrument: string, unit: string, isCounter: boolean): string {
  const name = plainName(nameWithUnit(instrument, unit));
  if (name === "" || name === "_") return "";
  const plain = isCounter ? name.replace(/_total$/, "") : name;
  if (plain === "") return "";
  return /^\d/.test(plain) ? `_${plain}` : plain;
}

/** The types of metric families in a scrape. */
export type FamilyType = "counter" | "gauge" | "histogram" | "info";

/** What a type's series are called after the family's name, beyond what every family claims. */
const SERIES_SUFFIXES: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: ["_total"],
  gauge: [],
  histogram: ["_bucket", "_sum", "_count"],
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
