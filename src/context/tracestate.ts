const MAX_MEMBERS = 32;
/** What is longer goes first where the whole is too long. */
const LONG_MEMBER = 128;
/** What everyone must hand on. */
const MAX_LENGTH = 512;
/** Beyond this nothing is read: no caller needs as much, and a header may have a megabyte. */
const MAX_READ_LENGTH = 8_192;
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Reads a W3C `tracestate`: all of it is left out if a member is malformed or there are more than 32,
 * as the W3C says. If it is longer than 512 characters, members go, long ones first, then from the end.
 */
export function readTracestate(header: string): string | undefined {
  if (header.length > MAX_READ_LENGTH) return undefined;
  let members = header.split(",").map((member) => member.trim()).filter((member) => member !== "");
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined;
  if (!members.every((member) => MEMBER.test(member))) return undefined;
  if (lengthOf(members) > MAX_LENGTH) {
    members = members.filter(({ length }) => length <= LONG_MEMBER);
    while (lengthOf(members) > MAX_LENGTH) members.pop();
  }
  return members.length === 0 ? undefined : members.join(",");
}

function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, { length }) => sum + length + 1, -1);
}
