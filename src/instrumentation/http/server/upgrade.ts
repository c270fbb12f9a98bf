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

/** Ends a request to upgrade with the status that is first written to its connection. */
export function followUpgrade(observed: ServerRequest, socket: UpgradeSocket): void {
  const { write, end } = socket;
  const answer = (part: unknown) => {
    socket.write = write;
    socket.end = end;
    const [, status] = /^HTTP\/\d\.\d (\d{3})/.exec(textOf(part)) ?? [];
    observed.end({ status: status === undefined ? undefined : Number(status) });
  };
  socket.write = (...given) => {
    answer(given[0]);
    return write.apply(socket, given);
  };
  socket.end = (...given) => {
    answer(given[0]);
    return end.apply(socket, given);
  };
  socket.on("close", () => observed.end({ status: undefined, aborted: true }));
}

function textOf(part: unknown): string {
  if (typeof part === "string") return part.slice(0, 16);
  return part instanceof Uint8Array ? String.fromCharCode(...part.subarray(0, 16)) : "";
}
