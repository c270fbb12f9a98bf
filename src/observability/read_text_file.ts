interface Runtimes {
  Deno?: {
    permissions: { querySync(descriptor: { name: "read"; path: string }): { state: string } };
    readTextFileSync(path: string): string;
  };
  process?: {
    getBuiltinModule?(name: "node:fs"): { readFileSync(path: string, encoding: "utf8"): string };
  };
}

/**
 * Reads a file, without asking anybody for a permission.
 *
 * @throws {Error} if it cannot be read
 */
export function readTextFile(path: string): string {
  const { Deno: deno, process } = globalThis as Runtimes;
  if (deno !== undefined) {
    if (deno.permissions.querySync({ name: "read", path }).state !== "granted") {
      throw new Error(`it needs --allow-read=${path}`);
    }
    return deno.readTextFileSync(path);
  }
  const fs = process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("this runtime has no files");
  return fs.readFileSync(path, "utf8");
}
