/**
 * Vite's dev server evaluates a module anew when it has changed, in the same process, and Busbar not:
 * the newer service has its port, and nothing comes twice.
 *
 * @module
 */
import { exists, run } from "./run.ts";
import { tools } from "./tools.ts";

/** A service; the two ways to write it, as its users do. */
const service = (version: number, options: string) => `
import { EventSubscriber } from "@busbar/busbar";
import { startObservability } from "@busbar/busbar/observability";

export const version = ${version};
class Orders extends EventSubscriber {
  getSubscriptions() {
    return { order: ({ metadata }) => globalThis.told.push("handled " + metadata.version) };
  }
  shutdown() {
    globalThis.told.push("${version} ends");
  }
}
export const obs = await startObservability({
  serviceName: "shop",
  env: () => undefined,
  exitHooks: {},
  subscribers: [new Orders()],
  logger: { warn() {} },
  ${options},
});
obs.bus.publish("order", { version });
globalThis.told.push(version + " runs");
`;

/** Loads a service with Vite, changes it twice, and prints what came of it. */
const PROGRAM = `
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "vite";

const [versions, how] = [JSON.parse(process.argv[2]), process.argv[3]];
globalThis.told = [];
// Never half a file.
const write = (text) => {
  writeFileSync("service.mjs.new", text);
  renameSync("service.mjs.new", "service.mjs");
};
write(versions[0]);
const vite = await createServer({
  root: process.cwd(),
  configFile: false,
  logLevel: "error",
  appType: "custom",
  server: { middlewareMode: true, ws: false },
  optimizeDeps: { noDiscovery: true },
});
const load = () =>
  how === "ssrLoadModule"
    ? vite.ssrLoadModule("/service.mjs")
    : vite.environments.ssr.runner.import("/service.mjs");
let current = await load();
for (const [index, text] of versions.entries()) {
  while (current.version !== index + 1) {
    // Until it is seen: the watcher may not look yet.
    const changed = new Promise((resolve) => {
      vite.watcher.once("change", resolve);
      setTimeout(resolve, 500);
    });
    write(text);
    await changed;
    current = await load();
  }
  const { metricsUrl, handler } = current.obs;
  const scrape = metricsUrl === undefined
    ? await handler(new Request("http://localhost/metrics"))
    // A connection that is kept would end with the older server.
    : await fetch(metricsUrl, { headers: { connection: "close" } });
  const [, instance] = /service_instance_id="([^"]*)"/.exec(await scrape.text());
  const answers = instance === current.obs.config.serviceInstanceId;
  told.push((index + 1) + " answers: " + answers + ", hooks: " + process.listenerCount("SIGTERM"));
}
await current.obs.shutdown();
told.push("hooks at the end: " + process.listenerCount("SIGTERM"));
console.log(told.join("\\n"));
await vite.close();
process.exit();
`;

/** Whether each version ran, alone, and handed over all that it had; Vite may evaluate one twice. */
function isRight(printed: string): boolean {
  const runs = [1, 2, 3].map((version) =>
    `(?:${version} runs\nhandled ${version}\n(?:${version} answers: true, hooks: 1\n)?${version} ends\n)+`
  );
  const answers = [1, 2, 3].every((version) =>
    printed.includes(`${version} answers: true, hooks: 1\n`)
  );
  return answers && new RegExp(`^${runs.join("")}hooks at the end: 0\n$`).test(printed);
}

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Has Vite reload a service.
 *
 * @param directory a project that has Busbar installed
 */
export async function checkViteReload(directory: string): Promise<void> {
  const link = `${directory}node_modules/vite`;
  if (!await exists(link)) await Deno.symlink(`${tools.modules}vite`, link);
  await Deno.writeTextFile(`${directory}vite_reload.mjs`, PROGRAM);
  const ports = `prometheus: { port: ${freePort()} }`;
  for (const options of [ports, "server: false, replace: true"]) {
    for (const how of ["ssrLoadModule", "runner"]) await check(directory, how, options);
  }
}

async function check(directory: string, how: string, options: string): Promise<void> {
  const versions = [1, 2, 3].map((version) => service(version, options));
  const printed = await run(
    tools.node22,
    ["vite_reload.mjs", JSON.stringify(versions), how],
    { cwd: directory, timeoutMs: 60_000 },
  );
  if (!isRight(printed)) {
    throw new Error(`Cannot reload with Vite (${how}, ${options}):\n${printed}`);
  }
}
