import { LOG_LEVELS, type LogLevel } from "../../catalog/log.ts";
import { invalidArgument } from "../../internal/arguments.ts";
import { SEVERITY_NUMBERS } from "./log_record.ts";

/** Refuses what is no level. */
export function assertLevel(action: string, name: string, level: unknown): void {
  if (level !== undefined && !LOG_LEVELS.includes(level as LogLevel)) {
    invalidArgument(TypeError, action, name, `one of ${LOG_LEVELS.join(", ")}`, level);
  }
}

/** How severe a record must be, of most types and of some. */
export class MinLevels {
  readonly #initial: LogLevel;
  #severity: number;
  readonly #byType = new Map<string, number>();

  /** @param initial the level until another one is set */
  constructor(initial: LogLevel) {
    this.#initial = initial;
    this.#severity = SEVERITY_NUMBERS[initial];
  }

  /** The least severity of a type's records. */
  of(type: string): number {
    return this.#byType.get(type) ?? this.#severity;
  }

  /** @param level `undefined` for the initial one, or for a type, that of the others */
  set(level: LogLevel | undefined, type?: string): void {
    if (type === undefined) this.#severity = SEVERITY_NUMBERS[level ?? this.#initial];
    else if (level === undefined) this.#byType.delete(type);
    else this.#byType.set(type, SEVERITY_NUMBERS[level]);
  }
}
