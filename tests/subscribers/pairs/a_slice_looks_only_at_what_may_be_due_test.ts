import { assertEquals } from "@std/assert";
import { Expiry } from "../../../src/subscribers/pairs/expiry.ts";
import { DEFAULT_OPEN_PAIRS_LIMITS } from "../../../src/subscribers/pairs/limits.ts";
import { OpenPairs } from "../../../src/subscribers/pairs/open_pairs.ts";
import { PairsGroup } from "../../../src/subscribers/pairs/pairs_group.ts";

/** Many sets of pairs whose readings are counted, and a clock. */
function manyPairs(maxPairAgeMs: number) {
  let [nowMs, looks] = [1_000, 0];
  const given: string[] = [];
  class Counted extends OpenPairs<string> {
    override expire(now: number): void {
      looks++;
      super.expire(now);
    }
  }
  const group = new PairsGroup();
  const options = {
    ...DEFAULT_OPEN_PAIRS_LIMITS,
    maxPairAgeMs,
    onExpire: (start: string) => given.push(start),
  };
  const all = Array.from({ length: 500 }, () => new Counted(options, group));
  const expiry = new Expiry(group, all, () => {});
  expiry.now = () => nowMs;
  return {
    all,
    expiry,
    given,
    pass: (ms: number) => void (nowMs += ms),
    [Symbol.dispose]: () => expiry.stop(),
    looks: () => {
      const counted = looks;
      looks = 0;
      return counted;
    },
  };
}

Deno.test("A slice that opens something looks at nothing else until something may be due", () => {
  using pairs = manyPairs(10_000);
  const [first, second] = pairs.all as [OpenPairs<string>, OpenPairs<string>];
  first.open("a", "", "the first");
  pairs.expiry.endSlice();
  pairs.looks();
  for (let slice = 0; slice < 100; slice++) {
    pairs.pass(100);
    second.open("b", "", `${slice}`);
    second.close("b", "");
    second.open("b", "", `${slice}`);
    pairs.expiry.endSlice();
    second.close("b", "");
  }
  assertEquals([pairs.looks(), pairs.given], [0, []]);

  // One that was opened elsewhere long ago is found all the same.
  pairs.pass(1);
  second.open("c", "", "the last");
  pairs.expiry.endSlice();
  assertEquals([pairs.looks(), pairs.given], [500, ["the first"]]);
  pairs.pass(10_000);
  second.open("d", "", "later");
  pairs.expiry.endSlice();
  assertEquals(pairs.given, ["the first"]);
  pairs.pass(1);
  second.open("e", "", "last of all");
  pairs.expiry.endSlice();
  assertEquals(pairs.given, ["the first", "the last"]);
});

Deno.test("Nothing is looked at while nothing is open", () => {
  using pairs = manyPairs(10_000);
  pairs.expiry.endSlice();
  assertEquals([pairs.expiry.expire(), pairs.looks()], [undefined, 0]);
  pairs.all[0]?.open("a", "", "one");
  assertEquals([pairs.expiry.expire(), pairs.looks()], [1_000, 500]);
  pairs.all[0]?.close("a", "");
  pairs.pass(1);
  assertEquals([pairs.expiry.expire(), pairs.looks()], [undefined, 0]);
});
