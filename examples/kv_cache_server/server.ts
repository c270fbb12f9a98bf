import { rmSync } from "node:fs";
import type { Observability } from "@busbar/busbar/observability";
import { openThread } from "./threads/cache_thread.ts";
import type { ServerEvents } from "./events.ts";
import type { Options } from "./terminal/options.ts";
import { Pool } from "./threads/pool.ts";
import type { Screen } from "./terminal/screen.ts";
import { aborted, type Stop } from "./stop.ts";
import { clean } from "./terminal/text.ts";
import { checkTrace } from "./requests/trace.ts";

const HOSTNAME = "127.0.0.1";

/**
 * Runs the example until its input ends or a stop is asked for; without `--once` it then goes on
 * serving until then.
 *
 * @returns the final scrape; nothing where there are no metrics
 */
export async function run(options: Options, stop: Stop, screen: Screen): Promise<string> {
  const { say } = screen;
  if (options.trace !== undefined) await checkTrace(options.trace);
  let answer = (_: Request): Promise<Response> =>
    Promise.resolve(new Response(null, { status: 503 }));
  const server = listen(options.port, (request) => answer(request));
  const url = `http://${HOSTNAME}:${server.addr.port}`;
  using directory = openDirectory(options.l2Dir, say);
  const shared = { options, directory: directory.path, stop, say };
  const first = await openThread({ ...shared, thread: 0 });
  const { obs, summary } = first;
  const others = new Pool(shared, (thread, counts) => summary.add(thread, counts));
  let hasFailed = false;
  try {
    await Promise.race([others.opened(), aborted(stop.signal)]);
    if (stop.signal.aborted) return "";
    answer = obs.handler;
    sayWhatToOpen(url, options, hasMetrics(obs), say);
    screen.draw(() => summary.line());

    await stop.waitFor(Promise.all([first.serve(), others.served()]));
    if (!options.once && !stop.signal.aborted) {
      say(`The input has ended; ${url} goes on until Ctrl-C.`);
      await Promise.race([aborted(stop.signal), others.failed]);
    }
    await stop.hurry(server.shutdown());
    await first.settle();
    if (!hasMetrics(obs)) return "";
    await others.known(obs);
    return await obs.scrape();
  } catch (error) {
    hasFailed = true;
    stop.ask();
    throw error;
  } finally {
    const late = await others.end();
    await first[Symbol.asyncDispose]();
    screen.clear();
    for (const name of late) say(`${name} has not ended: what it did last is missing here`);
    if (!hasFailed || summary.counts.requests > 0) say(summary.table());
  }
}

function listen(port: number, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: HOSTNAME, port, onListen: () => {} }, handler);
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse
      ? "it is in use, choose another with --port"
      : (error as Error).message;
    throw new Error(`Cannot serve at ${HOSTNAME}:${port}: ${why}`, { cause: error });
  }
}

/** Whether there is something to scrape: flags and the environment may say that there is not. */
function hasMetrics({ config }: Observability<ServerEvents>): boolean {
  return config.enabled && config.metricsEnabled && !config.runtimeTelemetry;
}

function sayWhatToOpen(
  url: string,
  options: Options,
  hasMetrics: boolean,
  say: (text: string) => void,
): void {
  const simulated = options.requests === 0 ? "clients over HTTP" : "simulated conversations";
  say(`Serving ${clean(options.trace ?? simulated)} from a cache of two tiers.`);
  if (options.faults.length > 0) say(`Faults: ${options.faults.join(", ")}.`);
  say(
    hasMetrics
      ? `Open ${url}/metrics and reload to watch the numbers grow. Ctrl-C ends.\n`
      : `There are no metrics; the cache is at ${url}/v1/lookup. Ctrl-C ends.\n`,
  );
}

/** The directory of the disk tier, if there is one; a temporary one is removed however the process ends. */
function openDirectory(
  given: string | undefined,
  say: (text: string) => void,
): Disposable & { path: string | undefined } {
  const tell = (what: string, error: unknown) => say(`${what}: ${(error as Error).message}`);
  let path = given;
  try {
    path ??= Deno.makeTempDirSync({ prefix: "busbar-demo-" });
  } catch (error) {
    tell("There is no disk tier, as there is no temporary directory; add --l2-dir DIR", error);
  }
  const remove = () => {
    if (given !== undefined || path === undefined) return;
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      tell(`Cannot remove ${path}`, error);
    }
  };
  addEventListener("unload", remove);
  return { path, [Symbol.dispose]: remove };
}
