/** A text as PromQL reads it back: in double quotes, escaped as in Go. */
export function promqlString(text: string): string {
  // JSON's escapes are Go's too, but for half a surrogate pair, which Go refuses; Prometheus takes the
  // character that stands in its place for broken UTF-8 unless it is escaped.
  return JSON.stringify(text.toWellFormed()).replaceAll("\ufffd", "\\ufffd");
}

/** A text as a Go template shows it, so that nothing in it is an action. */
export function templateText(text: string): string {
  return text.replaceAll("{{", '{{ "{{" }}');
}

/** A text as Markdown shows it within a paragraph, a heading or a cell: as plain text in one line. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replace(/[\\`*[\]<>~#]/g, "\\$&")
    // Within a word it is no emphasis.
    .replace(/(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu, (run) => "\\_".repeat(run.length))
    // What looks like a link takes what follows it, too.
    .replace(/:(?=\/\/)|@|(?<=\bwww)\./gi, "\\$&")
    .replace(/&(?=#|\w+;)/g, "&amp;")
    // At the beginning of a line: headings, lists, rules.
    .replace(
      /^(?:[+=-]|(?:\d+)(?=[.)](?:\s|$)))/,
      (start) => /^\d/.test(start) ? `${start}\\` : `\\${start}`,
    );
}

/** A text as code within a line of Markdown. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const padding = /^`|`$/.test(line) || line === "" ? " " : "";
  return `${fence}${padding}${line}${padding}${fence}`;
}

/** A text as code in a table, or as plain text where no code in a table can have it. */
export function markdownCell(text: string): string {
  return text.includes("\\|") ? markdownText(text) : markdownCode(text);
}

/** A text as the description of a Grafana panel shows it: as Markdown, without variables. */
export function grafanaText(text: string): string {
  return markdownText(text).replace(/\$(?=[{\w])/g, "&#36;").replaceAll("\\[\\[", "&#91;&#91;");
}

function oneLine(text: string): string {
  return text.toWellFormed().replace(/\s+/g, " ").trim()
    // deno-lint-ignore no-control-regex -- these are what it is for
    .replace(/[\0-\x1f\x7f-\x9f]/g, "\ufffd");
}
