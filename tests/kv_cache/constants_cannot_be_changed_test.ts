import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_KV_CACHE_OPTIONS, EventType } from "@busbar/busbar/kv-cache";

for (const [name, constants] of Object.entries({ DEFAULT_KV_CACHE_OPTIONS, EventType })) {
  Deno.test(`nobody changes ${name} for all others`, () => {
    const before = { ...constants };
    for (const key of [...Object.keys(before), "other"]) {
      assertThrows(() => Object.assign(constants, { [key]: 1 }), TypeError);
    }
    assertEquals({ ...constants }, before);
  });
}
