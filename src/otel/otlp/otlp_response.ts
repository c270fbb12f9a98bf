import { cut } from "../../internal/reporting.ts";

/**
 * The longest response that is read: as long as OTLP/HTTP asks clients to read at most
 * (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response").
 */
const MAX_RESPONSE_BYTES = 4 * 1_024 * 1_024;
/** The most characters of what a receiver says that are told. */
const MAX_MESSAGE_LENGTH = 200;
const EMPTY = new Uint8Array();

/** Reads the body of a response; `undefined` if it is longer than is read. */
export async function readBody({ body, headers }: Response): Promise<Uint8Array | undefined> {
  if (body === null) return EMPTY;
  if (headers.get("content-length") === "0") {
    // Nearly always. To read nothing as a stream is a third of what a whole request costs on Node.
    await body.cancel();
    return EMPTY;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop early cancels the rest of the body.
    if (size > MAX_RESPONSE_BYTES) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/**
 * What a receiver says of a request that it refuses, as a part of a message: the `message` of the
 * `Status` that OTLP/HTTP has it answer with, or a plain text; `""` if it says nothing that can be read.
 */
export async function refusalText(response: Response): Promise<string> {
  try {
    const body = await readBody(response);
    if (body === undefined || body.byteLength === 0) return "";
    const message = messageIn(body, response.headers.get("content-type") ?? "");
    return message === "" ? "" : `: ${shortened(message)}`;
  } catch {
    // A broken connection, or no JSON: the status says enough.
    return "";
  }
}

/** What a receiver says, cut at a length. */
export function shortened(message: string): string {
  return cut(message.trim(), MAX_MESSAGE_LENGTH);
}

function messageIn(body: Uint8Array, contentType: string): string {
  if (/^application\/(x-)?protobuf/i.test(contentType)) return protobufMessage(body);
  const text = new TextDecoder().decode(body);
  if (/^application\/(\w+\+)?json/i.test(contentType)) {
    const { message } = (JSON.parse(text) ?? {}) as { message?: unknown };
    return typeof message === "string" ? message : "";
  }
  return /^text\/plain/i.test(contentType) ? text : "";
}

/** The field `string message = 2` of a `google.rpc.Status`. */
function protobufMessage(bytes: Uint8Array): string {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      if (length > bytes.length - at) return "";
      if (tag >> 3 === 2) return new TextDecoder().decode(bytes.subarray(at, at + length));
      at += length;
    } else return "";
  }
  return "";
}
