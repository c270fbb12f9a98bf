/** Processes that keep cores busy until the end of their scope. */
export interface BusyCores extends AsyncDisposable {
  readonly processIds: readonly number[];
}

/** Starts a spinning process for each of `count` cores; resolves when all of them spin. */
export async function busyCores(count: number): Promise<BusyCores> {
  const spinners = Array.from({ length: count }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", new URL("spin.ts", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn());
  const spinning = spinners.map(async ({ stdout }) => {
    const reader = stdout.getReader();
    await reader.read();
    await reader.cancel();
  });
  await Promise.all(spinning);
  return {
    processIds: spinners.map(({ pid }) => pid),
    async [Symbol.asyncDispose]() {
      await Promise.all(spinners.map(async ({ stdin, status }) => {
        await stdin.close();
        await status;
      }));
    },
  };
}
