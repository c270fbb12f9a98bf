import { openThread } from "./cache_thread.ts";
import type { Options } from "./options.ts";
import { Pool } from "./pool.ts";
import { sleep } from "./replay.ts";
import type { Screen } from "./screen.ts";
import { clean } from "./text.ts";
import { checkTrace } from "./trace.ts";

/**
 * Runs the example until its input ends or `signal` aborts; without `--once` it then goes on
 * serving until `signal` aborts.
 *
 * @returns the final scrape
 */
export async function run(options: Options, signal: AbortSignal, screen: Screen): Promise<string> {
  const { say } = screen;
  if (options.trace !== undefined) await checkTrace(options.trace);
  using directory = openDirectory(options.l2Dir, say);
  const shared = { options, directory: directory.path, say };
  await using first = await openThread({ ...shared, thread: 0 });
  const { obs, summary } = first;
  await using others = new Pool(shared, (thread, counts) => summary.add(thread, counts));
  sayWhatToOpen(obs, options, say);
  screen.draw(() => summary.line());

  await first.serve(signal);
  await others.served(signal);
  if (!options.once && !signal.aborted) {
    say(`The input has ended; ${obs.metricsUrl} goes on until Ctrl-C.`);
    await sleep(Infinity, signal);
  }
  await first.settle(signal);
  await others.known(obs, signal);
  screen[Symbol.dispose]();
  say(summary.table());
  return await obs.scrape();
}

function sayWhatToOpen(
  { metricsUrl }: { readonly metricsUrl?: string },
  options: Options,
  say: (text: string) => void,
): void {
  const simulated = options.requests === 0 ? "clients over HTTP" : "simulated conversations";
  say(`Serving ${clean(options.trace ?? simulated)} from a cache of two tiers.`);
  if (options.faults.length > 0) say(`Faults: ${options.faults.join(", ")}.`);
  say(`Open ${metricsUrl} and reload to watch the numbers grow. Ctrl-C ends.\n`);
}

/** The directory of the disk tier, if there is one; a temporary one is removed at the end. */
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
  return {
    path,
    [Symbol.dispose]() {
      if (given !== undefined || path === undefined) return;
      try {
        Deno.removeSync(path, { recursive: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) tell(`Cannot remove ${path}`, error);
      }
    },
  };
}
