/** A family as it was read back. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string | undefined;
  readonly unit: string | undefined;
  /** From the name and the sorted labels to the value. */
  readonly samples: Map<string, number>;
  /** From the same to what stands behind `#`. */
  readonly exemplars: Map<string, string>;
}

type Families = Map<string, ParsedFamily>;

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
  info: ["_info"],
};

/** Reads OpenMetrics, strictly: throws at whatever the standard does not allow. */
export function parseOpenMetrics(text: string): Families {
  if (!text.endsWith("# EOF\n")) throw new Error("it does not end in # EOF");
  return parse(text.slice(0, -"# EOF\n".length), {
    isSample: (name, family, type) =>
      (SUFFIXES[type] ?? []).some((suffix) => name === family + suffix),
    // OpenMetrics 1.0.0, "Counter" and "Histogram": totals, buckets, counts and sums only grow.
    isCounterLike: (_sample, type) => type === "counter" || type === "histogram",
    unescapeHelp: (help) => unescapeText(help, /\\(.)|"/g),
  });
}

/** Reads Prometheus text, as strictly. */
export function parsePrometheus(text: string): Families {
  return parse(text, {
    isSample: (name, family, type) =>
      type === "histogram"
        ? (SUFFIXES["histogram"] ?? []).some((suffix) => name === family + suffix)
        : name === family,
    isCounterLike: (sample, type) =>
      type === "counter" || (type === "histogram" && !sample.endsWith("_sum")),
    unescapeHelp: (help) => unescapeText(help, /\\(.)/g),
  });
}

interface Dialect {
  isCounterLike(sample: string, type: string): boolean;
  isSample(name: string, family: string, type: string): boolean;
  unescapeHelp(help: string): string;
}

function parse(text: string, { isSample, isCounterLike, unescapeHelp }: Dialect): Families {
  const families: Families = new Map();
  const seen = new Set<string>();
  let name = "";
  let metadata: Record<string, string> = {};
  let current: ParsedFamily | undefined;
  if (text !== "" && !text.endsWith("\n")) throw new Error("it does not end in a line feed");
  for (const line of text.split("\n").slice(0, -1)) {
    const comment = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/s.exec(line);
    if (comment !== null) {
      const [, keyword = "", family = "", rest = ""] = comment;
      if (!METRIC_NAME.test(family)) throw new Error(`bad family name: ${line}`);
      if (family !== name || current !== undefined && current.samples.size > 0) {
        [name, metadata, current] = [family, {}, undefined];
        if (families.has(name)) throw new Error(`a second family: ${line}`);
      }
      if (keyword in metadata) throw new Error(`said twice: ${line}`);
      metadata[keyword] = rest;
      if (keyword === "UNIT" && !family.endsWith(`_${rest}`)) throw new Error(`bad unit: ${line}`);
      current = {
        type: metadata["TYPE"] ?? "",
        help: metadata["HELP"] === undefined ? undefined : unescapeHelp(metadata["HELP"]),
        unit: metadata["UNIT"],
        samples: new Map(),
        exemplars: new Map(),
      };
      families.set(name, current);
      continue;
    }
    if (current === undefined) throw new Error(`a sample without a family: ${line}`);
    const { sample, series, value, exemplar } = parseSample(line);
    if (!isSample(sample, name, current.type)) throw new Error(`not of ${name}: ${line}`);
    if (isCounterLike(sample, current.type) && !(value >= 0)) {
      throw new Error(`negative or not a number: ${line}`);
    }
    if (seen.has(series)) throw new Error(`a second time: ${line}`);
    seen.add(series);
    current.samples.set(series, value);
    if (exemplar !== undefined) current.exemplars.set(series, exemplar);
  }
  return families;
}

function parseSample(
  line: string,
): { sample: string; series: string; value: number; exemplar: string | undefined } {
  const sample = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (sample === undefined) throw new Error(`bad name: ${line}`);
  let rest = line.slice(sample.length);
  const labels = new Map<string, string>();
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|(?=\}))/.exec(rest);
      if (label === null) throw new Error(`bad labels: ${line}`);
      const [whole, name = "", escaped = ""] = label;
      if (labels.has(name) || name.startsWith("__")) throw new Error(`bad label ${name}: ${line}`);
      const value = unescapeText(escaped, /\\(.)/g);
      labels.set(
        name,
        name === "le" && sample.endsWith("_bucket") ? String(parseNumber(value)) : value,
      );
      rest = rest.slice(whole.length);
    }
    rest = rest.slice(1);
  }
  const match = /^ (\S+)(?: # (.+))?$/s.exec(rest);
  if (match === null) throw new Error(`bad value: ${line}`);
  const [, value = "", exemplar] = match;
  const sorted = [...labels].filter(([, text]) => text !== "").sort(([a], [b]) => a < b ? -1 : 1);
  return {
    sample,
    series: `${sample}${JSON.stringify(sorted)}`,
    value: parseNumber(value),
    exemplar,
  };
}

function parseNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (text === "NaN") return NaN;
  if (!/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`bad number: ${text}`);
  return Number(text);
}

function unescapeText(text: string, escapes: RegExp): string {
  return text.replace(escapes, (whole, character?: string) => {
    if (character === "n") return "\n";
    if (character === "\\" || (character === '"' && escapes.source.length > 0)) return character;
    throw new Error(`bad escape ${whole} in ${text}`);
  });
}
