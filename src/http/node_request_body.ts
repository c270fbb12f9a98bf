import type { NodeRequest, NodeResponse } from "./node_message.ts";

/**
 * The body of a request of `node:http` as a stream, which is read no faster than its reader does.
 */
export function requestBody(
  incoming: NodeRequest,
  outgoing: NodeResponse,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  /** What nobody reads is read and dropped, so that the connection can serve the next request. */
  const drop = () => {
    isOver = true;
    incoming.resume();
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      // A middleware has read it already.
      if (incoming.readableEnded) {
        controller.close();
        return;
      }
      const end = (how: () => void) => {
        if (isOver) return;
        isOver = true;
        how();
      };
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array) => {
        if (isOver) return;
        // A copy, for Node uses its buffers again.
        controller.enqueue(new Uint8Array(chunk));
        incoming.pause();
      });
      incoming.on("end", () => end(() => controller.close()));
      incoming.on("error", (error) => end(() => controller.error(error)));
      incoming.on(
        "close",
        () => end(() => controller.error(new Error("the client went away within its request"))),
      );
      outgoing.on("close", drop);
    },
    pull: () => void incoming.resume(),
    cancel: drop,
  }, { highWaterMark: 0 });
}
