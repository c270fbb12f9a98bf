import { ROOT } from "./run.ts";

/** The README's first snippet, and what the README says that it prints. */
export async function firstSnippet(
  path: string,
): Promise<{ readonly code: string; readonly output: string }> {
  const readme = await Deno.readTextFile(ROOT + path);
  const code = /^```ts(?: ignore)?\n(.*?)^```$/ms.exec(readme)?.[1];
  const output = /^```text\n(.*?)^```$/ms.exec(readme)?.[1];
  if (code === undefined || output === undefined) {
    throw new Error(`Cannot read ${path}: it must begin with a ts snippet and its text output`);
  }
  return { code, output };
}
