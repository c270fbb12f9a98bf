interface Runtimes {
  Deno?: {
    permissions: { querySync(descriptor: { name: "env"; variable: string }): { state: string } };
    env: { get(name: string): string | undefined };
  };
  process?: { env?: Record<string, string | undefined> };
}

/**
 * Reads a variable of the environment where that is allowed, without asking anybody: in Deno
 * without `--allow-env`, and where there is no environment at all, every variable is unset. It
 * never throws.
 */
export function readVariable(name: string): string | undefined {
  const { Deno: deno, process } = globalThis as Runtimes;
  try {
    if (deno === undefined) return process?.env?.[name];
    // Reading without the permission would ask whoever sits at the terminal; a query does not.
    const { state } = deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? deno.env.get(name) : undefined;
  } catch {
    // A runtime that looks like another one: what cannot be read is not set.
    return undefined;
  }
}
