/** Thrown by what cannot be answered now, which is no failure: the client gets a 503. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
