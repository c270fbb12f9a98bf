/**
 * Chromium for tests: a page that is open until the end of its scope.
 *
 * @module
 */
import { installed, start } from "./processes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/** A browser that shows a page. */
export interface Browser extends AsyncDisposable {
  /** Rejects when the browser ends by itself. */
  readonly crashed: Promise<never>;
}

/**
 * Chromium under one of its names, or what `BUSBAR_CHROMIUM` says; `undefined` if there is none.
 */
export function findChromium(): string | undefined {
  const chosen = Deno.env.get("BUSBAR_CHROMIUM");
  return (chosen ? [chosen] : PROGRAMS).find(installed);
}

/** Opens a page in a browser without a window, which has a profile of its own. */
export async function openPage(chromium: string, url: string): Promise<Browser> {
  await using resources = new AsyncDisposableStack();
  const profile = resources.use(await temporaryFolder());
  const browser = resources.use(start(chromium, [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    `--user-data-dir=${profile.path}`,
    url,
  ]));
  const crashed = browser.ended.then(({ code, stderr }): never => {
    throw new Error(`Cannot show ${url}: ${chromium} ended with code ${code}\n${stderr}`);
  });
  // Who is done with it need not look.
  crashed.catch(() => {});
  const owned = resources.move();
  return { crashed, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
