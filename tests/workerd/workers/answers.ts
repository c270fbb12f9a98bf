/** What a worker does for a request, by the path that asks for it. */
// deno-lint-ignore no-explicit-any -- who asks knows what to send
export type Answers = Readonly<Record<string, (value: any) => unknown>>;

/**
 * Makes a worker of it: a request's body is the value, and what comes of it is answered. Where
 * nothing is awaited the request has ended at once, and so has all that it began.
 */
export function worker(answers: Answers): { fetch(request: Request): Promise<Response> } {
  return {
    async fetch(request) {
      const value: unknown = await request.json();
      const answer = answers[new URL(request.url).pathname.slice(1)];
      if (answer === undefined) return new Response(null, { status: 404 });
      return Response.json(await answer(value) ?? null);
    },
  };
}
