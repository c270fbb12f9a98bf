import { assert, assertMatch } from "@std/assert";
import { delay } from "@std/async";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";

Deno.test("a name that another thread has as well is told in both", async () => {
  const loggers = [new MemoryLogger(), new MemoryLogger()];
  const start = (logger: MemoryLogger) =>
    startObservability({
      serviceName: "threads-test-names",
      threads: { name: "worker" },
      server: false,
      env: () => undefined,
      logger,
    });
  await using _a = await start(loggers[0]!);
  await using _b = await start(loggers[1]!);
  const isTold = ({ lines }: MemoryLogger) =>
    lines.some((text) =>
      text.includes('threads.name: must be no other thread\'s, received "worker"')
    );
  for (let looks = 0; !loggers.every(isTold); looks++) {
    assert(looks < 300, "it is not told");
    await delay(50);
  }
});

Deno.test("a metrics worker of another service is told", async () => {
  const program = new URL("../support/programs/worker_of_another_service.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", program.href],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let told = "";
  const expected = /metricsWorker: the module's serviceName must be .*received "depot"/;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (expected.test(told)) child.kill("SIGKILL");
  }
  await child.status;
  assertMatch(told, expected);
});
