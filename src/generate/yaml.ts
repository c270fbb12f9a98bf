import { Document, Scalar, visit } from "yaml";

/** What every reader of YAML takes as it is, and none as a break of the line. */
const PLAIN = /^[\x20-\x7e\xa0-\u024f]*$/;
/** What may stand in double quotes for itself. */
const BARE =
  /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A value as YAML that readers of its versions 1.1 and 1.2 read alike, Prometheus' among them. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { compat: "yaml-1.1" });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string") return;
      node.value = node.value.toWellFormed();
      if (!PLAIN.test(node.value as string)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // Whatever is replaced stands in double quotes.
  return document.toString({ lineWidth: 0 }).replace(
    BARE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
