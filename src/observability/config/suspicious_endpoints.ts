import type { EnvReading } from "./env.ts";
import { SIGNALS } from "./settings.ts";

/** Where receivers of OTLP over gRPC listen. */
const GRPC_PORT = "4317";

/** The endpoints of the environment that are obeyed, and probably not what was meant. */
export function suspiciousEndpoints({ values }: EnvReading): [name: string, hint: string][] {
  const hints: [string, string][] = [];
  for (const path of ["otlp.endpoint", ...SIGNALS.map((signal) => `otlp.${signal}.endpoint`)]) {
    const said = values.get(path);
    if (said === undefined) continue;
    const { port, pathname } = new URL(said.value as string);
    const [ending] = /\/v1\/(traces|metrics|logs)\/?$/.exec(pathname) ?? [];
    if (path === "otlp.endpoint" && ending !== undefined) {
      hints.push([
        said.name,
        `ends in ${ending}, though it is the base URL to which /v1/traces, /v1/metrics and /v1/logs ` +
        "are appended",
      ]);
    } else if (port === GRPC_PORT) {
      hints.push([
        said.name,
        "has the port of OTLP over gRPC, and the push is OTLP over HTTP, whose port is 4318",
      ]);
    }
  }
  return hints;
}
