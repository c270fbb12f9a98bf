import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { lengthOf, type ServerRequest } from "./server_request.ts";
import { followSwitch, isUpgradable } from "./upgrade.ts";

/** What is used of a connection that several responses may wait for. */
interface SharedConnection {
  readonly destroyed?: boolean;
  on(event: string, listener: () => void): unknown;
}

/**
 * Ends a request of `node:http` when its response has been sent, or else as aborted when its
 * connection is closed.
 *
 * @param told called before, for what is known by then
 */
export function followNodeResponse(
  observed: ServerRequest,
  request: HttpIncoming | undefined,
  response: HttpOutgoing,
  told: () => void,
): void {
  const waits = request !== undefined && response.socket === null;
  // Since Node 24 those that wait for a connection that there is no more have an error of Node's own.
  const isLost = () => waits && (request.socket as SharedConnection | null)?.destroyed === true;
  const closed = () => {
    told();
    const status = response.headersSent ? response.statusCode : undefined;
    const { errored } = response;
    // Not the client: somebody here broke it off, such as a pipeline whose source has failed.
    if (errored !== undefined && errored !== null && !isLost()) observed.fail(errored, status);
    else observed.end({ status, aborted: true });
  };
  observed.response = response;
  response.on("finish", () => {
    // Those of HTTP/2 say so of streams that are closed as well.
    if (response.writableEnded === false) return closed();
    told();
    const bytes = lengthOf(response.getHeader("content-length"));
    observed.end({ status: response.statusCode, bytes });
  });
  response.on("close", closed);
  if (request === undefined) return;
  // It waits for those before it, and nobody tells it that there will be no connection.
  if (waits) waitForConnection(request.socket, response, closed);
  else if (request.headers["upgrade"] !== undefined && isUpgradable(response.socket)) {
    followSwitch(observed, response.socket, told);
  }
}

/** The responses that wait for a connection. */
const WAITING = new WeakMap<SharedConnection, Set<() => void>>();

function waitForConnection(socket: unknown, response: HttpOutgoing, closed: () => void): void {
  const connection = socket as SharedConnection | null | undefined;
  if (typeof connection?.on !== "function") return;
  let waiting = WAITING.get(connection);
  if (waiting === undefined) {
    const all = waiting = new Set();
    WAITING.set(connection, all);
    connection.on("close", () => {
      for (const each of all) each();
    });
  }
  const own = waiting;
  own.add(closed);
  response.on("finish", () => own.delete(closed));
}
