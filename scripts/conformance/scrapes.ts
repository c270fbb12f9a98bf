// deno-lint-ignore-file no-console -- a script prints what it does
import { makeCatalog, type RandomCatalog } from "./catalogs.ts";
import { compare, CONTENT_TYPES, type Format } from "./compare.ts";
import { FAULTS, plant } from "./faults.ts";
import { Random } from "./random.ts";
import type { Reader } from "./readers.ts";
import { scrapeWithPrometheus } from "./real_prometheus.ts";
import { findPrometheus, startGoReader, startPythonReader } from "./tools.ts";

/** What a run is to do. */
export interface ScrapesOptions {
  /** How many random catalogs are scraped in both formats. */
  readonly count: number;
  /** How many of them a real Prometheus scrapes. */
  readonly stored: number;
  readonly seed: number;
  /** A fault to put into one scrape, so that the run must fail. */
  readonly plant?: string | undefined;
}

/** How many differences are shown. */
const SHOWN = 10;
const FORMATS = Object.keys(CONTENT_TYPES) as Format[];

/** Counts what was read, and what differed. */
class Tally {
  readonly readings = new Map<string, { scrapes: number; samples: number }>();
  readonly problems: string[] = [];

  add(reader: string, samples: number): void {
    const known = this.readings.get(reader) ?? { scrapes: 0, samples: 0 };
    known.scrapes++;
    known.samples += samples;
    this.readings.set(reader, known);
  }
}

/** Has others' parsers read scrapes of random catalogs. @returns whether nothing differed */
export async function checkScrapes(options: ScrapesOptions): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const readers: Reader[] = [];
  try {
    for (const start of [startGoReader, startPythonReader]) {
      const found = await start(folder);
      if ("reader" in found) readers.push(found.reader);
      else console.log(`not asked: ${found.name}: ${found.missing}`);
    }
    const tally = new Tally();
    await readAll(readers, options, tally);
    if (readers.length > 0) await findPlanted(readers, options.seed, tally);
    await storeSome(options, tally);
    return report(tally, options);
  } finally {
    for (const reader of readers) await reader[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The catalog of a number; the same in each run of that seed. */
function catalogOf(seed: number, number: number): Promise<RandomCatalog> {
  return makeCatalog(new Random(seed * 1_000_003 + number));
}

async function readAll(
  readers: readonly Reader[],
  { count, seed, plant: fault }: ScrapesOptions,
  tally: Tally,
): Promise<void> {
  for (let number = 0; number < count; number++) {
    await using catalog = await catalogOf(seed, number);
    const isPlanted = fault !== undefined && number === Math.floor(count / 2);
    for (const format of FORMATS) {
      const scraped = await catalog.metrics.scrape(format);
      const text = isPlanted ? plant(fault, scraped, new Random(seed)) : scraped;
      tally.problems.push(
        ...await problemsOf(readers, catalog, { format, text }, tally)
          .then((all) => all.map((problem) => `catalog ${number}, ${format}, ${problem}`)),
      );
    }
  }
}

async function problemsOf(
  readers: readonly Reader[],
  { expected }: RandomCatalog,
  { format, text }: { readonly format: Format; readonly text: string },
  tally?: Tally,
): Promise<string[]> {
  const problems: string[] = [];
  for (const one of readers) {
    for (const reading of await one.read(CONTENT_TYPES[format], text)) {
      tally?.add(`${reading.reader}, ${format}`, reading.samples.length);
      problems.push(
        ...compare(expected, format, reading).map((problem) => `${reading.reader}: ${problem}`),
      );
    }
  }
  return problems;
}

/** A check that finds nothing may be one that looks at nothing: each kind of fault must be found. */
async function findPlanted(readers: readonly Reader[], seed: number, tally: Tally): Promise<void> {
  let found = 0;
  let planted = 0;
  const random = new Random(seed);
  for (const fault of Object.keys(FAULTS)) {
    for (const format of FORMATS) {
      await using catalog = await catalogOf(seed, planted++);
      const text = plant(fault, await catalog.metrics.scrape(format), random);
      // One that does will do: prometheus_client takes a series that comes twice for one.
      if ((await problemsOf(readers, catalog, { format, text })).length > 0) found++;
      else tally.problems.push(`a planted fault was not found: ${fault} in ${format}`);
    }
  }
  console.log(`planted faults: ${planted}, found ${found}`);
}

async function storeSome(
  { stored, count, seed, plant: fault }: ScrapesOptions,
  tally: Tally,
): Promise<void> {
  if (stored === 0) return;
  const prometheus = await findPrometheus();
  if (prometheus === undefined) {
    console.log("not asked: a real Prometheus: it is not installed, nor named by PROMETHEUS_BIN");
    return;
  }
  const catalogs: RandomCatalog[] = [];
  try {
    for (let i = 0; i < Math.min(stored, count); i++) catalogs.push(await catalogOf(seed, i));
    const change = (text: string, index: number) =>
      fault !== undefined && index === 0 ? plant(fault, text, new Random(seed)) : text;
    const result = await scrapeWithPrometheus(prometheus, catalogs, change);
    const name = `Prometheus ${prometheus.version}, over HTTP with its own headers`;
    tally.readings.set(name, { scrapes: result.scrapes, samples: result.samples });
    tally.problems.push(...result.problems);
  } finally {
    for (const catalog of catalogs) await catalog[Symbol.asyncDispose]();
  }
}

function report({ readings, problems }: Tally, { count, seed }: ScrapesOptions): boolean {
  console.log(`${count} random catalogs (seed ${seed}), read by:`);
  for (const [reader, { scrapes, samples }] of readings) {
    console.log(`  ${reader}: ${scrapes} scrapes, ${samples} samples`);
  }
  for (const problem of problems.slice(0, SHOWN)) console.error(`  ${problem}`);
  const more = problems.length - SHOWN;
  if (more > 0) console.error(`  … and ${more} more`);
  console.log(
    problems.length === 0
      ? "nothing was refused, every value is what it was, both formats agree"
      : `${problems.length} differences`,
  );
  return problems.length === 0 && readings.size > 0;
}
