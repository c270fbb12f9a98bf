import { assertEquals } from "@std/assert";
import { buckets, histogram, point, scrapeBoth } from "../../support/metric_data.ts";

Deno.test("a thousand different problems are reported, the next says that it is the last", async () => {
  // Two histograms of one name and other bounds cannot be one family: each pair is a problem.
  const pairs = Array.from({ length: 1_100 }, (_, index) => [
    histogram({ name: `h.${index}` }, [point(buckets([1], [1, 1], 1))]),
    histogram({ name: `h.${index}` }, [point(buckets([2], [1, 1], 1))]),
  ]);
  const { warnings } = await scrapeBoth(pairs.flat());
  assertEquals(warnings.length, 1_001);
  assertEquals(
    warnings.map((line) => line.includes("(further ones are not reported)")).lastIndexOf(false),
    999,
  );
});
