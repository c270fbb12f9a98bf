import { type LoopbackServer, serve } from "./loopback.ts";

/** What a message's field is: a scalar, or a message of its own. */
type Kind = "string" | "hex" | "int" | "fixed64" | "double" | "bool" | Schema;
/** A message's fields by number; `*` after a name means that there may be many. */
interface Schema {
  readonly [field: number]: readonly [name: string, kind: Kind];
}

const VALUE: Schema = { 1: ["string", "string"], 2: ["bool", "bool"], 3: ["int", "int"] };
const ANY_VALUE: Schema = {
  ...VALUE,
  4: ["double", "double"],
  5: ["array", { 1: ["values*", VALUE] }],
};
const ATTRIBUTE: Schema = { 1: ["key", "string"], 2: ["value", ANY_VALUE] };
const RESOURCE: Schema = { 1: ["attributes*", ATTRIBUTE] };
const SPAN: Schema = {
  1: ["traceId", "hex"],
  2: ["spanId", "hex"],
  4: ["parentSpanId", "hex"],
  5: ["name", "string"],
  6: ["kind", "int"],
  7: ["startTimeUnixNano", "fixed64"],
  8: ["endTimeUnixNano", "fixed64"],
  9: ["attributes*", ATTRIBUTE],
  11: ["events*", { 2: ["name", "string"], 3: ["attributes*", ATTRIBUTE] }],
  12: ["droppedEventsCount", "int"],
  13: ["links*", { 1: ["traceId", "hex"], 2: ["spanId", "hex"] }],
  14: ["droppedLinksCount", "int"],
  15: ["status", { 2: ["message", "string"], 3: ["code", "int"] }],
};
const LOG_RECORD: Schema = {
  1: ["timeUnixNano", "fixed64"],
  2: ["severityNumber", "int"],
  3: ["severityText", "string"],
  5: ["body", ANY_VALUE],
  6: ["attributes*", ATTRIBUTE],
  9: ["traceId", "hex"],
};
const POINT: Schema = {
  2: ["startTimeUnixNano", "fixed64"],
  3: ["timeUnixNano", "fixed64"],
  4: ["asDouble", "double"],
  6: ["asInt", "fixed64"],
  7: ["attributes*", ATTRIBUTE],
};
const HISTOGRAM_POINT: Schema = {
  2: ["startTimeUnixNano", "fixed64"],
  3: ["timeUnixNano", "fixed64"],
  4: ["count", "fixed64"],
  5: ["sum", "double"],
  9: ["attributes*", ATTRIBUTE],
  11: ["min", "double"],
  12: ["max", "double"],
};
const METRIC: Schema = {
  1: ["name", "string"],
  3: ["unit", "string"],
  5: ["gauge", { 1: ["dataPoints*", POINT] }],
  7: ["sum", {
    1: ["dataPoints*", POINT],
    2: ["aggregationTemporality", "int"],
    3: ["isMonotonic", "bool"],
  }],
  9: ["histogram", {
    1: ["dataPoints*", HISTOGRAM_POINT],
    2: ["aggregationTemporality", "int"],
  }],
};
const request = (signal: string, scoped: string, items: string, item: Schema): Schema => ({
  1: [`resource${signal}*`, {
    1: ["resource", RESOURCE],
    2: [`scope${scoped}*`, { 2: [`${items}*`, item] }],
  }],
});
const REQUESTS: Readonly<Record<string, Schema>> = {
  "/v1/traces": request("Spans", "Spans", "spans", SPAN),
  "/v1/logs": request("Logs", "Logs", "logRecords", LOG_RECORD),
  "/v1/metrics": request("Metrics", "Metrics", "metrics", METRIC),
};

/** Not every runtime has `toHex` yet. */
function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads protobuf's wire format, written for these tests alone and from its specification. */
function decode(bytes: Uint8Array<ArrayBuffer>, schema: Schema): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [name, kind] = schema[tag >> 3] ?? [];
    const wireType = tag & 7;
    let value: unknown;
    if (wireType === 0) {
      const number = varint();
      value = kind === "bool" ? number === 1n : Number(BigInt.asIntN(64, number));
    } else if (wireType === 1) {
      value = kind === "double" ? view.getFloat64(at, true) : String(view.getBigUint64(at, true));
      at += 8;
    } else if (wireType === 5) {
      at += 4;
    } else if (wireType === 2) {
      const length = Number(varint());
      const part = bytes.subarray(at, at += length);
      if (typeof kind === "object") value = decode(part, kind);
      else if (kind === "hex") value = hex(part);
      else value = new TextDecoder().decode(part);
    } else {
      throw new Error(`There is no wire type ${wireType}`);
    }
    if (name === undefined) continue;
    if (!name.endsWith("*")) message[name] = value;
    else ((message[name.slice(0, -1)] ??= []) as unknown[]).push(value);
  }
  return message;
}

/** One request as an OTLP receiver sees it. */
export interface Received {
  readonly path: string;
  readonly headers: Headers;
  /** The request, decoded. Names are those of the protocol's JSON form. */
  // deno-lint-ignore no-explicit-any -- tests look into it
  readonly body: any;
}

/** How the receiver answers a request: given its number, from 0. */
export type Responder = (requestNumber: number) => Response | Promise<Response>;

/** A real OTLP receiver on a free port of this machine. */
export class OtlpReceiver implements AsyncDisposable {
  /** What has arrived. */
  readonly received: Received[] = [];
  /** How it answers from now on. */
  respond: Responder;
  readonly #server: LoopbackServer;

  readonly #folder: string;

  private constructor(respond: Responder, server: LoopbackServer, folder: string) {
    this.respond = respond;
    this.#server = server;
    this.#folder = folder;
  }

  /**
   * Starts one.
   *
   * @param folder what paths begin with, such as `/api/7`. Default: nothing
   */
  static async start(
    respond: Responder = () => new Response(),
    folder = "",
  ): Promise<OtlpReceiver> {
    const server = await serve((request) => receiver.#take(request));
    const receiver = new OtlpReceiver(respond, server, folder);
    return receiver;
  }

  /** Where it listens: `http://127.0.0.1:…`. */
  get endpoint(): string {
    return this.#server.origin;
  }

  async #take(request: Request): Promise<Response> {
    const { headers } = request;
    const { pathname } = new URL(request.url);
    const plain = headers.get("content-encoding") === "gzip"
      ? new Response(request.body?.pipeThrough(new DecompressionStream("gzip")))
      : request;
    const bytes = new Uint8Array(await plain.arrayBuffer());
    const body = headers.get("content-type") === "application/json"
      ? JSON.parse(new TextDecoder().decode(bytes))
      : decode(bytes, REQUESTS[pathname.slice(this.#folder.length)] ?? {});
    const number = this.received.push({ path: pathname, headers, body }) - 1;
    return await this.respond(number);
  }

  /** Stops listening. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#server[Symbol.asyncDispose]());
  }
}
