// deno-lint-ignore-file no-console -- that is what it is about
import { assertEquals } from "@std/assert";
import { withSession } from "@busbar/busbar/context";
import { startObservability } from "@busbar/busbar/observability";
import type { LogRecord } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ownConsole } from "../support/own_console.ts";

Deno.test("a service's lines have their session, and the console is as it was when it ends", async () => {
  using own = ownConsole();
  const records: LogRecord[] = [];
  const obs = await startObservability({
    captureConsole: true,
    logSink: (record) => void records.push(record),
    env: () => undefined,
    logger: new MemoryLogger(),
    server: false,
  });
  withSession({ sessionId: "s1" }, () => console.info("within"));
  await obs.flush();
  assertEquals(records.map(({ body, sessionId }) => [body, sessionId]), [["within", "s1"]]);
  assertEquals(own.isBack(), false);
  await obs.shutdown();
  assertEquals(own.isBack(), true);
  console.log("after");
  assertEquals(own.written, ["after"]);
});
