import { deadline } from "@std/async";
import { type Ended, start } from "../../tests/support/processes.ts";
import { readFailures, type TestFailure } from "./failures.ts";

/** A run that takes longer has failed. */
const RUN_TIMEOUT_MS = 1_800_000;

/** How a run of some tests ended. */
export interface TestRun {
  readonly failures: readonly TestFailure[];
  readonly seconds: number;
}

/** Stands for the test of a failure that belongs to none. */
const WHOLE_RUN = "(the run)";

/** So many of the last lines of the output show what ended a run. */
const LAST_LINES = 30;

function failureOfRun(files: readonly string[], error: string): TestFailure {
  return { file: files.length === 1 ? files[0]! : "tests", test: WHOLE_RUN, error };
}

async function runToItsEnd(files: readonly string[], report: string): Promise<Ended> {
  await using tests = start(Deno.execPath(), [
    "test",
    "--allow-all",
    "--no-check",
    "--quiet",
    `--junit-path=${report}`,
    ...files,
  ]);
  return await deadline(tests.ended, RUN_TIMEOUT_MS);
}

/** Runs test files in a process of their own. A run that dies or hangs is a failure of its own. */
export async function runTests(files: readonly string[]): Promise<TestRun> {
  const began = performance.now();
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const failures: TestFailure[] = [];
  try {
    const { code, stdout, stderr } = await runToItsEnd(files, report);
    failures.push(...readFailures(await Deno.readTextFile(report), stdout + stderr));
    if (code !== 0 && failures.length === 0) {
      const output = (stdout + stderr).trimEnd().split("\n").slice(-LAST_LINES).join("\n");
      failures.push(failureOfRun(files, `It ended with code ${code}\n${output}`));
    }
  } catch (error) {
    failures.push(failureOfRun(files, String(error)));
  } finally {
    await Deno.remove(report);
  }
  return { failures, seconds: (performance.now() - began) / 1000 };
}
