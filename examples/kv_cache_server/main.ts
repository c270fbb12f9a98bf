// deno-lint-ignore-file no-console -- a command-line program speaks on the console
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
import { run } from "./server.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

Deno.exitCode = await main(Deno.args);

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }

  const controller = new AbortController();
  const abort = () => controller.abort();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, abort);
  try {
    const scrape = await run(options, controller.signal, (text) => console.error(text));
    if (options.once) await writeAll(scrape);
    return 0;
  } catch (error) {
    console.error(describe(error));
    return EXIT_FAILURE;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, abort);
  }
}

function describe(error: unknown): string {
  if (error instanceof AddressInUseError) return `${error.message}, choose another with --port`;
  return error instanceof Error ? error.message : String(error);
}

async function writeAll(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}
