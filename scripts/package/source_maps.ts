const COMMENT = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/**
 * Moves the source map that a file carries in its last line to a file of its own, and takes the
 * folders of the machine that built it out of it.
 *
 * A map inside would make each start of a program parse it: it is more than half of the file.
 *
 * @param path the file's path in the package, such as `src/bus/ring.js`
 */
export function splitSourceMap(
  path: string,
  code: string,
): { readonly code: string; readonly map: string } | undefined {
  const found = COMMENT.exec(code);
  if (found === null) return undefined;
  const bytes = Uint8Array.from(atob(found[1]!), (character) => character.charCodeAt(0));
  const map = JSON.parse(new TextDecoder().decode(bytes));
  const file = path.slice(path.lastIndexOf("/") + 1);
  return {
    code: code.replace(COMMENT, () => `\n//# sourceMappingURL=${file}.map\n`),
    map: JSON.stringify({ ...map, file, sources: [file.replace(/\.js$/, ".ts")] }),
  };
}
