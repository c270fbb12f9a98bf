import { type Package, specifier } from "./packages.ts";
import { run } from "./run.ts";
import { tools } from "./tools.ts";

/**
 * The entry points that a page or a worker bundles, with nothing put in the place of a module: all but
 * `./otel` and `./observability`, whose Prometheus exporter imports `node:http`.
 */
const FOR_PAGES = [
  ".",
  "./library",
  "./exit",
  "./catalog",
  "./testing",
  "./subscribers",
  "./context",
  "./http",
  "./instrumentation/http",
  "./instrumentation/runtime",
  "./kv-cache",
];

/**
 * The one that is for build scripts, and can be bundled too; by Rollup only with its plugin for
 * CommonJS, which Grafana's SDK is.
 */
const FOR_BUILDS = "./generate";

const BUNDLERS = ["esbuild", "rollup", "vite", "webpack"] as const;

/** How the bundlers are called, with their defaults and minified. Each must print no warning. */
const BUNDLE = `
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { rollup } from "rollup";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import webpack from "webpack";

const [entry, root, ...bundlers] = process.argv.slice(2);
const warnings = [];
const warn = (bundler) => (warning) => warnings.push(bundler + ": " + (warning.message ?? warning));

const bundle = {
  async esbuild() {
    const { warnings: found } = await esbuild({
      entryPoints: [entry], outfile: "dist/esbuild.mjs", bundle: true, minify: true,
      format: "esm", logLevel: "silent",
    });
    found.forEach(({ text }) => warn("esbuild")(text));
  },
  async rollup() {
    const bundled = await rollup({
      input: entry, plugins: [nodeResolve()], onwarn: warn("rollup"),
    });
    await bundled.write({ file: "dist/rollup.mjs", format: "esm" });
    await bundled.close();
  },
  vite: () => vite({
    root, logLevel: "warn", configFile: false,
    customLogger: { info() {}, warn: warn("vite"), warnOnce: warn("vite"), error: warn("vite"),
      clearScreen() {}, hasErrorLogged: () => false, hasWarned: false },
    build: { lib: { entry, formats: ["es"], fileName: () => "vite.mjs" }, outDir: "dist",
      emptyOutDir: false, minify: true },
  }),
  webpack: () => new Promise((resolve, reject) =>
    webpack({
      mode: "production", entry, target: "web", context: root, performance: { hints: false },
      experiments: { outputModule: true },
      output: { path: root + "dist", filename: "webpack.mjs", library: { type: "module" } },
    }, (error, stats) => {
      if (error) return reject(error);
      const { errors, warnings: found } = stats.toJson({ errors: true, warnings: true });
      [...errors, ...found].forEach(({ message }) => warn("webpack")(message));
      resolve();
    })
  ),
};
for (const bundler of bundlers) await bundle[bundler]();
if (warnings.length > 0) {
  console.error(warnings.join("\\n"));
  process.exit(1);
}
`;

/** The subscribers that a package ships, by the entry point that has them. */
const SUBSCRIBERS: Readonly<Record<string, readonly string[]>> = {
  "./subscribers": ["LoggingSubscriber", "MetricsSubscriber", "TracingSubscriber"],
  "./testing": ["RecordingSubscriber"],
};

/** A program, and what it must print. */
interface Program {
  readonly code: string;
  readonly output: string;
}

/**
 * What a page bundles: it imports all of each entry, and has each subscriber fail, to see under which
 * names failures are counted.
 */
function pageProgram(from: Package): Program {
  const entries = FOR_PAGES.filter((entry) => from.entries.includes(entry));
  const nameOf = (entry: string) => `e${entries.indexOf(entry)}`;
  const imports = entries.map((entry) =>
    `import * as ${nameOf(entry)} from "${specifier(from, entry)}";\n`
  );
  const code = `${imports.join("")}
const fail = () => { throw new Error("on purpose"); };
const logger = { warn() {} };
const { catalog, counter, span } = ${nameOf("./catalog")}.declare();
const { logs, metrics, spans } = catalog({
  metrics: { jobs: counter("done", { attributes: fail }) },
  spans: { job: span("done", "ended", { operationId: () => "1" }) },
  logs: { done: { level: "info", body: fail } },
});
const subscribers = {
  LoggingSubscriber: (Subscriber) => new Subscriber({ logs, sink() {} }),
  MetricsSubscriber: (Subscriber) => new Subscriber({ metrics, logger }),
  TracingSubscriber: (Subscriber) => new Subscriber({ spans, tracer: { startSpan: fail }, logger }),
  RecordingSubscriber: (Subscriber) => Object.assign(new Subscriber(), { onEvent: fail }),
};
export async function main() {
  const entries = [${entries.map(nameOf).join(", ")}];
  const bus = new ${nameOf(".")}.EventBus({ logger }).start();
  for (const [name, create] of Object.entries(subscribers)) {
    const found = entries.map((entry) => entry[name]).find((Subscriber) => Subscriber);
    if (found) bus.registerSubscriber(create(found));
  }
  bus.publish("done");
  await bus.stop();
  if (!entries.every((entry) => Object.keys(entry).length > 0)) return "an empty entry";
  return Object.keys(bus.subscriberExceptionCounts()).sort().join();
}
`;
  return { code, output: entries.flatMap((entry) => SUBSCRIBERS[entry] ?? []).sort().join() };
}

/** What a build script bundles. */
function buildProgram(from: Package): Program {
  const code = `
import { declare } from "${specifier(from, "./catalog")}";
import * as generate from "${specifier(from, FOR_BUILDS)}";

export async function main() {
  const { catalog, counter } = declare();
  const shop = catalog({ metrics: { "shop.orders": counter("order", { description: "Orders" }) } });
  const { title } = JSON.parse(generate.grafanaDashboard(shop, { title: "Shop", uid: "shop" }));
  return title + " " + /record: (.*)/.exec(generate.rulesYaml("shop", generate.recordingRules(shop)))[1];
}
`;
  return { code, output: "Shop shop_orders:rate5m" };
}

/** Bundles a program with some bundlers, without a warning, and runs what they make. */
async function bundleAndRun(
  directory: string,
  { code, output }: Program,
  bundlers: readonly string[],
): Promise<void> {
  const entry = `${directory}entry.mjs`;
  await Deno.writeTextFile(entry, code);
  await run(tools.node22, ["bundle.mjs", entry, directory, ...bundlers], { cwd: directory });
  for (const bundler of bundlers) {
    const main = `import("./dist/${bundler}.mjs").then((m) => m.main()).then(console.log)`;
    const printed = await run(tools.node22, ["-e", main], { cwd: directory });
    if (printed !== `${output}\n`) {
      throw new Error(
        `Cannot use what ${bundler} bundled: it must print ${output}, it printed:\n${printed}`,
      );
    }
  }
}

/**
 * Bundles the entry points of the packages with esbuild, Rollup, Vite and webpack, without a warning,
 * and runs what they make: the names of subscribers survive.
 *
 * @param directory a project that has the packages installed, and the optional peers
 */
export async function bundleWithAll(
  directory: string,
  packages: readonly Package[],
): Promise<void> {
  for (const name of BUNDLERS) {
    await Deno.symlink(tools.modules + name, `${directory}node_modules/${name}`);
  }
  await Deno.mkdir(`${directory}node_modules/@rollup`);
  const plugin = "@rollup/plugin-node-resolve";
  await Deno.symlink(tools.modules + plugin, `${directory}node_modules/${plugin}`);
  await Deno.writeTextFile(`${directory}bundle.mjs`, BUNDLE);
  for (const from of packages) {
    await bundleAndRun(directory, pageProgram(from), BUNDLERS);
    if (!from.entries.includes(FOR_BUILDS)) continue;
    const others = BUNDLERS.filter((bundler) => bundler !== "rollup");
    await bundleAndRun(directory, buildProgram(from), others);
  }
}
