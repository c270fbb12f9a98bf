/**
 * Checks the npm tarballs as their users will meet them: package.json, types under three module
 * resolutions with and without a platform's types, what npm installs with them, the README's first
 * snippet on each runtime, `require`, side effects, and bundlers.
 *
 * @module
 */
import { pack } from "./pack.ts";
import { bundleWithAll } from "./package/bundlers.ts";
import { checkRequire } from "./package/require.ts";
import {
  type Consumer,
  createConsumer,
  createProject,
  openTelemetryCopies,
} from "./package/consumer.ts";
import { optionalPeers } from "./package/manifest.ts";
import { BUSBAR, CORE, type Package } from "./package/packages.ts";
import { run, step } from "./package/run.ts";
import { installTools, tools } from "./package/tools.ts";
import { checkSideEffects } from "./package/side_effects.ts";
import { checkTypes } from "./package/types.ts";

/** How each runtime runs a file of TypeScript. */
const RUNTIMES = {
  "Node 22": [tools.node22],
  "Node 24": [tools.node24],
  Bun: [tools.bun, "run"],
  Deno: [Deno.execPath(), "run", "--allow-env"],
} as const;

/** A program that has OpenTelemetry's own set-up. */
const SDK_NODE = { "@opentelemetry/sdk-node": "0.301.0" };

/** One that has the SDK of the generation before, which asks for an older API. */
const SDK_2 = { "@opentelemetry/sdk-metrics": "2.2.0", "@opentelemetry/api": "1.9.0" };

async function checkRun(consumer: Consumer, runtime: keyof typeof RUNTIMES): Promise<void> {
  const [program, ...args] = RUNTIMES[runtime];
  const output = await run(program, [...args, "snippet.ts"], { cwd: consumer.directory });
  if (output !== consumer.output) {
    throw new Error(`Cannot run the README's first snippet on ${runtime}, it printed:\n${output}`);
  }
  await run(program, [...args, "entry_points.ts"], { cwd: consumer.directory });
}

/** Each package of OpenTelemetry is installed once, also beside its own set-up. */
async function checkCopies(
  { name, tarball }: Package,
  beside: Readonly<Record<string, string>>,
): Promise<void> {
  await using project = await createProject({
    [name]: `file:${tarball}`,
    ...beside,
  });
  const copies = await openTelemetryCopies(project.directory);
  const several = [...copies].filter(([, versions]) => versions.length > 1);
  if (copies.size === 0 || several.length > 0) {
    throw new Error(
      `Cannot install one copy of each: ${JSON.stringify(Object.fromEntries(copies))}`,
    );
  }
}

/** Beside an SDK of 2.x, which has an older API, what needs the API alone records into that SDK. */
async function checkBesideSdk2({ tarball }: Package): Promise<void> {
  await using project = await createProject({
    [BUSBAR.name]: `file:${tarball}`,
    ...SDK_2,
  });
  await Deno.writeTextFile(
    `${project.directory}main.mjs`,
    `import { metrics } from "@opentelemetry/api";
import * as sdk from "@opentelemetry/sdk-metrics";
import { EventBus } from "${BUSBAR.name}";
import { declare } from "${BUSBAR.name}/catalog";
import { subscribeCatalog } from "${BUSBAR.name}/subscribers";

for (const entry of ["library", "exit", "testing", "http", "kv-cache"]) {
  await import("${BUSBAR.name}/" + entry);
}
const exporter = new sdk.InMemoryMetricExporter(sdk.AggregationTemporality.CUMULATIVE);
const reader = new sdk.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 });
const provider = new sdk.MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(provider);
const bus = new EventBus().start();
const { catalog, counter } = declare();
const jobs = catalog({ metrics: { jobs: counter("done") } });
subscribeCatalog(bus, jobs, { meter: metrics.getMeter("app") });
for (const entry of ["otel", "observability"]) {
  const failed = await import("${BUSBAR.name}/" + entry).then(() => false, () => true);
  if (!failed) throw new Error("the guide says that this needs a later API: " + entry);
}
bus.publish("done");
await bus.flush();
await provider.forceFlush();
const collected = exporter.getMetrics().at(-1).scopeMetrics.flatMap(({ metrics }) => metrics);
console.log(collected.find(({ descriptor }) => descriptor.name === "jobs").dataPoints[0].value);
await provider.shutdown();
await bus.stop();
`,
  );
  const output = await run(tools.node22, ["main.mjs"], { cwd: project.directory });
  if (output !== "1\n") throw new Error(`Cannot record into an SDK of 2.x, it printed:\n${output}`);
}

/** What a package says of itself, its types, and how it runs where users have it. */
async function checkPackage(checked: Package): Promise<void> {
  const { name, tarball } = checked;
  await step(`${name}: publint`, () => run(tools.node22, [tools.publint, "--strict", tarball]));
  await step(
    `${name}: are the types wrong`,
    () => run(tools.node22, [tools.attw, tarball, "--profile", "node16", "--no-color"]),
  );
  await using consumer = await step(
    `${name}: npm install elsewhere`,
    () => createConsumer(checked),
  );
  await checkTypes(checked, consumer.directory);
  for (const runtime of ["Node 22", "Node 24", "Bun", "Deno"] as const) {
    await step(`${name}: snippet on ${runtime}`, () => checkRun(consumer, runtime));
  }
}

/** Checks what `deno task pack` packs; or, in its place, a tarball of the whole by another tool. */
export async function checkPack(tarball?: string): Promise<void> {
  await step("tools", installTools);
  await step("pack", pack);
  const busbar = tarball === undefined ? BUSBAR : { ...BUSBAR, tarball };
  for (const each of [busbar, CORE]) await checkPackage(each);
  await step("one copy of each OpenTelemetry package", () => checkCopies(busbar, {}));
  await step("the same beside sdk-node", () => checkCopies(busbar, SDK_NODE));
  await step("beside an SDK of 2.x", () => checkBesideSdk2(busbar));
  await step("require", () => checkRequire(busbar, CORE));
  await using project = await createProject({
    ...Object.fromEntries([busbar, CORE].map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...optionalPeers,
  });
  await step("no side effects", () => checkSideEffects(project.directory, [busbar, CORE]));
  await step("bundlers", () => bundleWithAll(project.directory, [busbar, CORE]));
}

if (import.meta.main) await checkPack();
