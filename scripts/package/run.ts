/** Small helpers of the scripts that build and check the package. */

/** The repository's root, with a slash at its end. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** How a program is run. */
export interface RunOptions {
  /** Its working directory. Default: the repository's root. */
  readonly cwd?: string;
  /** Variables beside the process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it after so many milliseconds. Default: 300,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program and returns what it printed to stdout and stderr.
 *
 * @throws {Error} with its output, if it fails or takes too long
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, timeoutMs = 300_000 }: RunOptions = {},
): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(timeoutMs),
  }).output();
  const text = new TextDecoder();
  const output = text.decode(stdout) + text.decode(stderr);
  if (!success) {
    throw new Error(
      `Cannot go on: ${program} ${args.join(" ")} ended with code ${code}\n${output}`,
    );
  }
  return output;
}

/** Prints a line for whoever runs the script. */
export function say(line: string): void {
  // deno-lint-ignore no-console -- a script talks by printing
  console.log(line);
}

/** Runs a step, and prints its name and what it took. */
export async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  say(`ok  ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return result;
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The files of a folder and of those in it, by their whole paths; the folder ends with a slash. */
export async function* filesIn(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = directory + entry.name;
    if (entry.isDirectory) yield* filesIn(`${path}/`);
    else yield path;
  }
}
