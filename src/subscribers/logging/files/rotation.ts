import { CountReport } from "../../../internal/count_report.ts";
import { monotonicMs, wallMs } from "../../../internal/clocks.ts";
import type { Logger } from "../../../internal/logger.ts";
import { errorText } from "../../../internal/reporting.ts";
import { stampedNames, stampOf } from "./file_names.ts";
import { called, type FileStats, type FileSystem, isAbsent, isPresent } from "./file_system.ts";

/** Where lines go, and when a file is full. */
export interface RotationOptions {
  readonly directory: string;
  readonly prefix: string;
  readonly maxFileBytes: number;
  readonly maxFileAgeMs: number;
  readonly maxFiles: number;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** A file that is written to. */
export interface LineFile {
  readonly path: string;
  readonly ino: number;
  readonly createdMs: number;
  /** Its whole lines, in bytes: the next ones come there. */
  size: number;
  /** What it is open as, unless it is closed for the moment. */
  handle: number | undefined;
}

/** Prompts and errors may be in it: it is its owner's alone. */
const MODE = 0o600;
/** How many names are tried that others have taken, a microsecond each. */
const MAX_ATTEMPTS = 1_000;

/** Whether it is still that file. Of one that somebody has cut, lines go on at its end. */
function isSame(file: LineFile, { ino, size }: FileStats): boolean {
  if (ino !== file.ino) return false;
  file.size = Math.min(file.size, size);
  return true;
}

/** The files that lines go to, one after the other: a new one where the last is full, old or gone. */
export class Rotation {
  readonly #files: FileSystem;
  readonly #options: RotationOptions;
  readonly #name: string;
  readonly #removedReport: CountReport;
  readonly #deleteReport: CountReport;
  /** Files that somebody else has removed, or moved, while they were written to. */
  removed = 0;
  /** Old files that could not be deleted. */
  failedDeletes = 0;
  /** Files begun. */
  begun = 0;
  /** The time in the last name, in microseconds. */
  #namedUs = 0;

  /** @param name whose files these are, for reports */
  constructor(name: string, files: FileSystem, options: RotationOptions) {
    this.#name = name;
    this.#files = files;
    this.#options = options;
    this.#removedReport = new CountReport(options.logger);
    this.#deleteReport = new CountReport(options.logger);
  }

  /** Whether lines can go to a file that is there. */
  isDue({ size, createdMs }: LineFile): boolean {
    const { maxFileBytes, maxFileAgeMs, clock } = this.#options;
    return size >= maxFileBytes || clock() - createdMs > maxFileAgeMs;
  }

  /** The file that the next lines go to, open: this one, if it is there and has room. */
  async next(file: LineFile | undefined): Promise<LineFile> {
    if (file !== undefined && !this.isDue(file) && await this.#isThere(file)) {
      file.handle ??= await called<number>((done) => this.#files.open(file.path, "r+", MODE, done));
      return file;
    }
    if (file !== undefined) await this.close(file);
    const begun = await this.#begin();
    await this.#deleteOld(begun.path);
    return begun;
  }

  /** The same, standing still for it; nothing old is deleted. */
  nextSync(file: LineFile | undefined): LineFile {
    const files = this.#files;
    if (file !== undefined && !this.isDue(file)) {
      try {
        if (isSame(file, files.statSync(file.path))) return file;
      } catch {
        // It is gone.
      }
      this.#countRemoved(file);
    }
    const { directory } = this.#options;
    files.mkdirSync(directory, { recursive: true });
    for (let attempt = 0;; attempt++) {
      const { path, createdMs } = this.#newPath();
      try {
        files.closeSync(files.openSync(path, "wx", MODE));
        this.begun++;
        return { path, createdMs, ino: files.statSync(path).ino, size: 0, handle: undefined };
      } catch (error) {
        if (!isPresent(error) || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Closes a file, which is opened again when it is needed. */
  async close(file: LineFile): Promise<void> {
    const { handle } = file;
    if (handle === undefined) return;
    file.handle = undefined;
    await called<void>((done) => this.#files.close(handle, done));
  }

  async #isThere(file: LineFile): Promise<boolean> {
    try {
      const stats = await called<FileStats>((done) => this.#files.stat(file.path, done));
      if (isSame(file, stats)) return true;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    this.#countRemoved(file);
    return false;
  }

  #countRemoved({ path }: LineFile): void {
    this.removed++;
    this.#removedReport.update(
      this.removed,
      monotonicMs,
      (count) =>
        `${this.#name}: files were removed or moved while they were written to: ${count} so far, ` +
        `the last one ${path}; lines go on in a new one`,
    );
  }

  async #begin(): Promise<LineFile> {
    const { directory } = this.#options;
    await called((done) => this.#files.mkdir(directory, { recursive: true }, done));
    for (let attempt = 0;; attempt++) {
      const { path, createdMs } = this.#newPath();
      try {
        const handle = await called<number>((done) => this.#files.open(path, "wx", MODE, done));
        this.begun++;
        const { ino } = await called<FileStats>((done) => this.#files.stat(path, done));
        return { path, createdMs, ino, size: 0, handle };
      } catch (error) {
        if (!isPresent(error) || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** A name that is later than all before, whatever the clock says: the order of files is that of lines. */
  #newPath(): { readonly path: string; readonly createdMs: number } {
    const { directory, prefix, clock } = this.#options;
    const nowMs = clock();
    const createdMs = Number.isFinite(nowMs) ? nowMs : wallMs();
    this.#namedUs = Math.max(Math.floor(createdMs * 1_000), this.#namedUs + 1);
    return { path: `${directory}/${prefix}_${stampOf(this.#namedUs)}.jsonl`, createdMs };
  }

  /** Deletes the oldest, also those of earlier runs; what fails keeps no line from being written. */
  async #deleteOld(current: string): Promise<void> {
    const { directory, prefix, maxFiles } = this.#options;
    try {
      const names = stampedNames(
        await called<string[]>((done) => this.#files.readdir(directory, done)),
        prefix,
      );
      const old = names.map((name) => `${directory}/${name}`).filter((path) => path !== current);
      for (const path of old.slice(0, Math.max(0, old.length - maxFiles + 1))) {
        await called<void>((done) => this.#files.unlink(path, done)).catch((error) => {
          // Another process has just done so.
          if (!isAbsent(error)) this.#countFailedDelete(path, error);
        });
      }
    } catch (error) {
      this.#countFailedDelete(directory, error);
    }
  }

  #countFailedDelete(path: string, error: unknown): void {
    this.failedDeletes++;
    this.#deleteReport.update(
      this.failedDeletes,
      monotonicMs,
      (count) =>
        `${this.#name}: old files cannot be deleted: ${count} attempts so far, the last one of ` +
        `${path}: ${errorText(error)}`,
    );
  }
}
