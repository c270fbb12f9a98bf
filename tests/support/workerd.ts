/**
 * Workers on workerd for tests: it keeps apart what requests have started, and what one has left
 * behind when it ended holds up none of the others.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { assertEquals } from "@std/assert";
import { installed, run, start } from "./processes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const TOOLS = new URL("../../npm/tools/", import.meta.url).pathname;
/** `WORKERD_BIN` names it, or `scripts/package/tools.ts` has installed it. */
const WORKERD = process.env["WORKERD_BIN"] ?? `${TOOLS}node_modules/workerd/bin/workerd`;

/** No request takes so long, unless it hangs. */
const REQUEST_TIMEOUT_MS = 20_000;
/** What does not become so within this time never does. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-01-01",
    compatibilityFlags = ["nodejs_compat"],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

const hasWorkerd = installed(WORKERD);
if (!hasWorkerd) {
  // deno-lint-ignore no-console -- who runs the tests must learn what was not tested
  console.warn("The tests of workers are skipped: there is no workerd");
}

/** A worker that is served. */
export interface Worker extends AsyncDisposable {
  /** Sends one request. @returns what it was answered */
  ask(path: string, value?: unknown): Promise<unknown>;
  /** Asks again and again, each time in a request of its own, until the answer is right. */
  askUntil<Answer>(
    isRight: (answer: Answer) => boolean,
    path: string,
    value?: unknown,
  ): Promise<Answer>;
}

/**
 * Makes what defines tests, each of which has a worker of its own.
 *
 * @param name of a module of `tests/workerd/workers`
 * @param options `attempts`: how often a test may be tried, each time with a worker of its own, until
 * it passes
 */
export function testWorker(
  name: string,
  { attempts = 1 }: { readonly attempts?: number } = {},
): (claim: string, body: (worker: Worker) => Promise<void>) => void {
  return (claim, body) => {
    Deno.test({
      name: claim,
      ignore: !hasWorkerd,
      fn: async () => {
        for (let left = attempts; left > 0; left--) {
          await using worker = await serveWorker(name);
          try {
            return await body(worker);
          } catch (error) {
            if (left === 1) throw error;
          }
        }
      },
    });
  };
}

async function serveWorker(name: string): Promise<Worker> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const source = new URL(`../workerd/workers/${name}.ts`, import.meta.url).pathname;
  const { code, stdout, stderr } = await run(Deno.execPath(), [
    ...["bundle", "--quiet", "--platform", "browser", source],
  ]);
  assertEquals(code, 0, stderr);
  await writeFile(`${folder.path}/worker.js`, stdout);
  await writeFile(`${folder.path}/worker.capnp`, CONFIG);
  const served = stack.use(
    start(WORKERD, ["serve", `${folder.path}/worker.capnp`, "--control-fd=1"]),
  );
  // Asked to end, it would wait for requests that hang.
  stack.defer(() => served.kill("SIGKILL"));
  const [, port] = await served.printed(/"port":(\d+)/);
  const scope = stack.move();
  const ask = async (path: string, value: unknown = null): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
      method: "POST",
      body: JSON.stringify(value),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    assertEquals(response.status, 200, text);
    return JSON.parse(text);
  };
  return {
    ask,
    async askUntil(isRight, path, value) {
      const until = performance.now() + PATIENCE_MS;
      while (true) {
        const answer = await ask(path, value) as Parameters<typeof isRight>[0];
        if (isRight(answer)) return answer;
        if (performance.now() > until) throw new Error(`${path} answers ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}
