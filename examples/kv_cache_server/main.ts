/**
 * A two-tier prefix cache for language models, observed by Busbar. Run it with `deno task demo`.
 *
 * Standard output carries nothing but the final scrape of `--once`; all else goes to standard
 * error.
 *
 * @module
 */
import { AddressInUseError } from "@busbar/busbar/http";
import { type Options, parseOptions, USAGE, UsageError } from "./options.ts";
import { Screen } from "./screen.ts";
import { run } from "./server.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

// Nothing that is still under way, such as a read of the standard input, holds up the end.
Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  using screen = new Screen();
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    screen.say(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  try {
    if (options.help) {
      await print(`${USAGE}\n`);
      return 0;
    }
    const scrape = await run(options, stopSignal(), screen);
    if (options.once) await print(scrape);
    return 0;
  } catch (error) {
    screen.say(describe(error));
    return EXIT_FAILURE;
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.signal.aborted ? Deno.exit(EXIT_FAILURE) : controller.abort();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return controller.signal;
}

function describe(error: unknown): string {
  if (error instanceof AddressInUseError) return `${error.message}, choose another with --port`;
  return error instanceof Error ? error.message : String(error);
}

async function print(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}
