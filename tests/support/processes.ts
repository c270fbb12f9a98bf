/**
 * Other processes for tests: `node:child_process` starts them on Deno, Node and Bun alike. Each is
 * awaited with all that it has started in turn, before the test goes on to remove what they used.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { deadline } from "@std/async";

/**
 * What a process is awaited for comes within this time, or its test fails and says what was printed.
 * Less than the time that a test has, on any runtime.
 */
const RUN_TIMEOUT_MS = 50_000;

/** What does not end within this time of being asked to is killed, and its test fails. */
const END_TIMEOUT_MS = 20_000;

/** How a process ended. */
export interface Ended {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is run. */
export interface RunOptions {
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from stdin. Default: nothing. */
  readonly input?: string;
}

/** How a script is run by the runtime that runs the test. */
export interface ScriptOptions extends RunOptions {
  /**
   * Deno's flags that say what the script may do; other runtimes allow everything. Default:
   * `["--allow-all"]`.
   */
  readonly permissions?: readonly string[];
  /** How many files and connections it may have open. Default: as many as this process. */
  readonly maxOpenFiles?: number;
}

/** What ends a process, or asks it to end. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGKILL";

/** Where a process prints. */
type Output = "stdout" | "stderr";

/** A process that has been started. It is asked to end, and awaited, at the end of its scope. */
export interface Started extends AsyncDisposable {
  /**
   * Resolves when the process and all that it started have ended: nobody has its output open any
   * more, so nobody writes to its files either.
   */
  readonly ended: Promise<Ended>;
  /** Sends a signal, unless it has ended. */
  kill(signal: Signal): void;
  /**
   * Resolves as soon as what it has printed matches; rejects when it ends without, or does not.
   *
   * @param output default: `"stdout"`
   */
  printed(pattern: RegExp, output?: Output): Promise<RegExpExecArray>;
}

/** What a process has printed so far, for those who wait for more. */
class Printed {
  #text = "";
  readonly #waiting = new Set<() => void>();

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    for (const look of this.#waiting) look();
  }

  match(pattern: RegExp, ended: Promise<Ended>): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(
          new Error(`It has not printed ${pattern} within ${RUN_TIMEOUT_MS} ms: ${this.#text}`),
        );
      }, RUN_TIMEOUT_MS);
      const look = () => {
        const match = pattern.exec(this.#text);
        if (match === null) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve(match);
      };
      this.#waiting.add(look);
      look();
      ended.then(({ code, stdout, stderr }) => {
        reject(
          new Error(`It ended with code ${code} before it printed ${pattern}: ${stdout}${stderr}`),
        );
      }, reject).finally(() => clearTimeout(late));
    });
  }
}

/** Starts a program. */
export function start(program: string, args: readonly string[], options: RunOptions = {}): Started {
  const { env, input } = options;
  const child = spawn(program, [...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
  // Deno's `child.kill` reports an exit code of the child's own as none.
  const kill = (signal: Signal) => {
    const { pid, exitCode, signalCode } = child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, signal);
  };
  const outputs = { stdout: new Printed(), stderr: new Printed() };
  const ended = new Promise<Ended>((resolve, reject) => {
    for (const output of ["stdout", "stderr"] as const) {
      child[output].setEncoding("utf8").on("data", (text: string) => outputs[output].add(text));
    }
    child.once("error", reject);
    child.once(
      "close",
      (code) => resolve({ code, stdout: outputs.stdout.text, stderr: outputs.stderr.text }),
    );
  });
  // Who ends without reading it need not.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  return {
    ended,
    kill,
    printed: (pattern, output = "stdout") => outputs[output].match(pattern, ended),
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined) return;
      const family = await familyOf(child.pid);
      kill("SIGTERM");
      await endOf(program, ended, family);
    },
  };
}

/** The ids of a process and of all that it has started, as far as the system shows them. */
async function familyOf(pid: number): Promise<number[]> {
  const family = [pid];
  for (const member of family) {
    const threads = `/proc/${member}/task`;
    for (const thread of await readdir(threads).catch(() => [])) {
      const children = await readFile(`${threads}/${thread}/children`, "utf8").catch(() => "");
      family.push(...children.split(" ").filter((child) => child !== "").map(Number));
    }
  }
  return family;
}

/** Waits for a process that was asked to end; when it is late, kills it and all that it started. */
async function endOf(program: string, ended: Promise<Ended>, family: number[]): Promise<void> {
  try {
    await deadline(ended, END_TIMEOUT_MS);
  } catch (cause) {
    for (const pid of family) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await deadline(ended, END_TIMEOUT_MS).catch(() => {});
    throw new Error(`Cannot end ${program}: it must end within ${END_TIMEOUT_MS} ms`, { cause });
  }
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Ended> {
  await using child = start(program, args, options);
  return await deadline(child.ended, RUN_TIMEOUT_MS);
}

/** Starts a script, which lies beside the test, on the runtime that runs the test. */
export function startScript(
  script: URL,
  args: readonly string[] = [],
  options: ScriptOptions = {},
): Started {
  const command = scriptCommand(script, args, options.permissions);
  const { maxOpenFiles } = options;
  if (maxOpenFiles !== undefined) {
    command.unshift("/bin/sh", "-c", `ulimit -n ${maxOpenFiles} && exec "$0" "$@"`);
  }
  const [program, ...rest] = command;
  return start(program as string, rest, options);
}

/** The command that runs a script, which lies beside the test, on the runtime that runs the test. */
export function scriptCommand(
  script: URL,
  args: readonly string[] = [],
  permissions?: readonly string[],
): string[] {
  return [process.execPath, ...startFlags(permissions), script.pathname, ...args];
}

/** Runs a script, which lies beside the test, on the runtime that runs the test. */
export async function runScript(
  script: URL,
  args?: readonly string[],
  options?: ScriptOptions,
): Promise<Ended> {
  await using child = startScript(script, args, options);
  return await deadline(child.ended, RUN_TIMEOUT_MS);
}

/** Runs a module's text on the runtime that runs the test. */
export function runModule(text: string): Promise<Ended> {
  const inputType = isNode() ? ["--input-type=module"] : [];
  return run(process.execPath, [...startFlags(), ...inputType, "-"], { input: text });
}

/** Whether a program can be started here. */
export function installed(program: string): boolean {
  try {
    return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
  } catch {
    return false;
  }
}

function isNode(): boolean {
  const { deno, bun } = process.versions;
  return deno === undefined && bun === undefined;
}

function startFlags(permissions: readonly string[] = ["--allow-all"]): string[] {
  if (process.versions["deno"] !== undefined) {
    // A Deno that is started this way gets `--allow-all`, unless a permission is named.
    const named = permissions.length === 0 ? ["--deny-ffi"] : permissions;
    return ["run", "--quiet", "--no-check", "--no-prompt", ...named];
  }
  // Node 22 warns that it strips types.
  return isNode() ? ["--disable-warning=ExperimentalWarning"] : ["run"];
}
