/** The cores: the services have one, what asks them and takes their spans the other. */
const SERVICE_CORE = "0";
export const OTHER_CORE = "1";
const CONNECTIONS = 8;

/** How a service is started. */
export interface ServiceOptions {
  /** Its working directory, which its log goes to. */
  readonly folder: string;
  /** What its log is named after. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What was measured while it was asked. */
export interface Load {
  /** CPU time of all its threads, in microseconds. */
  readonly cpuUsPerRequest: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly rssBytes: number;
  /** What its `/usage` said besides, before and after. */
  readonly before: Usage;
  readonly after: Usage;
}

/** What a service says of itself at `/usage`, when nothing is under way. */
export interface Usage {
  readonly cpuUs: number;
  readonly requests: number;
  readonly rssBytes?: number;
  readonly [name: string]: unknown;
}

/** Runs a program to its end; returns its output. */
export async function run(
  program: string,
  args: readonly string[],
  cwd?: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** Starts a program on the services' core, with its output in a file. */
export function start({ folder, name, command, env }: ServiceOptions): Deno.ChildProcess {
  return new Deno.Command("taskset", {
    args: ["-c", SERVICE_CORE, "sh", "-c", `exec "$@" > ${name}.log`, "sh", ...command],
    cwd: folder,
    env: { ...env },
    stderr: "piped",
  }).spawn();
}

/** A service over HTTP, which wrk asks; it says `port N` on stderr, and answers `/usage`. */
export class HttpService implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #origin: string;
  readonly #reader: ReadableStreamDefaultReader<string>;

  private constructor(
    child: Deno.ChildProcess,
    reader: ReadableStreamDefaultReader<string>,
    port: string,
  ) {
    this.#child = child;
    this.#reader = reader;
    this.#origin = `http://127.0.0.1:${port}`;
  }

  static async start(options: ServiceOptions): Promise<HttpService> {
    const child = start(options);
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    for (let said = "";;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`The service ${options.name} ended: ${said}`);
      said += value;
      const port = /port (\d+)\n/.exec(said)?.[1];
      if (port === undefined) continue;
      const service = new HttpService(child, reader, port);
      void service.#drop();
      return service;
    }
  }

  /** A pipe that nobody reads would hold it up. */
  async #drop(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }

  async #usage(): Promise<Usage> {
    return await (await fetch(`${this.#origin}/usage`)).json();
  }

  /** Asks it for so many seconds. */
  async load(seconds: number): Promise<Load> {
    const before = await this.#usage();
    await run("taskset", [
      ...["-c", OTHER_CORE, "wrk", "-t1", `-c${CONNECTIONS}`, `-d${seconds}s`],
      `${this.#origin}/items/5`,
    ]);
    const after = await this.#usage();
    const requests = after.requests - before.requests;
    return {
      cpuUsPerRequest: (after.cpuUs - before.cpuUs) / requests,
      requests,
      requestsPerSecond: requests / seconds,
      rssBytes: after.rssBytes ?? NaN,
      before,
      after,
    };
  }

  /** Code is slowest when it runs for the first time: by requests, as a busy machine takes longer. */
  async warmUp(requests: number, seconds: number): Promise<void> {
    for (let made = 0; made < requests;) made += (await this.load(seconds)).requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#reader.cancel();
    await this.#child.status;
  }
}
