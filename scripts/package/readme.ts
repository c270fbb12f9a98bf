import { ROOT } from "./run.ts";

/** The snippet of a README that it says the output of, and that output. */
export async function printingSnippet(
  path: string,
): Promise<{ readonly code: string; readonly output: string }> {
  const readme = await Deno.readTextFile(ROOT + path);
  const [, code, output] =
    /^```ts(?: ignore)?\n((?:(?!^```).*\n)*)^```\n\nIt prints:\n\n```text\n((?:(?!^```).*\n)*)^```$/m
      .exec(readme) ?? [];
  if (code === undefined || output === undefined) {
    throw new Error(
      `Cannot read ${path}: it must have a ts snippet, "It prints:" and its text output`,
    );
  }
  return { code, output };
}
