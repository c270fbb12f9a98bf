import type { ServerRequest } from "./server_request.ts";

/** What is used of a connection that `node:http` hands over to be upgraded. */
interface UpgradeSocket {
  write(...parameters: unknown[]): unknown;
  end(...parameters: unknown[]): unknown;
  on(event: string, listener: () => void): unknown;
}

/** Whether a listener was given a connection, and no response: it is one of `upgrade`. */
export function isSocket(response: object): response is UpgradeSocket {
  return !("statusCode" in response) && "write" in response;
}

/** Whether a connection can be followed. */
export function isUpgradable(socket: unknown): socket is UpgradeSocket {
  return typeof (socket as { write?: unknown } | null | undefined)?.write === "function";
}

/** Ends a request to upgrade with the status that is first written to its connection. */
export function followUpgrade(observed: ServerRequest, socket: UpgradeSocket): void {
  onFirstStatus(socket, (status) => observed.end({ status }));
  socket.on("close", () => observed.end({ status: undefined, aborted: true }));
}

/**
 * Ends a request that asks for an upgrade when its connection is switched: a framework may handle it
 * as any other request, and write to the connection past the response.
 *
 * @param told called before, for what is known by then
 */
export function followSwitch(
  observed: ServerRequest,
  socket: UpgradeSocket,
  told: () => void,
): void {
  onFirstStatus(socket, (status) => {
    if (status !== 101) return;
    told();
    observed.end({ status });
  });
}

/** Calls a function with the status that is first written to a connection. */
function onFirstStatus(
  socket: UpgradeSocket,
  answered: (status: number | undefined) => void,
): void {
  const { write, end } = socket;
  const answer = (part: unknown) => {
    socket.write = write;
    socket.end = end;
    const [, status] = /^HTTP\/\d\.\d (\d{3})/.exec(textOf(part)) ?? [];
    answered(status === undefined ? undefined : Number(status));
  };
  socket.write = (...given) => {
    answer(given[0]);
    return write.apply(socket, given);
  };
  socket.end = (...given) => {
    answer(given[0]);
    return end.apply(socket, given);
  };
}

function textOf(part: unknown): string {
  if (typeof part === "string") return part.slice(0, 16);
  return part instanceof Uint8Array ? String.fromCharCode(...part.subarray(0, 16)) : "";
}
