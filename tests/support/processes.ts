/**
 * Other processes for tests: `node:child_process` starts them on Deno, Node and Bun alike.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";

/** A process that takes longer is ended, and its test fails. */
const PROCESS_TIMEOUT_MS = 30_000;

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
  /** Hears, with every piece of stdout, all of it so far. */
  readonly heard?: (stdout: string, child: Child) => void;
  /** The same of stderr. */
  readonly complained?: (stderr: string) => void;
}

/** How a script is run by the runtime that runs the test. */
export interface ScriptOptions extends RunOptions {
  /** Deno's flags that say what the script may do; other runtimes allow everything. Default: `["--allow-all"]`. */
  readonly permissions?: readonly string[];
}

/** What ends a process, or asks it to end. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGKILL";

/** A process that goes on until it is told to end. */
export interface Child {
  /** Sends a signal, unless it has ended. */
  kill(signal: Signal): void;
}

/** A process that has been started. */
export interface Started extends Child {
  readonly ended: Promise<Ended>;
}

/** Starts a program. */
export function start(program: string, args: readonly string[], options: RunOptions = {}): Started {
  const { env, input, heard, complained } = options;
  const child = spawn(program, [...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
  // Deno's `child.kill` reports an exit code of the child's own as none.
  const kill = (signal: Signal) => {
    const { pid, exitCode, signalCode } = child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, signal);
  };
  const ended = new Promise<Ended>((resolve, reject) => {
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      heard?.(stdout, { kill });
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      complained?.(stderr);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  // Who ends without reading it need not.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  return { ended, kill };
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Ended> {
  const child = start(program, args, options);
  const late = setTimeout(() => child.kill("SIGKILL"), PROCESS_TIMEOUT_MS);
  try {
    return await child.ended;
  } finally {
    clearTimeout(late);
  }
}

/** Runs a script, which lies beside the test, on the runtime that runs the test. */
export function runScript(
  script: URL,
  args: readonly string[] = [],
  options: ScriptOptions = {},
): Promise<Ended> {
  const flags = startFlags(options.permissions);
  return run(process.execPath, [...flags, script.pathname, ...args], options);
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
