interface Runtimes {
  Deno?: {
    permissions: { querySync(descriptor: { name: "read"; path: string }): { state: string } };
    statSync(path: string): { isFile: boolean; size: number };
    readTextFileSync(path: string): string;
  };
  process?: {
    getBuiltinModule?(name: "node:fs"): {
      statSync(path: string): { isFile(): boolean; size: number };
      readFileSync(path: string, encoding: "utf8"): string;
    };
  };
}

/** More than anybody writes by hand. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a small file, without asking anybody for a permission. A pipe or a device, which might not
 * answer or never end, is not read.
 *
 * @throws {Error} if it cannot be read, is no regular file or has more than 64 KiB
 */
export function readTextFile(path: string): string {
  const { Deno: deno, process } = globalThis as Runtimes;
  if (deno !== undefined) {
    if (deno.permissions.querySync({ name: "read", path }).state !== "granted") {
      throw new Error(`it needs --allow-read=${path}`);
    }
    const { isFile, size } = deno.statSync(path);
    assertSmallFile(isFile, size);
    return deno.readTextFileSync(path);
  }
  const fs = process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("this runtime has no files");
  const stat = fs.statSync(path);
  assertSmallFile(stat.isFile(), stat.size);
  return fs.readFileSync(path, "utf8");
}

function assertSmallFile(isFile: boolean, size: number): void {
  if (!isFile) throw new Error("it is no regular file");
  if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
}
