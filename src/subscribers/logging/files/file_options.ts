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

/** The options of files that rotate. */
export interface RotatingFileOptions {
  /** Where the files are. It is made if it is not there. */
  readonly directory: string;
  /**
   * What their names begin with: letters, digits, `.`, `_` and `-`, up to 100. Default: `"log"`.
   */
  readonly prefix?: string | undefined;
  /**
   * A file of so many bytes takes no further line; the last one may be beyond it. An integer of at
   * least 1. Default: 104,857,600, 100 MiB.
   */
  readonly maxFileBytes?: number | undefined;
  /** A file so old takes no further line, in milliseconds, above 0. Default: 21,600,000, six hours. */
  readonly maxFileAgeMs?: number | undefined;
  /**
   * How many files there are at most, those of earlier runs included; the oldest is deleted. An integer
   * of at least 1. Default: 100.
   */
  readonly maxFiles?: number | undefined;
  /** The time in names, and that files are old by, in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** Where it is told what the disk does not take. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** The names of {@linkcode RotatingFileOptions}. */
export const ROTATING_FILE_OPTIONS: readonly (keyof RotatingFileOptions)[] = [
  "directory",
  "prefix",
  "maxFileBytes",
  "maxFileAgeMs",
  "maxFiles",
  "clock",
  "logger",
];

/** The defaults of {@linkcode RotatingFileOptions}. */
export const DEFAULT_ROTATING_FILE_OPTIONS = {
  prefix: "log",
  maxFileBytes: 104_857_600,
  maxFileAgeMs: 21_600_000,
  maxFiles: 100,
} as const satisfies Partial<RotatingFileOptions>;

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
  options: RotatingFileOptions,
): RotatingLines {
  const {
    directory,
    prefix = DEFAULT_ROTATING_FILE_OPTIONS.prefix,
    maxFileBytes = DEFAULT_ROTATING_FILE_OPTIONS.maxFileBytes,
    maxFileAgeMs = DEFAULT_ROTATING_FILE_OPTIONS.maxFileAgeMs,
    maxFiles = DEFAULT_ROTATING_FILE_OPTIONS.maxFiles,
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
