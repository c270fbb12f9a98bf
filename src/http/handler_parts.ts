import type { Logger } from "../internal/logger.ts";
import type { RouteTable } from "./route_table.ts";
import type { Handler } from "./server.ts";

/** What a handler of routes is made of, for those that stand between it and a server. */
export interface HandlerParts {
  readonly table: RouteTable;
  /** Where failures are logged. */
  readonly logger: Logger;
}

const parts = new WeakMap<Handler, HandlerParts>();

/** Remembers what a handler is made of. */
export function registerHandler(handler: Handler, madeOf: HandlerParts): void {
  parts.set(handler, madeOf);
}

/** What a handler is made of; `undefined` if it is not one of routes. */
export const partsOf = (handler: Handler): HandlerParts | undefined => parts.get(handler);
