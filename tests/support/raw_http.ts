/**
 * Clients that write what they like to a connection: `node:net` does it on Deno, Node and Bun alike.
 *
 * @module
 */
import { connect, type Socket } from "node:net";

/** Connects; resolves when it is connected, or refused. */
export function connectTo(port: number, hostname = "127.0.0.1"): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: hostname });
    socket.on("error", () => {});
    socket.once("connect", () => resolve(socket));
    socket.once("close", () => resolve(socket));
  });
}

/** Whether a response is there to its end. */
function isWhole(response: string): boolean {
  const end = response.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const [head, body] = [response.slice(0, end), response.slice(end + 4)];
  if (/^HTTP\/1\.1 100 /.test(head)) return isWhole(body);
  if (/^transfer-encoding: chunked$/im.test(head)) return body.endsWith("0\r\n\r\n");
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  return length !== undefined && body.length >= Number(length);
}

/**
 * Sends bytes as they are, one for each character, and resolves to what comes back: one response,
 * or what there was when the server hung up; in whatever protocol, what came first.
 */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = await connectTo(port);
  let received = "";
  return await new Promise((resolve) => {
    const end = () => {
      socket.destroy();
      resolve(received);
    };
    socket.on("data", (chunk: Uint8Array) => {
      received += new TextDecoder("latin1").decode(chunk);
      if (isWhole(received) || !received.startsWith("HTTP")) end();
    });
    socket.once("end", end);
    socket.once("close", end);
    socket.write(bytes, "latin1");
  });
}
