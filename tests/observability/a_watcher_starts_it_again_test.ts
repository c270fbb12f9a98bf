import { assert, assertEquals } from "@std/assert";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { freePort } from "../support/loopback.ts";
import { start, type Started } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** A way to run a program that starts it again when its file changes. */
interface Watcher {
  readonly flags: readonly string[];
  /** Whether the older program hears of its end. */
  readonly endsOlder: boolean;
}

const DENO = ["run", "--quiet", "--no-check", "--no-prompt", "--allow-all"];

function watchers(): readonly Watcher[] {
  const { deno, bun } = process.versions;
  if (deno !== undefined) {
    // The file lies where no configuration is found.
    const config = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;
    // Not --watch-hmr, which does the same, but for its panics in 2.9.6.
    return [{ flags: [...DENO, config, "--watch"], endsOlder: true }];
  }
  if (bun !== undefined) {
    return [{ flags: ["--hot"], endsOlder: true }, { flags: ["--watch"], endsOlder: false }];
  }
  return [{ flags: ["--watch"], endsOlder: true }];
}

/** A service, and how it tells of itself. */
const program = (version: number, settings: string) => `
import { EventSubscriber } from ${JSON.stringify(import.meta.resolve("@busbar/busbar"))};
import { startObservability } from ${
  JSON.stringify(import.meta.resolve("@busbar/busbar/observability"))
};
import process from "node:process";

class Orders extends EventSubscriber {
  getSubscriptions() {
    return { order: ({ metadata }) => console.log("handled " + metadata.version) };
  }
  shutdown() {
    console.log("${version} ends");
  }
}
const obs = await startObservability({
  serviceName: "watched",
  env: () => undefined,
  exitHooks: {},
  subscribers: [new Orders()],
  logger: { warn: (line) => console.log(line) },
  ${settings},
});
obs.bus.publish("order", { version: ${version} });
console.log("${version} runs, hooks: " + process.listenerCount("SIGTERM"));
// As what it serves would: one with nothing left to do ends, and a signal may find it at that.
setInterval(() => {}, 1_000_000);
`;

/** A program with a bus and hooks of its own. */
const hookedProgram = (version: number) => `
import { EventSubscriber, initEventBus } from ${
  JSON.stringify(import.meta.resolve("@busbar/busbar"))
};
import { installExitHooks } from ${JSON.stringify(import.meta.resolve("@busbar/busbar/exit"))};
import process from "node:process";

const bus = initEventBus();
class Ending extends EventSubscriber {
  getSubscriptions() {
    return {};
  }
  shutdown() {
    console.log("${version} ends");
  }
}
bus.registerSubscriber(new Ending());
installExitHooks(bus);
console.log("${version} runs, hooks: " + process.listenerCount("SIGTERM"));
setInterval(() => {}, 1_000_000);
`;

/** Changes a file until it is seen: a watcher may begin to look after the program has begun. */
async function change(path: string, text: string, child: Started, seen: RegExp): Promise<string> {
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    const printed = child.printed(seen);
    await writeFile(path, text);
    timer = setInterval(() => void writeFile(path, text), 2_000);
    return (await printed).input;
  } finally {
    clearInterval(timer);
  }
}

/** Asserts that what comes first was printed before what comes then. */
function assertOrder(text: string, first: string, then: string): void {
  const [at, thenAt] = [text.indexOf(first), text.indexOf(then)];
  assert(at >= 0 && at < thenAt, `"${first}" must come before "${then}" in\n${text}`);
}

for (const { flags, endsOlder } of watchers()) {
  const name = flags.at(-1);

  /** A test of a program that has been started with its first version. */
  const test = (
    claim: string,
    text: (version: number, port: number) => string,
    work: (change: (version: number) => Promise<string>, child: Started, port: number) => unknown,
  ) =>
    Deno.test(`with ${name}, ${claim}`, async () => {
      await using folder = await temporaryFolder();
      const path = `${folder.path}/main.mjs`;
      const port = await freePort();
      await writeFile(path, text(1, port));
      await using child = start(process.execPath, [...flags, path]);
      await child.printed(/1 runs, hooks: 1\n/);
      await work(
        async (version) => {
          const seen = new RegExp(`(?<!\\d)${version} runs, hooks: 1\n`);
          const printed = await change(path, text(version, port), child, seen);
          if (endsOlder) await child.printed(new RegExp(`(?<!\\d)${version - 1} ends\n`));
          return printed;
        },
        child,
        port,
      );
      // Deno's goes on when its program was ended by a signal, and has no process beside its own.
      child.kill(process.versions["deno"] === undefined ? "SIGTERM" : "SIGKILL");
      await child.ended;
    });

  test(
    "the service that has changed has its port, and nothing comes twice",
    (version, port) => program(version, `prometheus: { port: ${port} }`),
    async (change, child, port) => {
      const instances = new Set<string>();
      for (const version of [2, 3]) {
        const printed = await change(version);
        if (endsOlder) assertOrder(printed, `${version - 1} ends`, `${version} runs`);
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
          // One that is kept would end with the older server.
          headers: { connection: "close" },
        });
        const scrape = await response.text();
        assertEquals(response.status, 200, scrape);
        // One of each: the newer one's bus, which has its order alone, and the runtime's metrics.
        const published = scrape.match(/^busbar_event_bus_published_events_total .*/gm);
        assertEquals(published, ["busbar_event_bus_published_events_total 1"]);
        const memory = scrape.match(/^process_memory_usage_bytes .*/gm);
        assertEquals(memory?.length, 1, scrape);
        instances.add(/service_instance_id="([^"]*)"/.exec(scrape)![1]!);
        await child.printed(new RegExp(`handled ${version}\n`));
      }
      assertEquals(instances.size, 2);
    },
  );

  test(
    "a service without a port of its own has nothing twice either",
    (version) => program(version, "server: false"),
    async (change) => {
      for (const version of [2, 3]) {
        const printed = await change(version);
        if (endsOlder) assertOrder(printed, `${version - 1} ends`, `${version} runs`);
      }
    },
  );

  test("exit hooks of a bus are there once", hookedProgram, async (change) => {
    await change(2);
    await change(3);
  });
}
