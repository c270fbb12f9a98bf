/**
 * A two-tier prefix cache for language models, observed by Busbar. Run it with `deno task demo`.
 *
 * The cache is in `cache/`: begin with `prefix_cache.ts`. It only publishes events; `observe.ts` turns
 * them into telemetry. `api/` is its HTTP, `threads/cache_thread.ts` opens it all, once a thread. The
 * rest is for the demonstration: `requests/` asks, `faults.ts` makes things go wrong, `terminal/` has
 * the flags and what is shown.
 *
 * Standard output carries nothing but the final scrape of `--once`; all else goes to standard
 * error.
 *
 * @module
 */
import { type Options, parseOptions, USAGE, UsageError } from "./terminal/options.ts";
import { Screen } from "./terminal/screen.ts";
import { run } from "./server.ts";
import { aborted, END_MS, Stop } from "./stop.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** `deno task` hands a Ctrl-C on that has come already, a moment later. */
const ECHO_MS = 250;
/** How long the last words may take, in milliseconds. */
const SAYING_MS = 50;

const screen = new Screen();
const stop = stopAtSignals();
const code = await main(Deno.args);
await stop.waitFor(screen.close());
// Nothing that is still under way, such as a read of the standard input, holds up the end.
Deno.exit(code);

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    screen.say(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  try {
    if (options.help) return await print(`${USAGE}\n`);
    const scrape = await run(options, stop, screen);
    return options.once ? await print(scrape) : 0;
  } catch (error) {
    screen.clear();
    screen.say(error instanceof Error ? error.message : String(error));
    return EXIT_FAILURE;
  }
}

/** The first Ctrl-C or SIGTERM asks for a stop, which is over in time; the second one ends it at once. */
function stopAtSignals(): Stop {
  const stop = new Stop();
  const exit = () => Deno.exit(EXIT_FAILURE);
  const giveUp = () => {
    screen.say("Not all has ended in time: what is left is lost.");
    setTimeout(exit, SAYING_MS);
  };
  aborted(stop.signal).then(() => setTimeout(giveUp, END_MS - SAYING_MS));
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  // Where a terminal is closed that nobody has let go.
  if (Deno.build.os !== "windows" && Deno.stderr.isTerminal()) signals.push("SIGHUP");
  let echoUntil = Infinity;
  const onSignal = () => {
    if (performance.now() > echoUntil) exit();
    echoUntil = Math.min(echoUntil, performance.now() + ECHO_MS);
    stop.ask();
  };
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return stop;
}

/** @returns the exit code: a failure if a stop was asked for, and nobody has read it */
async function print(text: string): Promise<number> {
  const writer = Deno.stdout.writable.getWriter();
  const isPrinted = await stop.waitFor(writer.write(new TextEncoder().encode(text)));
  return isPrinted ? 0 : EXIT_FAILURE;
}
