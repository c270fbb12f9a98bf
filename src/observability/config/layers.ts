import { nearestName } from "../../internal/option_names.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { ObservabilityOptions } from "./options.ts";
import { isRecord } from "./rules.ts";
import { settingOf, SETTINGS } from "./settings.ts";

/** Where settings come from. */
export type SourceKind = "options" | "flags" | "env";

/** A value and where it comes from. */
export interface Found {
  readonly value: unknown;
  readonly layer: Layer;
}

/** The settings of one source, checked, by path. */
export class Layer {
  readonly #kind: SourceKind;
  readonly #otherNames: readonly string[];
  readonly #values = new Map<string, unknown>();

  /** @param otherNames what else there is beside the settings, for a misspelt name's advice */
  constructor(
    kind: SourceKind,
    options: ObservabilityOptions,
    otherNames: readonly string[] = [],
  ) {
    this.#kind = kind;
    this.#otherNames = otherNames;
    this.#read(options, "");
    this.#liftServiceAttributes();
  }

  /** Whether it is the environment, which is other people's. */
  get isEnv(): boolean {
    return this.#kind === "env";
  }

  get(path: string): unknown {
    return this.#values.get(path);
  }

  has(path: string): boolean {
    return this.#values.has(path);
  }

  /** What a setting is called where this source sets it. */
  nameOf(path: string): string {
    const { flag, env } = settingOf(path);
    return { options: path, flags: flag, env }[this.#kind] ?? path;
  }

  #read(object: unknown, path: string): void {
    if (!isRecord(object)) {
      throw this.#refusal(TypeError, path || "options", "an object", String(object));
    }
    for (const [name, value] of Object.entries(object)) {
      const inner = path === "" ? name : `${path}.${name}`;
      if (value === undefined) continue;
      const setting = SETTINGS.get(inner);
      if (setting === undefined) {
        if (!isGroup(inner)) {
          throw this.#unknown(path, name);
        }
        this.#read(value, inner);
        continue;
      }
      const { rule } = setting;
      if (!rule.check(value)) {
        const ErrorClass = rule.isRangeRule ? RangeError : TypeError;
        throw this.#refusal(ErrorClass, inner, rule.text, rule.format(value));
      }
      this.#values.set(inner, value);
    }
  }

  #unknown(path: string, name: string): TypeError {
    const known = path === "" ? [...namesIn(path), ...this.#otherNames] : namesIn(path);
    const nearest = nearestName(name, known);
    const prefix = path === "" ? "" : `${path}.`;
    const advice = nearest === undefined
      ? `there are ${known.map((one) => `${prefix}${one}`).join(", ")}`
      : `did you mean ${prefix}${nearest}?`;
    return new TypeError(
      `Cannot configure observability: ${prefix}${name} is no option; ${advice}`,
    );
  }

  #refusal(ErrorClass: ErrorConstructor, path: string, rule: string, shown: string): Error {
    if (this.#kind !== "options" && SETTINGS.has(path)) {
      return new ConfigurationError(this.nameOf(path), `must be ${rule}, received ${shown}`);
    }
    return new ErrorClass(
      `Cannot configure observability: ${path} must be ${rule}, received ${shown}`,
    );
  }

  /** The resource's name and instance id have settings of their own, which come first. */
  #liftServiceAttributes(): void {
    const attributes = this.#values.get("resourceAttributes");
    if (attributes === undefined) return;
    const {
      "service.name": name,
      "service.instance.id": instanceId,
      ...others
    } = attributes as Record<string, unknown>;
    this.#lift("serviceName", name);
    this.#lift("serviceInstanceId", instanceId);
    this.#values.set("resourceAttributes", others);
  }

  #lift(path: string, value: unknown): void {
    if (value === undefined || value === "" || this.has(path)) return;
    this.#values.set(path, String(value));
  }
}

/** The names of the settings and groups that stand directly in a group; `""` is the outermost. */
function namesIn(group: string): string[] {
  const prefix = group === "" ? "" : `${group}.`;
  const names = [...SETTINGS.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split(".")[0] as string);
  return [...new Set(names)];
}

function isGroup(path: string): boolean {
  return [...SETTINGS.keys()].some((other) => other.startsWith(`${path}.`));
}

/** Finds a setting in the first source that has it. */
export function find(layers: readonly Layer[], path: string): Found | undefined {
  const layer = layers.find((layer) => layer.has(path));
  return layer && { value: layer.get(path), layer };
}
