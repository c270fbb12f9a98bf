import { assertEquals } from "@std/assert";
import process from "node:process";
import { freePort } from "../support/loopback.ts";
import { start } from "../support/processes.ts";

const THREADS = 4;

Deno.test("under deno serve --parallel every thread delivers what it has before the process ends", async () => {
  const program = new URL("../support/programs/served_by_deno.ts", import.meta.url).pathname;
  const args = ["serve", "--quiet", "--no-check", "--allow-all", "--parallel"];
  const address = ["--host=127.0.0.1", `--port=${await freePort()}`];
  await using service = start(process.execPath, [...args, ...address, program], {
    env: { DENO_JOBS: String(THREADS) },
  });
  await service.printed(new RegExp(`(there[^]*){${THREADS}}`));
  service.kill("SIGTERM");
  const { code, stdout, stderr } = await service.ended;
  assertEquals(stdout.match(/delivered/g)?.length, THREADS, `${stdout}${stderr}`);
  assertEquals(code, 0);
});
