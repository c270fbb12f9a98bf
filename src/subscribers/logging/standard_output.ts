import { monotonicMs } from "../../internal/clocks.ts";
import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { denoFile } from "./deno_file.ts";
import {
  ByteOutput,
  countLines,
  encodeLines,
  endOfPiece,
  isFull,
  type LineOutput,
  standStill,
} from "./line_output.ts";

/** What Node knows of a file. */
interface Stats {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** The files of Node, as far as they are used. */
interface Files {
  readonly constants: {
    readonly O_WRONLY: number;
    readonly O_NONBLOCK: number;
    readonly O_NOCTTY: number;
  };
  fstatSync(file: number): Stats;
  openSync(path: string, flags: number): number;
  writeSync(file: number, bytes: Uint8Array, start: number, length: number): number;
}

/** The standard output of Deno. */
interface DenoOutput {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

interface Runtime {
  readonly Deno?: {
    readonly stdout?: DenoOutput;
    readonly permissions: { querySync(descriptor: { name: string }): { readonly state: string } };
  };
  readonly process?: {
    readonly stdout?: unknown;
    getBuiltinModule?(id: "node:fs"): Files | undefined;
    getBuiltinModule?(id: "node:tty"): { isatty(file: number): boolean } | undefined;
  };
}

const STDOUT = 1;
const STDERR = 2;
/**
 * So many bytes go into a pipe at once, or not at all, whoever else writes to it, and where somebody has said that
 * nobody waits for it. Of more, Deno does not say how many went.
 */
const PIPE_BUF = 4_096;
/** A write that takes longer is one that may never end, in milliseconds. */
const MAX_WRITE_MS = 1_000;
/** Within that time of being asked to a thread has begun to write, in milliseconds. */
const MAX_START_MS = 250;
/** What Deno's `--allow-all` allows; less does not suffice to open `/proc/self/fd/1`. */
const ALL_PERMISSIONS = ["read", "write", "net", "env", "run", "sys", "ffi"];

/** Whether the standard output is a terminal. */
export function isTerminal(): boolean {
  if (REQUESTS_ARE_APART) return false;
  const { Deno: deno, process } = globalThis as Runtime;
  if (deno?.stdout !== undefined) return deno.stdout.isTerminal();
  return process?.getBuiltinModule?.("node:tty")?.isatty(STDOUT) ?? false;
}

/**
 * The standard output of the process; `undefined` where there is none, as on a page. Where it is a pipe,
 * a socket or a terminal, nothing waits for who reads it.
 */
export function standardOutput(): LineOutput | undefined {
  // A worker has one by name alone.
  if (REQUESTS_ARE_APART) return undefined;
  const { Deno: deno, process } = globalThis as Runtime;
  if (deno?.stdout !== undefined) return lazily(() => denoOutput(deno));
  const files = process?.getBuiltinModule?.("node:fs");
  return files && lazily(() => nodeOutput(files, process));
}

/** Nothing is opened before there is a line. */
function lazily(open: () => LineOutput): LineOutput {
  let opened: LineOutput | undefined;
  const output = (): LineOutput => {
    if (opened !== undefined) return opened;
    opened = open();
    opened.onReady = () => lazy.onReady?.();
    return opened;
  };
  const lazy: LineOutput = {
    write: (lines) => output().write(lines),
    finish: (lines) => {
      const { finish } = output();
      return finish === undefined ? output().write(lines) : finish.call(opened, lines);
    },
    get left() {
      return opened?.left ?? 0;
    },
    get leftLines() {
      return opened?.leftLines ?? 0;
    },
    discard: () => opened?.discard(),
    get blocksConsole() {
      return opened?.blocksConsole;
    },
  };
  return lazy;
}

function nodeOutput(files: Files, process: Runtime["process"]): LineOutput {
  const kind = kindOf(files);
  if (kind === "other") return fileOutput(files, STDOUT, kind);
  // Node's console waits for nobody.
  const blocksConsole = "Bun" in globalThis && isSame(files, STDOUT, STDERR);
  const own = openAgain(files);
  if (own !== undefined) return fileOutput(files, own, kind, blocksConsole);
  try {
    // Its getter has writes to a pipe or a socket return instead of waiting for who reads it.
    if (kind !== "terminal") void process?.stdout;
  } catch {
    // It is written to as it is.
  }
  return fileOutput(files, STDOUT, kind, blocksConsole);
}

function denoOutput({ stdout, permissions }: NonNullable<Runtime["Deno"]>): LineOutput {
  const output = stdout as DenoOutput;
  const files = (globalThis as Runtime).process?.getBuiltinModule?.("node:fs");
  const kind = files === undefined ? "pipe" : kindOf(files);
  if (kind === "other") {
    const sizeOf = () => files?.fstatSync(STDOUT).size ?? 0;
    return new ByteOutput(denoFile((bytes) => output.writeSync(bytes), sizeOf));
  }
  const blocksConsole = files !== undefined && isSame(files, STDOUT, STDERR);
  const own = files !== undefined && kind !== "socket" && isAllowedAll(permissions)
    ? openAgain(files)
    : undefined;
  if (files === undefined || own === undefined) return new AsyncOutput(output, blocksConsole);
  if (kind === "pipe") return fileOutput(files, own, kind, blocksConsole);
  return new AsyncOutput(
    output,
    blocksConsole,
    (bytes, at) => files.writeSync(own, bytes, at, 1),
  );
}

const isAllowedAll = (permissions: NonNullable<Runtime["Deno"]>["permissions"]) =>
  ALL_PERMISSIONS.every((name) => permissions.querySync({ name }).state === "granted");

type Kind = "pipe" | "socket" | "terminal" | "other";

function kindOf(files: Files): Kind {
  try {
    const stats = files.fstatSync(STDOUT);
    if (stats.isFIFO()) return "pipe";
    if (stats.isSocket()) return "socket";
    return isTerminal() ? "terminal" : "other";
  } catch {
    return "other";
  }
}

function isSame(files: Files, one: number, other: number): boolean {
  try {
    const [a, b] = [files.fstatSync(one), files.fstatSync(other)];
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}

/**
 * Where it has been opened once more, for all sinks of this process: what is said of this file is said
 * of no other, so that nobody else's writes return early.
 */
let ownFile: number | undefined;

/** The same pipe or terminal; `undefined` where the system has no such way, or this is a socket. */
function openAgain({ constants, openSync }: Files): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return ownFile ??= openSync(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

function fileOutput(files: Files, file: number, kind: Kind, blocksConsole = false): LineOutput {
  return new ByteOutput(
    (bytes, start, end) => files.writeSync(file, bytes, start, end - start),
    { maxPieceBytes: kind === "pipe" ? PIPE_BUF : Infinity, blocksConsole },
  );
}

/**
 * An output whose synchronous writes wait for who reads it, however long that takes: so it is written to
 * asynchronously, and only at the end synchronously.
 */
class AsyncOutput implements LineOutput {
  readonly #output: Pick<DenoOutput, "write" | "writeSync">;
  readonly blocksConsole: boolean;
  /**
   * Writes one byte to a terminal without waiting for who reads it. Of several, for which there is not enough room,
   * Deno does not say how many were taken: so all go out one by one, which serves at the end alone. It is refused
   * while an asynchronous write is under way.
   */
  readonly #writeByteSync: ((bytes: Uint8Array, at: number) => void) | undefined;
  onReady: (() => void) | undefined;
  /** What is not written, as far as it is known; and how much of it is under way. */
  #bytes: Uint8Array = new Uint8Array();
  #underWay = 0;
  #sinceMs = 0;
  /** Who writes; another object once all was written otherwise. */
  #writing: object | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    output: Pick<DenoOutput, "write" | "writeSync">,
    blocksConsole: boolean,
    writeByteSync?: (bytes: Uint8Array, at: number) => void,
  ) {
    this.#output = output;
    this.blocksConsole = blocksConsole;
    this.#writeByteSync = writeByteSync;
  }

  get left(): number {
    return this.#bytes.length;
  }

  get leftLines(): number {
    return countLines(this.#bytes);
  }

  discard(): void {
    this.#bytes = new Uint8Array();
    this.#underWay = 0;
    this.#writing = undefined;
  }

  write(lines: string): boolean {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    if (lines !== "") this.#bytes = encodeLines(lines);
    if (this.left > 0 && this.#writing === undefined) this.#start();
    return this.left === 0;
  }

  finish(lines: string): boolean {
    this.#failure = undefined;
    if (lines !== "") this.#bytes = encodeLines(lines);
    const { left } = this;
    if (this.#writing !== undefined) {
      // Another write would wait for that one.
      const ageMs = monotonicMs() - this.#sinceMs;
      if (ageMs > MAX_WRITE_MS) return false;
      // Its thread has to begin with it, so that it comes first, and as a whole.
      if (ageMs < MAX_START_MS) standStill(MAX_START_MS - ageMs);
    }
    const untilMs = monotonicMs() + MAX_WRITE_MS;
    try {
      while (this.left > 0) {
        this.#writeNow();
        // Deno's own write waits for whoever reads slowly.
        if (this.#writeByteSync === undefined && monotonicMs() > untilMs) break;
      }
    } catch (error) {
      if (isFull(error)) return false;
      if (lines !== "" && this.left < left) return false;
      if (lines !== "") this.discard();
      throw error;
    }
    return this.left === 0;
  }

  /** Writes what follows what is under way: once that is taken, that is written too. */
  #writeNow(): void {
    const rest = this.#bytes.subarray(this.#underWay);
    let count = 0;
    try {
      if (this.#writeByteSync === undefined) {
        const end = endOfPiece(rest, 0, PIPE_BUF);
        if (end > 0) count = this.#output.writeSync(rest.subarray(0, end));
      } else {
        for (; count < rest.length; count++) this.#writeByteSync(rest, count);
      }
    } finally {
      if (count > 0 || rest.length === 0) {
        this.discard();
        this.#bytes = rest.subarray(count);
      }
    }
  }

  async #start(): Promise<void> {
    const writing = this.#writing = {};
    try {
      while (this.left > 0) {
        this.#sinceMs = monotonicMs();
        // In whole lines: what follows the last one, Deno writes by itself, perhaps after somebody else.
        this.#underWay = endOfPiece(this.#bytes, 0, PIPE_BUF);
        const count = await this.#output.write(this.#bytes.subarray(0, this.#underWay));
        if (this.#writing !== writing) return;
        this.#bytes = this.#bytes.subarray(count);
      }
    } catch (error) {
      if (this.#writing !== writing) return;
      if (!isFull(error)) this.#failure = { error };
      // Of a full one, somebody has said that nobody waits for it: it is tried again.
    }
    this.#writing = undefined;
    this.#underWay = 0;
    if (this.#failure !== undefined || this.left === 0) this.onReady?.();
  }
}
