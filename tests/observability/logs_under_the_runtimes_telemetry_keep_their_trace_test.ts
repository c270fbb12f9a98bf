import { assertEquals } from "@std/assert";
import { startScript } from "../support/processes.ts";

const PROGRAM = new URL("../support/programs/logs_under_runtime_telemetry.ts", import.meta.url);

interface ExportedRecord {
  readonly severityNumber: number;
  readonly body?: { readonly stringValue?: string };
  readonly traceId?: string;
}

interface ExportedLogs {
  readonly resourceLogs?: readonly {
    readonly scopeLogs?: readonly { readonly logRecords?: readonly ExportedRecord[] }[];
  }[];
}

Deno.test("under the runtime's telemetry each log line has its own event's trace and severity", async () => {
  const records: ExportedRecord[] = [];
  let traceIds: Record<string, string> = {};
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/trace-ids") {
        traceIds = await request.json();
      } else {
        const { resourceLogs = [] }: ExportedLogs = await request.json();
        const scopes = resourceLogs.flatMap(({ scopeLogs = [] }) => scopeLogs);
        records.push(...scopes.flatMap(({ logRecords = [] }) => logRecords));
      }
      return Response.json({});
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await using child = startScript(PROGRAM, [], {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      TRACE_IDS_URL: `${url}/trace-ids`,
    },
  });
  assertEquals((await child.ended).code, 0);
  const found = Object.fromEntries(records.flatMap(({ body, traceId, severityNumber }) => {
    const level = /handled at (\w+)/.exec(body?.stringValue ?? "")?.[1];
    return level === undefined ? [] : [[level, [traceId, severityNumber]]];
  }));
  assertEquals(found, {
    info: [traceIds["info"], 9],
    warn: [traceIds["warn"], 13],
    error: [traceIds["error"], 17],
  });
});
