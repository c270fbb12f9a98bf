import type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";

/** Headers longer than this, in characters, are not read. */
const MAX_ACCEPT_LENGTH = 4_096;

/** One element of an `Accept` or `Accept-Encoding` header. */
interface Range {
  /** What is accepted, in lower case. */
  readonly name: string;
  /** The value of `version`, if it is given. */
  readonly version: string | undefined;
  /** The value of `escaping`, if it is given. */
  readonly escaping: string | undefined;
  /** The weight `q`, from 0 (not acceptable) to 1. */
  readonly quality: number;
}

/** The elements of a header that are well-formed; the others are ignored. */
function parse(header: string | null): Range[] {
  if (header === null || header.length > MAX_ACCEPT_LENGTH) return [];
  const ranges: Range[] = [];
  for (const element of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim());
    let version: string | undefined;
    let escaping: string | undefined;
    let quality = 1;
    for (const parameter of parameters) {
      const [key = "", value = ""] = parameter.split("=").map((part) => part.trim());
      if (key === "version") version = unquoted(value);
      if (key === "escaping") escaping = unquoted(value);
      if (key === "q") quality = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(value) ? Number(value) : NaN;
    }
    if (name !== "" && !Number.isNaN(quality)) {
      ranges.push({ name, version, escaping, quality });
    }
  }
  return ranges;
}

function unquoted(value: string): string {
  return value.replace(/^"(.*)"$/, "$1");
}

interface Offer {
  readonly format: ScrapeFormat;
  readonly type: string;
  readonly version: string;
}

/** The first one is what a client gets that does not say, or says the same of both. */
const OFFERS: readonly Offer[] = [
  { format: "prometheus", type: "text/plain", version: "0.0.4" },
  { format: "openmetrics", type: "application/openmetrics-text", version: "1.0.0" },
];

/**
 * The ways to escape names that leave ours as they are: they have letters, digits, `:` and single
 * `_` alone. To whoever asks for another one it is said that they are `underscores`.
 */
const ESCAPINGS: readonly string[] = ["allow-utf-8", "underscores", "values"];

/** What an `Accept` header asks for. */
export interface Negotiated {
  readonly format: ScrapeFormat;
  /** How names are escaped; `undefined` where the client said nothing of it. */
  readonly escaping: string | undefined;
}

/** How precise a range is that names a format, rather than covering it with a `*`. */
const NAMED = 2;

/**
 * The format that an `Accept` header asks for: the one of the highest quality; of equals the one
 * that is named rather than covered by a `*`, and OpenMetrics if both are. Prometheus text for
 * whoever says nothing, nothing readable, or accepts neither: metrics are of more use than a 406.
 */
export function negotiateFormat(accept: string | null): Negotiated {
  const ranges = parse(accept);
  let best: (Match & { format: ScrapeFormat }) | undefined;
  for (const offer of OFFERS) {
    const { quality, precision, escaping } = matchQuality(offer, ranges);
    if (quality === 0) continue;
    const better = best === undefined || quality > best.quality ||
      (quality === best.quality && precision >= best.precision && precision >= NAMED);
    if (better) best = { format: offer.format, quality, precision, escaping };
  }
  if (best === undefined) return { format: "prometheus", escaping: undefined };
  const { format, escaping } = best;
  const known = escaping === undefined || ESCAPINGS.includes(escaping);
  return { format, escaping: known ? escaping : "underscores" };
}

/** How well an offer is covered by ranges. */
interface Match {
  readonly quality: number;
  readonly precision: number;
  readonly escaping: string | undefined;
}

/** The quality of an offer, by the most precise range that covers it. */
function matchQuality({ type, version }: Offer, ranges: readonly Range[]): Match {
  let found: Match = { quality: 0, precision: -1, escaping: undefined };
  for (const range of ranges) {
    if (range.version !== undefined && range.version !== version) continue;
    const precision = range.name === "*/*"
      ? 0
      : range.name === `${type.slice(0, type.indexOf("/"))}/*`
      ? 1
      : range.name === type
      ? (range.version === undefined ? NAMED : NAMED + 1)
      : -1;
    if (precision > found.precision) {
      found = { quality: range.quality, precision, escaping: range.escaping };
    }
  }
  return found;
}

/**
 * Whether an `Accept-Encoding` header asks for gzip, and likes it no less than no encoding at all.
 */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const ranges = parse(acceptEncoding);
  const quality = (...names: string[]) => ranges.find(({ name }) => names.includes(name))?.quality;
  const gzip = quality("gzip", "x-gzip") ?? quality("*") ?? 0;
  return gzip > 0 && gzip >= (quality("identity") ?? 0);
}
