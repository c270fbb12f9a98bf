/**
 * Starts each runtime on the compiled tests and returns what they reported.
 *
 * @module
 */
import type { TestResult } from "../../tests/runtimes/harness.ts";
import type { Runtime } from "../../tests/runtimes/matrix.ts";
import { deadline } from "@std/async";
import { findChromium, openPage } from "../../tests/support/browser.ts";
import { run } from "../package/run.ts";
import { tools } from "../package/tools.ts";
import { builtinsAskedFor, bundleForWeb, loaders } from "./stage.ts";

/** All tests of a runtime must have ended after this time. */
const RUN_TIMEOUT_MS = 480_000;
/** A process that is still there so long after its last test has been left something by one. */
const LEFTOVER_TIMEOUT_MS = 15_000;

/** Marks the line of the output that carries the results. */
const MARK = "busbar-results:";

/** Begins a line with the test that begins. */
const BEGUN = "busbar-begins:";

/** What to run. */
export interface Job {
  /** Where the package is installed and the tests are compiled. */
  readonly directory: string;
  readonly files: readonly string[];
  readonly skippedTests: readonly string[];
}

/** Runs the tests on `runtime`. */
export function launch(runtime: Runtime, job: Job): Promise<TestResult[]> {
  switch (runtime) {
    case "Node 22":
      return onServer(tools.node22, job, "node22.mjs");
    case "Node 24":
      return onServer(tools.node24, job, "node24.mjs");
    case "Bun":
      return onServer(tools.bun, job, "bun.mjs");
    case "Chromium":
      return inChromium(job);
    case "workerd":
      return inWorkerd(job);
  }
}

function parse(output: string): TestResult[] {
  const line = output.split("\n").find((line) => line.includes(MARK));
  if (line === undefined) throw new Error(`Cannot read the results, the output was:\n${output}`);
  return JSON.parse(line.slice(line.indexOf(MARK) + MARK.length));
}

async function onServer(program: string, job: Job, entry: string): Promise<TestResult[]> {
  const { directory, files, skippedTests } = job;
  await Deno.writeTextFile(
    directory + entry,
    `import { runTests } from "./tests/runtimes/harness.js";
const files = ${loaders(files)};
const results = await runTests(files, ${JSON.stringify(skippedTests)});
console.log("\\n${MARK}" + JSON.stringify(results));
// Only something that a test has left behind can keep the process until then.
setTimeout(() => {
  console.error("Still alive:", process.getActiveResourcesInfo?.());
  process.exit(1);
}, ${LEFTOVER_TIMEOUT_MS}).unref();
`,
  );
  try {
    return parse(await run(program, [entry], { cwd: directory, timeoutMs: RUN_TIMEOUT_MS }));
  } catch (error) {
    // Which of them failed is likely to tell why the process did not end well.
    const failed = parse(String(error)).filter(({ outcome }) => outcome === "failed");
    const list = failed.map(({ file, name, error }) => `\nFAILED: ${file} > ${name}\n${error}`);
    throw new Error(`The tests have not ended well; ${failed.length} failed${list.join("")}`, {
      cause: error,
    });
  }
}

function webEntry({ files, skippedTests }: Job): string {
  return `import { runTests } from "./tests/runtimes/harness.js";
const files = ${loaders(files)};
const run = (begins) => runTests(files, ${JSON.stringify(skippedTests)}, begins);
`;
}

async function inWorkerd(job: Job): Promise<TestResult[]> {
  const { directory } = job;
  await bundleForWeb(
    directory,
    `${webEntry(job)}
export default {
  async test() {
    const { log } = console;
    log("${MARK}" + JSON.stringify(await run((test) => log("${BEGUN}" + test))));
  },
};
`,
    "worker.js",
  );
  await Deno.writeTextFile(
    `${directory}worker.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(
  name = "main",
  worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-01-01",
    compatibilityFlags = ["nodejs_compat"],
  ),
)]);
`,
  );
  const args = ["test", "worker.capnp"];
  try {
    return parse(await run(tools.workerd, args, { cwd: directory, timeoutMs: RUN_TIMEOUT_MS }));
  } catch (error) {
    const begun = String(error).split("\n").filter((line) => line.includes(BEGUN));
    throw new Error(`workerd reported nothing; the last that it began was ${begun.at(-1)}`, {
      cause: error,
    });
  }
}

async function inChromium(job: Job): Promise<TestResult[]> {
  const { directory } = job;
  await bundleForWeb(
    directory,
    `${webEntry(job)}
// Kept here, because tests may put another in its place.
const { fetch } = globalThis;
const post = (path, body) => fetch(path, { method: "POST", body });
const begins = (test) => void post("/begun", test);
await post("/results", JSON.stringify(await run(begins)));
`,
    "page.js",
  );
  const builtins = await builtinsAskedFor(`${directory}page.js`);
  if (builtins.length > 0) {
    throw new Error(`Cannot load the tests in a page: they import ${builtins.join(", ")}`);
  }
  const script = await Deno.readTextFile(`${directory}page.js`);
  const reported = Promise.withResolvers<TestResult[]>();
  let begun = "nothing";
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      switch (new URL(request.url).pathname) {
        case "/":
          return new Response(`<!doctype html><script type="module" src="/page.js"></script>`, {
            headers: { "content-type": "text/html" },
          });
        case "/page.js":
          return new Response(script, { headers: { "content-type": "text/javascript" } });
        case "/results":
          reported.resolve(await request.json());
          return new Response();
        case "/begun":
          begun = await request.text();
          return new Response();
        default:
          return new Response(null, { status: 404 });
      }
    },
  );
  const chromium = findChromium();
  if (chromium === undefined) throw new Error("Cannot start Chromium: it must be installed");
  await using browser = await openPage(chromium, `http://127.0.0.1:${server.addr.port}/`);
  try {
    return await deadline(Promise.race([reported.promise, browser.crashed]), RUN_TIMEOUT_MS);
  } catch (error) {
    throw new Error(`The page reported nothing; the last that it began was ${begun}`, {
      cause: error,
    });
  }
}
