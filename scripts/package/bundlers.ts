import { createProject } from "./consumer.ts";
import { BUSBAR, type Package, specifier } from "./packages.ts";
import { run } from "./run.ts";
import { tools } from "./tools.ts";

/** The entry points that a page or a worker bundles, with nothing put in the place of a module. */
const LIGHT = [".", "./library", "./exit", "./catalog", "./testing", "./subscribers"];

/** How the bundlers are called, with their defaults and minified. Each must print no warning. */
const BUNDLE = `
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { rollup } from "rollup";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import webpack from "webpack";

const [entry, root] = process.argv.slice(2);
const warnings = [];
const warn = (bundler) => (warning) => warnings.push(bundler + ": " + (warning.message ?? warning));

const { warnings: found } = await esbuild({
  entryPoints: [entry], outfile: "dist/esbuild.mjs", bundle: true, minify: true, format: "esm",
  logLevel: "silent",
});
found.forEach(({ text }) => warn("esbuild")(text));

const bundle = await rollup({ input: entry, plugins: [nodeResolve()], onwarn: warn("rollup") });
await bundle.write({ file: "dist/rollup.mjs", format: "esm" });
await bundle.close();

await vite({
  root, logLevel: "warn", configFile: false,
  customLogger: { info() {}, warn: warn("vite"), warnOnce: warn("vite"), error: warn("vite"),
    clearScreen() {}, hasErrorLogged: () => false, hasWarned: false },
  build: { lib: { entry, formats: ["es"], fileName: () => "vite.mjs" }, outDir: "dist",
    emptyOutDir: false, minify: true },
});

await new Promise((resolve, reject) =>
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
);
if (warnings.length > 0) {
  console.error(warnings.join("\\n"));
  process.exit(1);
}
`;

/** What is bundled: it uses something of each entry, and shows under which names failures count. */
function program(from: Package): string {
  const entries = LIGHT.filter((entry) => from.entries.includes(entry));
  const imports = entries.map((entry, index) =>
    `import * as e${index} from "${specifier(from, entry)}";`
  );
  const subscribers = entries.indexOf("./subscribers");
  const registered = subscribers < 0 ? "" : `
  const { MetricsSubscriber } = e${subscribers};
  const metrics = e${entries.indexOf("./catalog")}.declare().catalog({
    metrics: { jobs: { ...e${entries.indexOf("./catalog")}.declare().counter("done", {
      attributes: () => { throw new Error("no attributes"); },
    }) } },
  }).metrics;
  bus.registerSubscriber(new MetricsSubscriber({ metrics, logger: { warn() {} } }));`;
  return `${imports.join("\n")}
export async function main() {
  const bus = new e0.EventBus({ logger: { warn() {} } }).start();
  bus.registerSubscriber(new e${entries.indexOf("./testing")}.RecordingSubscriber());${registered}
  bus.publish("done");
  await bus.stop();
  return [
    [${entries.map((_, index) => `e${index}`).join(", ")}].every((e) => Object.keys(e).length > 0),
    Object.keys(bus.subscriberExceptionCounts()).join(),
  ].join(" ");
}
`;
}

/**
 * Bundles the light entry points of the packages with esbuild, Rollup, Vite and webpack, without a
 * warning, and runs what they make: the names of subscribers survive.
 */
export async function bundleWithAll(packages: readonly Package[]): Promise<void> {
  await using project = await createProject(
    Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`])),
  );
  const { directory } = project;
  for (const name of ["esbuild", "vite", "rollup", "webpack"]) {
    await Deno.symlink(tools.modules + name, `${directory}node_modules/${name}`);
  }
  await Deno.mkdir(`${directory}node_modules/@rollup`);
  const plugin = "@rollup/plugin-node-resolve";
  await Deno.symlink(tools.modules + plugin, `${directory}node_modules/${plugin}`);
  await Deno.writeTextFile(`${directory}bundle.mjs`, BUNDLE);
  for (const from of packages) {
    const entry = `${directory}entry.mjs`;
    await Deno.writeTextFile(entry, program(from));
    await run(tools.node22, ["bundle.mjs", entry, directory], { cwd: directory });
    const expected = from.name === BUSBAR.name ? "true MetricsSubscriber" : "true ";
    for (const bundler of ["esbuild", "vite", "rollup", "webpack"]) {
      const code = `import("./dist/${bundler}.mjs").then((m) => m.main()).then(console.log)`;
      const output = await run(tools.node22, ["-e", code], { cwd: directory });
      if (output !== `${expected}\n`) {
        throw new Error(`Cannot run ${from.name} bundled by ${bundler}, it printed:\n${output}`);
      }
    }
  }
}
