import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { catalog, counter } = declare();
const named = (name: string) => () => catalog({ metrics: { [name]: counter("a") } });

Deno.test("a metric's name has 1 to 255 characters, as OpenTelemetry's rule says", () => {
  for (const name of ["a", "Z9_.-/", "a".repeat(255)]) {
    assertEquals(Object.keys(named(name)().metrics ?? {}), [name]);
  }
  for (const name of ["", "9a", "_a", "a b", "ä", "a\n", "a".repeat(256)]) {
    assertThrows(named(name), TypeError, "Cannot declare a metric: its name must be a letter");
  }
});
