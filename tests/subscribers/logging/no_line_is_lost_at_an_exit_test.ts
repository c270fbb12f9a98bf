import { assertEquals, assertStringIncludes } from "@std/assert";
import { runModule, type Signal, startScript } from "../../support/processes.ts";

const LOGGING = new URL("../../support/programs/logging.ts", import.meta.url);

/** Runs the program; the numbers of the lines that it has written. */
async function end(
  args: readonly string[],
  signal?: Signal,
  permissions: readonly string[] = ["--allow-all"],
): Promise<{ code: number | null; numbers: number[] }> {
  await using child = startScript(LOGGING, args, { permissions });
  if (signal !== undefined) {
    await child.printed(/ready\n/, "stderr");
    child.kill(signal);
  }
  const { code, stdout } = await child.ended;
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, numbers: lines.map((line) => JSON.parse(line).attributes.i) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

const ENDS: [how: string, code: number, signal?: Signal][] = [
  ["end", 0],
  ["stop", 0],
  ["exit", 7],
  ["deno-exit", 7],
  ["throw", 1],
  ["throw-later", 1],
  ["reject", 1],
  ["signal", 143, "SIGTERM"],
  ["signal", 130, "SIGINT"],
];

for (const [how, code, signal] of ENDS) {
  Deno.test(`${signal ?? how}: with hooks, every event is a line, in order`, async () => {
    assertEquals(await end([how, "hooks"], signal), { code, numbers: upTo(3_000) });
  });
}

for (const [how, code] of ENDS.filter(([how]) => how !== "signal")) {
  Deno.test(`${how}: without hooks, no line is lost that was there`, async () => {
    assertEquals(await end([how, "none"]), { code, numbers: upTo(2_997) });
  });
}

Deno.test("no permission is needed for that, where the end is awaited", async () => {
  for (const how of ["end", "stop"]) {
    assertEquals(await end([how, "hooks"], undefined, []), { code: 0, numbers: upTo(3_000) });
  }
});

Deno.test("what an output does not take at the end is told, with how many lines it is", async () => {
  const { code, stderr } = await runModule(`
    import { jsonLinesSink } from "@busbar/busbar/subscribers";
    const sink = jsonLinesSink({
      writeLines: () => {
        throw new Error("disk full");
      },
    });
    const record = { timestampMs: 0, level: "info", severityNumber: 9, body: "", attributes: {} };
    for (let i = 0; i < 3; i++) sink({ ...record, eventType: "a", sessionId: "", operationId: "" });
  `);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "jsonLinesSink cannot write all lines, 3 wait: disk full");
});
