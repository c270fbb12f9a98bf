import { assertEquals } from "@std/assert";
import { VERSION } from "../../src/otel/version.ts";

Deno.test("the version that is sent is that of the package", async () => {
  const url = new URL("../../deno.json", import.meta.url);
  assertEquals(JSON.parse(await Deno.readTextFile(url)).version, VERSION);
});
