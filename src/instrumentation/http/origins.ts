import { invalidArgument } from "../../internal/arguments.ts";

const RULE = 'origins such as "https://stock.example", "https://*.stock.example" or "*"';

/** Whether a URL is among those that are asked for. */
export type OriginFilter = (url: URL) => boolean;

/** The page's own origin; nothing where there is no page. */
function pageOrigin(): string | undefined {
  const { location } = globalThis as { location?: { readonly origin?: unknown } };
  return typeof location?.origin === "string" ? location.origin : undefined;
}

/**
 * Reads a list of origins.
 *
 * @param origins absent for the page's own alone
 * @throws {TypeError} if one is none
 */
export function originFilter(action: string, origins: unknown): OriginFilter {
  if (origins === undefined) {
    const own = pageOrigin();
    return ({ origin }) => origin === own;
  }
  if (!Array.isArray(origins)) return invalidArgument(TypeError, action, "origins", RULE, origins);
  const filters = origins.map((origin) => filterOf(action, origin));
  return (url) =>
    (url.protocol === "http:" || url.protocol === "https:") &&
    filters.some((matches) => matches(url));
}

function filterOf(action: string, origin: unknown): OriginFilter {
  if (origin === "*") return () => true;
  // A label stands for the star while it is read.
  const url = typeof origin === "string" ? parse(origin.replace("://*.", "://star.")) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) &&
    (url.href === `${url.origin}/`) && !(origin as string).endsWith("/");
  if (!isOrigin || url.hostname.includes("*")) {
    return invalidArgument(TypeError, action, "origins", RULE, [origin]);
  }
  if (!(origin as string).includes("://*.")) return (other) => other.origin === url.origin;
  const { protocol, port } = url;
  const suffix = url.hostname.slice("star".length);
  return (other) =>
    other.protocol === protocol && other.port === port && other.hostname.endsWith(suffix) &&
    other.hostname.length > suffix.length;
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
