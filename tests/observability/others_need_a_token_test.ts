import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ConfigurationError,
  startObservability,
  type StartOptions,
} from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Starts with some variables, and nothing else of the environment. */
async function started(options: StartOptions, variables: Record<string, string> = {}) {
  const logger = new MemoryLogger();
  const obs = await startObservability({
    prometheus: { port: 0 },
    logger,
    env: (name) => variables[name],
    ...options,
  });
  const status = async (path: string, authorization?: string) => {
    const headers: HeadersInit = authorization === undefined ? {} : { authorization };
    const url = `http://127.0.0.1:${new URL(obs.metricsUrl as string).port}${path}`;
    const response = await fetch(url, { headers });
    await response.body?.cancel();
    return response.status;
  };
  /** What was told, but for the line at the start. */
  const told = () => logger.lines.filter((line) => !line.startsWith("busbar: metrics "));
  return { obs, status, told, [Symbol.asyncDispose]: () => obs.shutdown() };
}

const ELSEWHERE = { hostname: "0.0.0.0", port: 0 };

Deno.test("an address that others reach is refused without a token, before anything starts", async () => {
  for (const hostname of ["0.0.0.0", "::", "10.0.0.1"]) {
    const error = await assertRejects(
      () => started({ prometheus: { hostname, port: 0 } }),
      ConfigurationError,
    );
    assertEquals(
      error.message,
      `prometheus.hostname: must be a loopback address, received "${hostname}"; another one needs ` +
        "a token (token, tokenFile, BUSBAR_METRICS_TOKEN or BUSBAR_METRICS_TOKEN_FILE) or " +
        "insecure: true, since others reach it",
    );
  }
  await using insecure = await started({ prometheus: ELSEWHERE, insecure: true });
  assertEquals(await insecure.status("/metrics"), 200);
});

Deno.test("an address of the environment opens nothing to others without a token; that is told", async () => {
  const variables = { OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" };
  await using server = await started({}, variables);
  assertEquals(server.obs.config.prometheus.hostname, "127.0.0.1");
  assertEquals(await server.status("/metrics"), 200);
  assertEquals(server.told(), [
    "busbar: OTEL_EXPORTER_PROMETHEUS_HOST: has no effect, 127.0.0.1 is used: 0.0.0.0 needs a " +
    "token (token, tokenFile, BUSBAR_METRICS_TOKEN or BUSBAR_METRICS_TOKEN_FILE) or insecure: " +
    "true, since others reach it",
  ]);
  await using open = await started({}, { ...variables, BUSBAR_METRICS_TOKEN: "s3cret" });
  assertEquals(open.obs.config.prometheus.hostname, "0.0.0.0");
  assertEquals(await open.status("/metrics"), 401);
  assertEquals(await open.status("/metrics", "Bearer s3cret"), 200);
  assertEquals(open.told(), []);
});

Deno.test("a token comes from an option, a file or the environment, in this order", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/token`;
  await writeFile(file, "from a file\n");
  const variables = {
    BUSBAR_METRICS_TOKEN: "from a variable",
    BUSBAR_METRICS_TOKEN_FILE: file,
  };
  for (
    const [options, env, token] of [
      [{ token: "an option" }, variables, "an option"],
      [{ tokenFile: file }, variables, "from a file"],
      [{}, variables, "from a variable"],
      [{}, { BUSBAR_METRICS_TOKEN: " ", BUSBAR_METRICS_TOKEN_FILE: file }, "from a file"],
    ] as const
  ) {
    await using server = await started({ prometheus: ELSEWHERE, ...options }, env);
    assertEquals(await server.status("/metrics", `Bearer ${token}`), 200, token);
    assertEquals(await server.status("/metrics", "Bearer another"), 401, token);
    assertEquals(await server.status("/healthz"), 200);
    // In the program's own server, too.
    const { status } = await server.obs.handler(new Request("http://shop.example/metrics"));
    assertEquals(status, 401);
    assert(!JSON.stringify(server.obs.config).includes(token), "it is shown");
  }
});

Deno.test("a token that no request can send is told, and is not shown", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/token`;
  await writeFile(file, "first\nsecond\n");
  for (
    const [variables, told] of [
      [{ BUSBAR_METRICS_TOKEN: "first\nsecond" }, "BUSBAR_METRICS_TOKEN: it holds what no header"],
      [{ BUSBAR_METRICS_TOKEN: "\u2026first" }, "BUSBAR_METRICS_TOKEN: it holds what no header"],
      [
        { BUSBAR_METRICS_TOKEN_FILE: file },
        "BUSBAR_METRICS_TOKEN_FILE: cannot be read, so that nobody has the token: it holds what no",
      ],
    ] as const
  ) {
    await using server = await started({}, variables);
    assertEquals(await server.status("/metrics", "Bearer first"), 401);
    const [line = "", ...others] = server.told();
    assert(line.startsWith(`busbar: ${told}`), line);
    assert(!line.includes("first"), line);
    assertEquals(others, []);
  }
  await assertRejects(() => started({ tokenFile: file }), ConfigurationError, "it holds what no");
});

Deno.test("a token's variable that comes after another source is told", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/token`;
  await writeFile(file, "s3cret");
  const variables = { BUSBAR_METRICS_TOKEN: "s3cret", BUSBAR_METRICS_TOKEN_FILE: file };
  for (
    const [options, env, told] of [
      [{}, { BUSBAR_METRICS_TOKEN: "s3cret" }, []],
      [{}, { BUSBAR_METRICS_TOKEN: " ", BUSBAR_METRICS_TOKEN_FILE: file }, []],
      [{}, variables, [
        "BUSBAR_METRICS_TOKEN_FILE: has no effect: BUSBAR_METRICS_TOKEN comes first",
      ]],
      [{ token: "a" }, variables, [
        "BUSBAR_METRICS_TOKEN: has no effect: token comes first",
        "BUSBAR_METRICS_TOKEN_FILE: has no effect: token comes first",
      ]],
      [{ tokenFile: file }, { BUSBAR_METRICS_TOKEN_FILE: file }, [
        "BUSBAR_METRICS_TOKEN_FILE: has no effect: tokenFile comes first",
      ]],
    ] as const
  ) {
    await using server = await started(options, env);
    assertEquals(server.told(), told.map((line) => `busbar: ${line}`));
  }
  await using disabled = await started({ enabled: false, token: "a" }, variables);
  assertEquals(disabled.told(), [
    "busbar: observability is disabled: nothing is measured, traced or logged",
  ]);
});

Deno.test("a token that cannot be read is nobody's, or stops the program that named it", async () => {
  await using folder = await temporaryFolder();
  const empty = `${folder.path}/empty`;
  await writeFile(empty, "\n");
  const long = `${folder.path}/long`;
  await writeFile(long, "x".repeat(65_537));
  // A device never ends, a pipe may hang: neither is read.
  for (const file of [empty, `${folder.path}/absent`, folder.path, long, "/dev/zero"]) {
    await using server = await started({ insecure: true }, { BUSBAR_METRICS_TOKEN_FILE: file });
    assertEquals(await server.status("/metrics"), 401);
    assertEquals(await server.status("/healthz"), 200);
    assertEquals(server.told().length, 1);
    assert(
      server.told()[0]?.startsWith(
        "busbar: BUSBAR_METRICS_TOKEN_FILE: cannot be read, so that nobody has the token: ",
      ),
    );
    await assertRejects(
      () => started({ tokenFile: file }),
      ConfigurationError,
      "tokenFile: cannot be read: ",
    );
  }
  await assertRejects(
    () => started({ token: "a", tokenFile: empty }),
    ConfigurationError,
    "tokenFile: must be absent where there is a token",
  );
  await assertRejects(() => started({ token: "" }), TypeError, "token must be a text that is not");
  await assertRejects(
    () => started({ insecure: "yes" as never }),
    TypeError,
    `insecure must be true or false, received "yes"`,
  );
});
