import { install } from "./consumer.ts";
import { BUSBAR, CORE, type Package, specifier } from "./packages.ts";
import { run, step } from "./run.ts";
import { tools } from "./tools.ts";

/** The ways to resolve modules that a consumer may have chosen. */
const RESOLUTIONS = {
  nodenext: ["--module", "nodenext", "--moduleResolution", "nodenext"],
  node16: ["--module", "node16", "--moduleResolution", "node16"],
  bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
} as const;

/** The types that a platform has, under the name that a consumer gives the compiler. */
const PLATFORMS = {
  "no platform": ["--lib", "es2023", "--types", ""],
  "the web": ["--lib", "esnext,dom", "--types", ""],
  "Node": ["--lib", "es2023", "--types", "node"],
  "Bun": ["--lib", "esnext", "--types", "bun"],
  "workerd": ["--lib", "esnext", "--types", "@cloudflare/workers-types"],
} as const;

/** The least Node's types. */
const TYPES_OF_NODE = { "@types/node": "22.20.5" };

/** Those of others, and the latest of Node, which Bun's need. */
const TYPES_OF_OTHERS = {
  "@types/node": "26.6.6",
  "@types/bun": "1.4.5",
  "@cloudflare/workers-types": "5.20261117.1",
};

/** The file with what must not compile. */
const REFUSED = "refused.ts";

/**
 * A program that hands over what is none of the web's objects: TypeScript must refuse each, with the
 * types of any platform and of none, and take what it takes. If it does not, the comment is an error.
 */
function refused(from: Package): string {
  const http = from.entries.includes("./http");
  return `
import { EventBus } from "${from.name}";
import { installExitHooks } from "${specifier(from, "./exit")}";

declare const event: Event;
declare const signal: AbortSignal;
const bus = new EventBus<{ done: { ms: number } }>();

bus.dispatchEvent(event);
// @ts-expect-error no event
bus.dispatchEvent({});
// @ts-expect-error no event
bus.dispatchEvent(1);

const listener = (event: CustomEvent) => event.detail;
bus.addEventListener("done", listener, { once: true, signal });
bus.removeEventListener("done", () => {});
// @ts-expect-error no options
bus.addEventListener("done", listener, 1);
// @ts-expect-error no signal
bus.addEventListener("done", listener, { signal: {} });
bus.addEventListener("done", (event) => {
  const type: string = event.type;
  const ms: number = event.detail.metadata.ms;
  // @ts-expect-error it is a string
  const wrong: number = event.type;
  return [type, ms, wrong];
});

installExitHooks(bus, { signal });
// @ts-expect-error no signal
installExitHooks(bus, { signal: {} });
// @ts-expect-error no signal
installExitHooks(bus, { signal: 1 });
// @ts-expect-error no signal
bus.flush({ signal: bus });
` + (http ? HTTP.replace("HTTP", specifier(from, "./http")) : "");
}

const HTTP = `
import { createHandler } from "HTTP";

declare const request: Request;
declare const response: Response;
const handler = createHandler({ routes: [{ path: "/", handle: () => response }] });
const status: Promise<number> = handler(request).then((response) => response.status);
// @ts-expect-error no request
handler({});
// @ts-expect-error no request
handler(1);
// @ts-expect-error no response
createHandler({ routes: [{ path: "/", handle: () => ({}) }] });
export { status };
`;

/** A library of the core's, and an application of the whole's that uses it. */
const BESIDE_CORE = `
import { EventBus, setEventBus } from "${BUSBAR.name}";
import { combineCatalogs, declare } from "${BUSBAR.name}/catalog";
import { startObservability } from "${BUSBAR.name}/observability";
import { subscribeCatalog } from "${BUSBAR.name}/subscribers";
import * as core from "${CORE.name}";
import * as coreCatalog from "${CORE.name}/catalog";
import { RecordingSubscriber } from "${CORE.name}/testing";

interface CacheEvents { "cache.read": { hit: boolean }; "cache.cleared": undefined }
interface ShopEvents { "order": { cents: number } }
const cacheEvents = coreCatalog.declare<CacheEvents>();
const cache = cacheEvents.catalog({
  metrics: { "cache.reads": cacheEvents.counter("cache.read") },
  logs: { "cache.read": { level: (event) => event.metadata.hit ? "debug" : "info" } },
});
function warmUp(bus: core.EventBus<CacheEvents>) {
  bus.publish("cache.read", { hit: true });
}

const shopEvents = declare<ShopEvents>();
const shop = shopEvents.catalog({ metrics: { "shop.orders": shopEvents.counter("order") } });
const obs = await startObservability({ catalog: [cache, shop] });
obs.bus.publish("order", { cents: 1 });
obs.bus.publish("cache.read", { hit: true });
// @ts-expect-error no event of either
obs.bus.publish("cache.written");
// @ts-expect-error other metadata
obs.bus.publish("cache.read", { cents: 1 });
warmUp(obs.bus);
// @ts-expect-error a bus of other events
warmUp(new EventBus<ShopEvents>());
obs.bus.registerSubscriber(new RecordingSubscriber<CacheEvents>(["cache.read"]));
setEventBus(obs.bus);
core.setEventBus(obs.bus);
setEventBus(new core.EventBus<CacheEvents>());
export const both = combineCatalogs([cache, shop]);

// Which events a bus of the other package has is known.
const coreBus = new core.EventBus<CacheEvents & ShopEvents>();
subscribeCatalog(coreBus, [cache, shop], { collect: true });
const observed = await startObservability({ bus: coreBus, catalog: cache });
observed.bus.publish("order", { cents: 1 });
observed.bus.publish("cache.cleared");
// @ts-expect-error other metadata
observed.bus.publish("order", { cents: "1" });
// @ts-expect-error no event of it
observed.bus.publish("cache.written");
core.setEventBus(new EventBus());
`;

/** Checks that the types of both packages fit each other, in a project that has both. */
export async function checkTypesOfBoth(directory: string): Promise<void> {
  await Deno.writeTextFile(`${directory}beside_core.ts`, BESIDE_CORE);
  for (const resolution of [RESOLUTIONS.nodenext, RESOLUTIONS.bundler]) {
    await compile(directory, [...resolution, ...PLATFORMS["no platform"]], ["beside_core.ts"]);
  }
}

async function compile(
  directory: string,
  flags: readonly string[],
  files = ["entry_points.ts", REFUSED],
): Promise<void> {
  await run(tools.node22, [
    tools.tsc,
    ...["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"],
    ...["--target", "es2022"],
    ...flags,
    ...files,
  ], { cwd: directory });
}

/**
 * Checks the declarations, those of its dependencies included, in a project that has not installed the
 * types of any platform, and then in the same with them. The core's are a part of the whole's, so that
 * the rarer platforms are left to the whole.
 */
export async function checkTypes(from: Package, directory: string): Promise<void> {
  await Deno.writeTextFile(directory + REFUSED, refused(from));
  await step(`${from.name}: types, no platform's installed`, async () => {
    for (const resolution of Object.values(RESOLUTIONS)) {
      await compile(directory, [...resolution, ...PLATFORMS["no platform"]]);
    }
  });
  const besideThoseOf = (platform: keyof typeof PLATFORMS, called: string = platform) =>
    step(
      `${from.name}: types beside those of ${called}`,
      () => compile(directory, [...RESOLUTIONS.nodenext, ...PLATFORMS[platform]]),
    );
  await besideThoseOf("the web");
  await install(directory, TYPES_OF_NODE);
  await besideThoseOf("Node");
  if (from.name !== BUSBAR.name) return;
  await install(directory, TYPES_OF_OTHERS);
  await besideThoseOf("Node", "a later Node");
  await besideThoseOf("Bun");
  await besideThoseOf("workerd");
  await step(
    `${from.name}: types beside those of Deno`,
    () => run(Deno.execPath(), ["check", "--all", "entry_points.ts", REFUSED], { cwd: directory }),
  );
}
