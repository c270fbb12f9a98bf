/** Takes OTLP over HTTP in protobuf, and counts the spans. */
export class Collector {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #spans = 0;

  /** Listens on a free port. */
  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (request) => {
        const body = new Uint8Array(await request.arrayBuffer());
        if (new URL(request.url).pathname === "/v1/traces") {
          this.#spans += countSpans(body);
        }
        return new Response(null, {
          headers: { "content-type": "application/x-protobuf" },
        });
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** How many spans have come since the last time. */
  take(): number {
    const spans = this.#spans;
    this.#spans = 0;
    return spans;
  }

  close(): Promise<void> {
    return this.#server.shutdown();
  }
}

/**
 * Field 1 of the request holds field 2 of each resource, which holds field 2 of each scope: the spans.
 * https://github.com/open-telemetry/opentelemetry-proto, trace/v1/trace.proto
 */
function countSpans(request: Uint8Array): number {
  let spans = 0;
  for (const resource of messages(request, 1)) {
    for (const scope of messages(resource, 2)) {
      spans += messages(scope, 2).length;
    }
  }
  return spans;
}

/** The messages in a field of a message; https://protobuf.dev/programming-guides/encoding. */
function messages(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 2) {
      const length = varint();
      if (tag >>> 3 === wanted) found.push(message.subarray(at, at + length));
      at += length;
    } else at += wireType === 1 ? 8 : 4;
  }
  return found;
}
