import { FailureTable } from "./failure_table.ts";
import { runTests, type TestRun } from "./test_run.ts";

/** How often the tests run, and who hears of it. */
export interface RunAgainOptions {
  readonly times: number;
  /** Whether every file runs by itself. */
  readonly each: boolean;
  /** Receives a line after every run or, with `each`, after the last run of every file. */
  readonly say: (line: string) => void;
}

async function* runs(files: readonly string[], times: number): AsyncGenerator<TestRun> {
  for (let run = 0; run < times; run++) yield await runTests(files);
}

/** Runs test files again and again, whatever fails, and returns which tests did. */
export async function runAgain(
  files: readonly string[],
  { times, each, say }: RunAgainOptions,
): Promise<FailureTable> {
  const table = new FailureTable();
  for (const together of each ? files.map((file) => [file]) : [files]) {
    let [run, failedRuns, totalSeconds] = [0, 0, 0];
    for await (const { failures, seconds } of runs(together, times)) {
      table.add(failures, ++run, times);
      if (failures.length > 0) failedRuns++;
      totalSeconds += seconds;
      if (each) continue;
      const outcome = failures.length === 0 ? "ok" : `${failures.length} failed`;
      say(`${run}/${times} ${outcome} (${seconds.toFixed(1)} s)`);
    }
    if (!each) continue;
    const outcome = failedRuns === 0 ? "ok" : `failed ${failedRuns} of ${times} times`;
    say(`${together[0]} ${outcome} (${(totalSeconds / times).toFixed(2)} s each)`);
  }
  return table;
}
