import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";

const ENDING = new URL("./ending.ts", import.meta.url).pathname;
const SAID = ["said 1", "said 2", "said 3"];

/** Node runs TypeScript as it is from this version on. */
const MIN_NODE = [22, 18] as const;

interface Runtime {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

function runtimes(): Runtime[] {
  const deno = { name: "Deno", program: Deno.execPath(), args: ["run", "--quiet", ENDING] };
  const program = Deno.env.get("BUSBAR_NODE") ?? "node";
  return isRecentNode(program)
    ? [deno, { name: "Node", program, args: ["--disable-warning=ExperimentalWarning", ENDING] }]
    : [deno];
}

function isRecentNode(program: string): boolean {
  try {
    const { stdout } = new Deno.Command(program, { args: ["--version"] }).outputSync();
    const [major = 0, minor = 0] = new TextDecoder().decode(stdout).slice(1).split(".").map(Number);
    return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  } catch {
    return false;
  }
}

async function end(
  { program, args }: Runtime,
  how: string[],
  signals: Deno.Signal[] = [],
): Promise<{ code: number; said: string[] }> {
  await using child = new Deno.Command(program, {
    args: [...args, ...how],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  let sent = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!sent && text.includes("ready\n")) {
      sent = true;
      for (const signal of signals) child.kill(signal);
    }
  }
  const { code } = await child.status;
  return { code, said: text.trim().split("\n").filter((line) => line !== "ready") };
}

for (const runtime of runtimes()) {
  const test = (claim: string, fn: () => Promise<void>) =>
    Deno.test(`${runtime.name}: ${claim}`, fn);

  test("a script that publishes and ends delivers everything, without hooks too", async () => {
    assertEquals(await end(runtime, ["end", "none"]), { code: 0, said: SAID });
  });

  test("with hooks, the natural end flushes as well", async () => {
    const { code, said } = await end(runtime, ["end"]);
    assertEquals(code, 0);
    assertEquals(said.slice(0, 4), [...SAID, "flushed"]);
  });

  test("exit() delivers and flushes synchronously; without hooks it delivers nothing", async () => {
    const { code, said } = await end(runtime, ["exit"]);
    assertEquals(code, 7);
    assertEquals(said.slice(0, 4), [...SAID, "flushed synchronously"]);
    assertEquals(await end(runtime, ["exit", "none"]), { code: 7, said: [""] });
  });

  for (const how of ["throw", "reject"]) {
    test(`an uncaught ${how} delivers, flushes synchronously and fails as ever`, async () => {
      const { code, said } = await end(runtime, [how]);
      assertEquals(code, 1);
      assertEquals(said.slice(0, 4), [...SAID, "flushed synchronously"]);
    });
  }

  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    test(`${signal} stops the bus, then ends the process`, async () => {
      const ended = await end(runtime, ["signal"], [signal]);
      assertEquals(ended.code, code);
      assertEquals(ended.said.slice(0, 4), [...SAID, "flushed"]);
    });
  }

  test("a signal during the natural end's flush does not cut it short", async () => {
    const ended = await end(runtime, ["late"], ["SIGTERM"]);
    assertEquals(ended, { code: 143, said: [...SAID, "flushed"] });
  });

  test("hooks that were disposed of are gone", async () => {
    const { code, said } = await end(runtime, ["twice", "none"]);
    assertEquals([code, said], [0, SAID]);
  });
}

Deno.test("bad options are refused by name, rule and value", () => {
  const bus = new EventBus();
  assertThrows(
    () => installExitHooks(bus, { signals: ["SIGKILL" as "SIGINT"] }),
    TypeError,
    'signals must be of SIGHUP, SIGINT, SIGQUIT, SIGTERM, received "SIGKILL"',
  );
  assertThrows(() => installExitHooks(bus, { timeoutMs: -1 }), RangeError, "timeoutMs");
});
