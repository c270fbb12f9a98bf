import {
  assertAboveZero,
  assertPositiveInteger,
  invalidArgument,
} from "../../../internal/arguments.ts";
import { assertFunction, assertMethod } from "../../../internal/arguments.ts";
import { wallMs } from "../../../internal/clocks.ts";
import type { Logger } from "../../../internal/logger.ts";
import { fileSystem } from "./file_system.ts";
import { RotatingLines } from "./rotating_lines.ts";

/** The options of files that rotate, as `fileSink` documents them. */
export interface FileSinkOptions {
  readonly directory: string;
  readonly prefix?: string | undefined;
  readonly maxFileBytes?: number | undefined;
  readonly maxFileAgeMs?: number | undefined;
  readonly maxFiles?: number | undefined;
  readonly clock?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
}

/** The names of {@linkcode FileSinkOptions}. */
export const FILE_SINK_OPTIONS: readonly (keyof FileSinkOptions)[] = [
  "directory",
  "prefix",
  "maxFileBytes",
  "maxFileAgeMs",
  "maxFiles",
  "clock",
  "logger",
];

/** The defaults of {@linkcode FileSinkOptions}. */
const DEFAULT_FILE_SINK_OPTIONS = {
  prefix: "log",
  maxFileBytes: 104_857_600,
  maxFileAgeMs: 21_600_000,
  maxFiles: 100,
} as const satisfies Partial<FileSinkOptions>;

/**
 * What writes lines to files that rotate. It touches none before there is a line.
 *
 * @param action what cannot be done if an option is invalid, such as `"create fileSink"`
 * @param name whose lines these are, for reports
 * @throws {TypeError} if an option is of the wrong type, or this runtime has no files
 * @throws {RangeError} if a number is out of range
 */
export function rotatingLines(
  action: string,
  name: string,
  options: FileSinkOptions,
): RotatingLines {
  const {
    directory,
    prefix = DEFAULT_FILE_SINK_OPTIONS.prefix,
    maxFileBytes = DEFAULT_FILE_SINK_OPTIONS.maxFileBytes,
    maxFileAgeMs = DEFAULT_FILE_SINK_OPTIONS.maxFileAgeMs,
    maxFiles = DEFAULT_FILE_SINK_OPTIONS.maxFiles,
    clock = wallMs,
    logger = console,
  } = options;
  if (typeof directory !== "string" || directory === "") {
    invalidArgument(TypeError, action, "directory", "the path of a directory", directory);
  }
  if (typeof prefix !== "string" || !/^[A-Za-z0-9._-]{1,100}$/.test(prefix)) {
    const rule = "1 to 100 letters, digits, . _ or -";
    invalidArgument(TypeError, action, "prefix", rule, prefix);
  }
  assertPositiveInteger(action, "maxFileBytes", maxFileBytes);
  assertAboveZero(action, "maxFileAgeMs", maxFileAgeMs);
  assertPositiveInteger(action, "maxFiles", maxFiles);
  assertFunction(action, "clock", clock);
  assertMethod(action, "logger", logger, "warn");
  const files = fileSystem();
  if (files === undefined) throw new TypeError(`Cannot ${action}: this runtime has no files`);
  const rotation = { directory, prefix, maxFileBytes, maxFileAgeMs, maxFiles, clock, logger };
  return new RotatingLines(name, files, rotation);
}
