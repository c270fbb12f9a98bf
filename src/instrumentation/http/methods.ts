import { cut } from "../../internal/reporting.ts";

/** Those of RFC 9110, PATCH of RFC 5789 and QUERY. */
const METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

/** What stands for a method that is none of them: anybody may send anything. */
export const OTHER_METHOD = "_OTHER";

/** A method as metrics may have it. */
export const knownMethod = (method: string): string => METHODS.has(method) ? method : OTHER_METHOD;

/** What an unknown method was. */
export const originalMethod = (method: string, known: string): string | undefined =>
  known === OTHER_METHOD ? cut(method) : undefined;

/** What a span is called: its method and, if it is known, its route. */
export function spanName(method: string, route?: string): string {
  const name = method === OTHER_METHOD ? "HTTP" : method;
  return route === undefined ? name : `${name} ${route}`;
}
