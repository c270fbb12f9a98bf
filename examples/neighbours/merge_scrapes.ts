/**
 * prom-client's registry and Busbar's metrics in one `/metrics`, in both formats of Prometheus.
 *
 * @module
 */
import { metricsRoute, type Route, type ScrapeFormat } from "@busbar/busbar/http";

/** A metric of an exposition: its lines, and the names of its samples. */
interface Family {
  readonly name: string;
  readonly type: string;
  readonly lines: string[];
  readonly names: Set<string>;
}

/** What is read of both sides. */
export interface BothMetrics {
  /** `obs.scrape`, or what answers as it does. */
  readonly scrape: (format: ScrapeFormat) => Promise<string>;
  /** prom-client's registry, in its default format. */
  readonly register: { metrics(): Promise<string> };
  /** Told the name of a metric of prom-client's that is there already, once. Default: `console.warn`. */
  readonly onCollision?: (name: string) => void;
  /** How long the registry may take, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Told why the registry's part is missing, when that begins. Default: `console.warn`. */
  readonly onFailure?: (error: unknown) => void;
}

/** The route that answers `/metrics` with both; with Busbar's alone while the registry fails or hangs. */
export function metricsOfBoth(
  { scrape, register, onCollision = warn, timeoutMs = 5_000, onFailure = warnOfFailure }:
    BothMetrics,
): Route {
  const told = new Set<string>();
  let hasFailed = false;
  const textOf = async () => {
    try {
      const text = await within(timeoutMs, register.metrics());
      hasFailed = false;
      return text;
    } catch (error) {
      if (!hasFailed) onFailure(error);
      hasFailed = true;
      return "";
    }
  };
  return metricsRoute({
    scrape: async (format) => {
      const [own, theirs] = await Promise.all([scrape(format), textOf()]);
      const { text, collisions } = mergeScrapes(own, theirs, format);
      for (const name of collisions) {
        if (!told.has(name)) onCollision(name);
        told.add(name);
      }
      return text;
    },
  });
}

function warn(name: string): void {
  // deno-lint-ignore no-console -- a service tells what its scrape leaves out
  console.warn(`/metrics: ${name} is there already: that of prom-client is left out`);
}

function warnOfFailure(error: unknown): void {
  // deno-lint-ignore no-console -- a service tells what its scrape leaves out
  console.warn(
    "/metrics: prom-client's metrics are left out as long as they cannot be read:",
    error,
  );
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it takes longer than ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Appends prom-client's text to a scrape of Busbar's. A metric that both have, or whose series would
 * have a name of the other's, stays out of the text: Prometheus refuses a scrape that has it twice. So does
 * the later one of two that are one in OpenMetrics (counters `jobs` and `jobs_total`).
 *
 * @param own Busbar's scrape in `format`
 * @param theirs what the registry's `metrics()` gives in its default format, Prometheus text. A
 * registry that was asked for OpenMetrics once drops `_total` from its counters' names for ever
 * (prom-client 15.1.3), so it is not asked: its text is rewritten. It has no exemplars, then.
 */
export function mergeScrapes(
  own: string,
  theirs: string,
  format: ScrapeFormat,
): { readonly text: string; readonly collisions: readonly string[] } {
  const taken = new Set(familiesOf(own).flatMap(({ name, names }) => [name, ...names]));
  const collisions: string[] = [];
  const added: string[] = [];
  for (const family of familiesOf(theirs)) {
    const written = format === "openmetrics" ? toOpenMetrics(family) : family;
    const names = [written.name, ...written.names];
    if (names.some((name) => taken.has(name))) {
      collisions.push(family.name);
      continue;
    }
    for (const name of names) taken.add(name);
    for (const line of written.lines) added.push(line);
  }
  const end = format === "openmetrics" ? "# EOF\n" : "";
  const begin = own.endsWith("# EOF\n") ? own.slice(0, -"# EOF\n".length) : own;
  return { text: begin + added.map((line) => `${line}\n`).join("") + end, collisions };
}

/** The metrics of a text, in order. */
function familiesOf(text: string): Family[] {
  const families = new Map<string, Family>();
  let current: Family | undefined;
  for (const line of text.split("\n")) {
    const [, keyword, name, rest = ""] = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (name !== undefined) {
      current = families.get(name) ?? { name, type: "", lines: [], names: new Set() };
      if (keyword === "TYPE") current = { ...current, type: rest };
      families.set(name, current);
    } else if (line === "" || line.startsWith("#")) continue;
    else current?.names.add(/^[^{\s]+/.exec(line)?.[0] ?? "");
    current?.lines.push(line);
  }
  return [...families.values()];
}

/** The same metric as OpenMetrics writes it. */
function toOpenMetrics({ name, type, lines }: Family): Family {
  const base = type === "counter" ? name.replace(/_total$/, "") : name;
  const openType = type === "untyped" ? "unknown" : type;
  const written = lines.map((line) => {
    if (line.startsWith("# TYPE ")) return `# TYPE ${base} ${openType}`;
    // OpenMetrics escapes quotes in help texts too.
    if (line.startsWith("# HELP ")) {
      return `# HELP ${base} ${line.slice(`# HELP ${name} `.length).replaceAll('"', '\\"')}`;
    }
    if (type !== "counter") return line;
    return `${base}_total${line.slice(/^[^{\s]+/.exec(line)![0].length)}`;
  });
  const samples = written.filter((line) => !line.startsWith("#"));
  const names = new Set(samples.map((line) => /^[^{\s]+/.exec(line)![0]));
  return { name: base, type: openType, lines: written, names };
}
