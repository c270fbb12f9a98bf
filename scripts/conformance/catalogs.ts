import { EventBus } from "@busbar/busbar";
import { type AnyEvents, declare, type MetricDeclaration } from "@busbar/busbar/catalog";
import {
  type Attributes,
  createMetricProducer,
  type Meter,
  PrometheusMetrics,
} from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import {
  type Expected,
  type ExpectedFamily,
  familyNameOf,
  labelsOf,
  seriesKey,
  UNITS,
} from "./expected.ts";
import type { Random } from "./random.ts";

/** What a random catalog is scraped from, and what a scrape of it must hold. */
export interface RandomCatalog extends AsyncDisposable {
  readonly metrics: PrometheusMetrics;
  readonly expected: Expected;
}

type Kind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** One metric, which several scopes may have. */
interface Metric {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly description: string;
  readonly family: ExpectedFamily;
  /** The name in Prometheus text. */
  readonly shown: string;
  readonly bounds: readonly number[];
}

const WORDS = ["cache", "L1", "read", "http", "x", "total", "bytes", "seconds", "count", "bucket"]
  .concat("sum", "created", "info", "ratio", "per", "second", "9", "tokens", "kilobytes");
const LABELS = ["a", "a.b", "a_b", "http.route", "le", "quantile", "__name__", "0x", "é", "", "A-B"]
  .concat("otel_scope_name", "otel.scope.version", "exported_le", "x__y", "🚌", "type", "unit");
const TEXTS = ["", "a", 'quo"te', "\\", "\\n", "\n", "\r", "\t", "\0", " ", "{}", ",", "=", "#"]
  .concat(
    "# EOF",
    "é",
    "🚌",
    "\ud800",
    "\u2028",
    "NaN",
    "1e3",
    "}",
    '"',
    "a b ",
    "'",
    "%s",
    "\x7f",
  );

const text = (random: Random) => random.list(0, 4, () => random.pick(TEXTS)).join("");

function attributes(random: Random): Attributes {
  const value = () => {
    switch (random.below(8)) {
      case 0:
        return random.double();
      case 1:
        return random.pick([NaN, Infinity, -Infinity, true, false]);
      case 2:
        return random.pick([[1, NaN], ["a", 'b"'], [], [true, false], [Infinity]]);
      default:
        return text(random);
    }
  };
  return Object.fromEntries(
    random.list(0, 4, () => [random.pick(LABELS), value()]),
  ) as Attributes;
}

function seriesNamesOf(family: string, kind: Kind): string[] {
  const endings: Record<Kind, string[]> = {
    counter: ["_total", "_created"],
    upDownCounter: [],
    gauge: [],
    histogram: ["_bucket", "_sum", "_count", "_created"],
  };
  return [family, ...endings[kind].map((ending) => family + ending)];
}

/** Makes names, and knows which ones are taken in a scrape. */
class Names {
  readonly #random: Random;
  readonly #taken = new Set(["target", "target_info"]);
  /** The instruments' own names: to OpenTelemetry their case makes no difference. */
  readonly #instruments = new Set<string>();
  readonly families = new Map<string, ExpectedFamily>();

  constructor(random: Random) {
    this.#random = random;
  }

  metric(): Metric {
    const random = this.#random;
    for (;;) {
      const name = random.pick(["a", "Z", "cache", "f1", "shop"]) + random.list(0, 4, () =>
        random.pick([".", "_", "-", "/", "__", "._"]) + random.pick(WORDS)).join("") +
        random.pick(["", "", "", "_", ".", "_total", ".total"]);
      const kind = random.pick<Kind>(["counter", "counter", "upDownCounter", "gauge", "histogram"]);
      const unit = random.pick(Object.keys(UNITS));
      const family = familyNameOf(name, unit, kind === "counter");
      const series = seriesNamesOf(family, kind);
      const isTaken = this.#instruments.has(name.toLowerCase()) ||
        series.some((one) =>
          this.#taken.has(one)
        );
      if (family === "" || family === "_" || isTaken) continue;
      this.#instruments.add(name.toLowerCase());
      for (const one of series) this.#taken.add(one);
      const shown = kind === "counter" ? `${family}_total` : family;
      const bounds = random.list(0, 5, () => random.double()).sort((a, b) => a - b)
        .filter((bound, i, all) => i === 0 || bound > (all[i - 1] as number));
      // Prometheus' own parser takes a NUL at the beginning of a help text for its end.
      const description = random.chance(0.3) ? "" : text(random).replaceAll("\0", "");
      const expected: ExpectedFamily = {
        type: kind === "upDownCounter" ? "gauge" : kind,
        unit: UNITS[unit] as string,
        help: description,
        samples: new Map(),
        textOnly: new Set(),
      };
      this.families.set(shown, expected);
      return { name, kind, unit, description, family: expected, shown, bounds };
    }
  }
}

/** The series of one metric in one scope. */
class SeriesModel {
  readonly #metric: Metric;
  readonly #scope: Readonly<Record<string, string>>;
  readonly #values = new Map<string, { labels: Record<string, string>; values: number[] }>();

  constructor(metric: Metric, scope: Readonly<Record<string, string>>) {
    this.#metric = metric;
    this.#scope = scope;
  }

  /** Whether the attributes are a series of their own: what becomes one is tested elsewhere. */
  add(given: Attributes, values: readonly number[]): boolean {
    const labels = labelsOf(given, this.#scope, this.#metric.kind === "histogram");
    const key = seriesKey(this.#metric.shown, labels);
    if (this.#values.has(key)) return false;
    this.#values.set(key, { labels, values: [...values] });
    return true;
  }

  /** Writes down what must be shown. */
  finish(): void {
    const { kind, shown, family, bounds } = this.#metric;
    for (const { labels, values } of this.#values.values()) {
      const total = values.reduce((sum, value) => sum + value, 0);
      if (kind !== "histogram") {
        const value = kind === "gauge" ? values.at(-1) as number : total;
        family.samples.set(seriesKey(shown, labels), value);
        continue;
      }
      let count = 0;
      for (const bound of [...bounds, Infinity]) {
        count = values.filter((value) => value <= bound).length;
        const le = bound === Infinity ? "+Inf" : String(bound);
        family.samples.set(seriesKey(`${shown}_bucket`, { ...labels, le }), count);
      }
      const mayFall = (bounds[0] ?? 0) < 0 || values.some((value) => value < 0) ||
        Number.isNaN(total);
      for (const [ending, value] of [["_sum", total], ["_count", count]] as const) {
        const key = seriesKey(shown + ending, labels);
        family.samples.set(key, value);
        if (mayFall) family.textOnly.add(key);
      }
    }
  }
}

/** Values that a metric of that kind may be given; `min` is what the SDK takes of histograms. */
function valuesFor(kind: Kind, random: Random, min: number): number[] {
  const isPositive = kind === "counter" ||
    (kind === "histogram" && (min === 0 || random.chance(0.7)));
  return random.list(1, 3, () => isPositive ? Math.abs(random.double()) : random.double());
}

function isNotFinite(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

interface Given {
  readonly attributes: Attributes;
  readonly values: readonly number[];
}

function givenFor(metric: Metric, model: SeriesModel, random: Random, min = -Infinity): Given[] {
  return random.list(0, 5, () => ({
    attributes: attributes(random),
    values: valuesFor(metric.kind, random, min),
  })).filter(({ attributes, values }) => {
    // The SDK takes NaN and the infinities, as values of attributes, for one and the same.
    if (min === 0 && Object.values(attributes).flat().some(isNotFinite)) return false;
    const sum = values.reduce((a, b) => a + b, 0);
    return Number.isFinite(sum) && model.add(attributes, values);
  });
}

/** Makes one, with its events handled. */
export async function makeCatalog(random: Random): Promise<RandomCatalog> {
  const names = new Names(random);
  const metrics = random.list(1, 6, () => names.metric());
  const scopeLabels = random.chance(0.2) ? "all" as const : "others" as const;
  const { catalog, counter, gauge, histogram, upDownCounter } = declare();
  const models: SeriesModel[] = [];
  const declared: Record<string, MetricDeclaration<AnyEvents>> = {};
  const events: [type: string, given: Given][] = [];
  const own = scopeLabels === "all" ? { "otel_scope_name": "busbar" } : {};
  for (const [i, metric] of metrics.entries()) {
    const { name, kind, unit, description, bounds } = metric;
    const model = new SeriesModel(metric, own);
    models.push(model);
    const given = givenFor(metric, model, random);
    const type = `e${i}`;
    const options = {
      unit,
      description,
      attributes: (event: { metadata: { attributes: Attributes } }) => event.metadata.attributes,
      value: (event: { metadata: { value: number } }) => event.metadata.value,
    };
    if (kind === "gauge" && random.chance(0.5)) {
      const read = () =>
        given.map(({ attributes, values }) => ({ attributes, value: values.at(-1) as number }));
      declared[name] = gauge({ unit, description, read } as Parameters<typeof gauge>[0] as never);
      continue;
    }
    declared[name] = kind === "counter"
      ? counter(type, options as never)
      : kind === "upDownCounter"
      ? upDownCounter(type, options as never)
      : kind === "gauge"
      ? gauge(type, options as never)
      : histogram(type, { ...options, buckets: bounds } as never);
    for (const one of given) events.push([type, one]);
  }
  const subscriber = new MetricsSubscriber({ metrics: catalog({ metrics: declared }).metrics });
  const producer = createMetricProducer({ collect: () => subscriber.collectInSlices() });
  // The SDK's resources have no attribute without a name.
  const { "": _, ...named } = attributes(random);
  const resource = { ...named, "service.name": text(random) || "s" };
  const prometheus = new PrometheusMetrics({
    metricProducers: [producer],
    scopeLabels,
    resourceAttributes: resource as Attributes,
    serviceName: resource["service.name"],
    serviceInstanceId: "i",
    logger: { warn: (line: string) => warnings.push(line) },
  });
  const warnings: string[] = [];
  const bus = new EventBus({ drainBudgetMs: 60_000, maxQueueSize: 100_000 }).start();
  bus.registerSubscriber(subscriber);
  for (const [type, { attributes, values }] of events) {
    for (const value of values) bus.publish(type, { attributes, value });
  }
  await bus.flush();
  addScopes(prometheus, { names, metrics, models, random });
  for (const model of models) model.finish();
  const target = labelsOf({ ...resource, "service.instance.id": "i" }, {}, false);
  names.families.set("target_info", {
    type: "info",
    unit: "",
    help: "Target metadata",
    samples: new Map([[seriesKey("target_info", target), 1]]),
    textOnly: new Set(),
  });
  // What has no series is not shown.
  for (const [name, { samples }] of names.families) {
    if (samples.size === 0) names.families.delete(name);
  }
  return {
    metrics: prometheus,
    expected: { families: names.families },
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await prometheus.shutdown();
      if (warnings.length > 0) throw new Error(warnings.join("\n"));
    },
  };
}

/** Instruments of other scopes, with the same metrics and others. */
function addScopes(
  prometheus: PrometheusMetrics,
  { names, metrics, models, random }: {
    readonly names: Names;
    readonly metrics: readonly Metric[];
    readonly models: SeriesModel[];
    readonly random: Random;
  },
): void {
  const seen = new Set<string>();
  for (let scopes = random.below(4); scopes > 0; scopes--) {
    const name = random.pick(["pool", "@scope/package", 'quo"te', "busbar", "é"]);
    const version = random.pick(["", "1.0.0", "2\n"]);
    const schemaUrl = random.pick(["", "https://opentelemetry.io/schemas/1.31.0"]);
    const key = JSON.stringify([name, version, schemaUrl]);
    if (seen.has(key) || key === '["busbar","",""]') continue;
    seen.add(key);
    const meter = prometheus.provider.getMeter(
      name,
      version,
      schemaUrl === "" ? {} : { schemaUrl },
    );
    const labels = {
      "otel_scope_name": name,
      ...(version === "" ? {} : { "otel_scope_version": version }),
      ...(schemaUrl === "" ? {} : { "otel_scope_schema_url": schemaUrl }),
    };
    const shared = metrics.filter(() => random.chance(0.5));
    for (const metric of [...shared, ...random.list(0, 2, () => names.metric())]) {
      const model = new SeriesModel(metric, labels);
      models.push(model);
      record(meter, metric, givenFor(metric, model, random, 0));
    }
  }
}

function record(meter: Meter, metric: Metric, given: readonly Given[]): void {
  const { name, kind, unit, description, bounds } = metric;
  const options = { unit, description, advice: { explicitBucketBoundaries: [...bounds] } };
  const instrument = {
    counter: () => {
      const counter = meter.createCounter(name, options);
      return (value: number, attributes: Attributes) => counter.add(value, attributes);
    },
    upDownCounter: () => {
      const counter = meter.createUpDownCounter(name, options);
      return (value: number, attributes: Attributes) => counter.add(value, attributes);
    },
    gauge: () => {
      const gauge = meter.createGauge(name, options);
      return (value: number, attributes: Attributes) => gauge.record(value, attributes);
    },
    histogram: () => {
      const histogram = meter.createHistogram(name, options);
      return (value: number, attributes: Attributes) => histogram.record(value, attributes);
    },
  }[kind]();
  for (const { attributes, values } of given) {
    for (const value of values) instrument(value, attributes);
  }
}
