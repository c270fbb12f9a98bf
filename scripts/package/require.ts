import { createProject } from "./consumer.ts";
import { BUSBAR, CORE, type Package } from "./packages.ts";
import { run } from "./run.ts";
import { tools } from "./tools.ts";

/** A CommonJS program that uses OpenTelemetry's API beside the package. */
const PROGRAM = `
const { metrics } = require("@opentelemetry/api");
const { getEventBus, setEventBus } = require("${BUSBAR.name}");
const { startObservability } = require("${BUSBAR.name}/observability");
const library = require("${CORE.name}/library");

async function main() {
  const obs = await startObservability({
    registerGlobally: true,
    prometheus: { port: 0 },
    env: () => undefined,
    logger: { warn() {} },
  });
  setEventBus(obs.bus);
  console.log(library.getEventBus().publish("done"), library.getEventBus() === getEventBus());
  metrics.getMeter("app").createCounter("own").add(2);
  await obs.flush();
  const scrape = await obs.scrape();
  console.log(/^own_total\\b.* 2$/m.test(scrape), /published_events_total 1$/m.test(scrape));
  // ES modules share the process's bus, though they are a copy of their own.
  const esm = await import("${BUSBAR.name}");
  console.log(esm.getEventBus() === obs.bus, esm.EventBus !== require("${BUSBAR.name}").EventBus);
  await obs.shutdown();
  const copies = Object.keys(require.cache).filter((file) =>
    file.includes("@opentelemetry/api/") && file.endsWith("index.cjs")
  );
  console.log(copies.length);
}
main();
`;

/** Fails the load of the API's ES module: a CommonJS program must not get a second copy of it. */
const ONLY_COMMON_JS = `
import { registerHooks } from "node:module";
registerHooks({
  load(url, context, next) {
    if (/@opentelemetry\\/api\\/.*\\.mjs$/.test(url)) throw new Error("a second copy: " + url);
    return next(url, context);
  },
});
`;

/**
 * Checks that `require` gives a CommonJS program all of it, on Node 22.15 and later, with one copy of
 * OpenTelemetry's API, and the process's bus that all formats share.
 */
export async function checkRequire(busbar: Package, core: Package): Promise<void> {
  await using project = await createProject({
    [BUSBAR.name]: `file:${busbar.tarball}`,
    [CORE.name]: `file:${core.tarball}`,
  });
  const { directory } = project;
  await Deno.writeTextFile(`${directory}main.cjs`, PROGRAM);
  await Deno.writeTextFile(`${directory}only_common_js.mjs`, ONLY_COMMON_JS);
  for (const node of [tools.node22, tools.node24]) {
    const output = await run(node, ["--import", "./only_common_js.mjs", "main.cjs"], {
      cwd: directory,
    });
    const expected = "true true\ntrue true\ntrue true\n1\n";
    if (output !== expected) throw new Error(`Cannot require it, the program printed:\n${output}`);
  }
}
