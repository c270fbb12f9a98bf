import { assert, assertEquals } from "@std/assert";
import { ByteOutput } from "../../../src/subscribers/logging/line_output.ts";
import fc from "../../support/properties.ts";

/** What a file does with what it is given: it takes so many bytes, it is full, or it fails. */
type Answer = number | "EAGAIN" | "WouldBlock" | "EIO";

function answering(answers: readonly Answer[]) {
  const written: number[] = [];
  let next = 0;
  const output = new ByteOutput((bytes, start) => {
    const answer = answers[next++] ?? Infinity;
    if (answer === "WouldBlock") throw Object.assign(new Error(answer), { name: answer });
    if (typeof answer === "string") throw Object.assign(new Error(answer), { code: answer });
    const taken = bytes.subarray(start, start + answer);
    written.push(...taken);
    return taken.length;
  });
  return { output, text: () => new TextDecoder().decode(new Uint8Array(written)) };
}

Deno.test("whatever a file takes of the lines, all of them are written, once and in order", () => {
  const answer = fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom<Answer>("EAGAIN", "WouldBlock", "EIO"),
  );
  fc.assert(fc.property(
    fc.array(answer),
    fc.array(fc.string({ unit: "grapheme", minLength: 1 })),
    (answers, texts) => {
      const { output, text } = answering(answers);
      for (const lines of texts) {
        let isHeld = false;
        for (;;) {
          try {
            if (output.write(isHeld ? "" : lines)) break;
            isHeld = true;
          } catch (error) {
            assertEquals((error as Error).message, "EIO");
          }
        }
      }
      // What steers a terminal is written as JSON does.
      assert(
        text() ===
          texts.join("").replace(
            /[\x7f-\x9f\u2028\u2029]/g,
            (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
          ),
      );
    },
  ));
});

Deno.test("lines that fit into a piece are given whole, as many as fit; longer ones in pieces", () => {
  const pieces: string[] = [];
  const output = new ByteOutput((bytes, start, end) => {
    pieces.push(new TextDecoder().decode(bytes.subarray(start, end)));
    return end - start;
  }, { maxPieceBytes: 8 });
  assertEquals(output.write("abc\ndef\nghij\nthis is long\nk\nl\n"), true);
  assertEquals(pieces, ["abc\ndef\n", "ghij\n", "this is ", "long\nk\n", "l\n"]);
});
