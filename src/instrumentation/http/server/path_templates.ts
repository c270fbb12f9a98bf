import { invalidArgument } from "../../../internal/arguments.ts";

/** A template with parameters. */
interface Pattern {
  readonly template: string;
  /** Its segments; `undefined` stands for any. */
  readonly segments: readonly (string | undefined)[];
  /** Whether anything may follow. */
  readonly isPrefix: boolean;
}

/** Finds which of some templates a path matches. */
export class PathTemplates {
  readonly #exact = new Map<string, string>();
  readonly #patterns: readonly Pattern[];

  /** Reads templates such as `/items`, `/items/:id`, `/items/{id}` and `/files/*`. */
  constructor(action: string, argument: string, templates: unknown) {
    const rule = 'a list of paths such as "/items/:id" or "/files/*"';
    const isList = Array.isArray(templates) &&
      templates.every((one) =>
        typeof one === "string" && one.startsWith("/") && !one.slice(0, -1).includes("*") &&
        (!one.endsWith("*") || one.endsWith("/*"))
      );
    if (!isList) invalidArgument(TypeError, action, argument, rule, templates);
    const patterns: Pattern[] = [];
    for (const template of templates as string[]) {
      const isPrefix = template.endsWith("/*");
      const segments = (isPrefix ? template.slice(0, -2) : template).split("/").map((segment) =>
        /^:.|^\{.+\}$/.test(segment) ? undefined : segment
      );
      if (isPrefix || segments.includes(undefined)) patterns.push({ template, segments, isPrefix });
      else this.#exact.set(withoutSlash(template), template);
    }
    this.#patterns = patterns;
  }

  /** The template without parameters, or else the first one; a slash at the end does not matter. */
  match(path: string): string | undefined {
    const plain = withoutSlash(path);
    const exact = this.#exact.get(plain);
    if (exact !== undefined || this.#patterns.length === 0) return exact;
    const parts = plain.split("/");
    return this.#patterns.find((pattern) => matches(pattern, parts))?.template;
  }
}

function matches({ segments, isPrefix }: Pattern, parts: readonly string[]): boolean {
  if (isPrefix ? parts.length < segments.length : parts.length !== segments.length) return false;
  return segments.every((segment, i) =>
    segment === undefined ? parts[i] !== "" : segment === parts[i]
  );
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
