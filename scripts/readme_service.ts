/**
 * The service that the README begins with, as a program.
 *
 * @module
 */
import { ROOT } from "./package/run.ts";

/** The README's first JavaScript, as it stands there. */
export async function readmeService(): Promise<string> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const code = /^```js(?: ignore)?\n(.*?)^```$/ms.exec(readme)?.[1];
  if (code === undefined) throw new Error("Cannot read README.md: there is no js snippet");
  return code;
}

/** The port that it listens to. */
export const README_PORT = 8000;
